//! A promise about waiting, kept for a real server: workers within seconds, and what stands against more in its own word.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::NEWEST;
use autoscaler_tests::{Daemon, Home, Load, ScratchCgroup, Server, Venv, require_root_bpf, until};

const LIMIT: Duration = Duration::from_mins(4);

/// So many workers at most, and a check each so many seconds.
fn config(cgroup: &Path, most: u32, interval: u32) -> String {
    format!(
        r#"{{ "global": {{ "check_interval_seconds": {interval}, "language": "en", "min_available_mb_per_worker": 16,
                          "scale_down_min_available_mb": 16 }},
             "projects": {{ "site": {{ "enabled": true, "cgroup": "/{}", "min_workers": 1, "max_workers": {most},
                                       "policy": "target" }} }} }}"#,
        cgroup.display()
    )
}

#[test]
fn workers_come_between_two_checks_while_requests_wait_and_go_in_the_calm() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("promise-kept")?;
    let server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &Options::workers(1))?;
    // As rare as people have them: what happens between two checks is the promise's own.
    let home = Home::new(&config(&cgroup.relative(), 8, 60))?;
    let daemon = Daemon::start(home.command())?;
    // As for a database: more than all workers' worth.
    let load = Load::start(server.address(), 12, "/sleep/0.2");
    daemon.wait_line("scaled to ", LIMIT)?;
    // The calm has to last the longer, the fewer there are: 240 s for the second worker alone, 80 for four.
    let grown = until("four workers", LIMIT, || {
        (server.workers().len() >= 4).then_some(())
    });
    grown.with_context(|| daemon.printed().join("\n"))?;
    let seen = load.stop();
    ensure!(seen.failed.is_empty(), "{seen:?}");
    daemon.wait_line("-> scale_down to ", LIMIT)?;
    daemon.end()
}

#[test]
fn a_database_that_answers_no_faster_ends_in_its_own_word() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("promise-slow")?;
    let server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &Options::workers(2))?;
    let home = Home::new(&config(&cgroup.relative(), 2, 6))?;
    // However many ask, it answers one after the other. What it does for two is seen first.
    let load = Load::start(server.address(), 12, "/queue/0.1");
    let daemon = Daemon::start(home.command())?;
    daemon.wait_line("the load asks for more than the maximum of 2", LIMIT)?;
    home.configure(&config(&cgroup.relative(), 10, 6))?;
    daemon.wait_line("more workers brought slower answers, not more of them", LIMIT)?;
    let seen = load.stop();
    ensure!(seen.failed.is_empty(), "{seen:?}");
    daemon.end()
}

/// Each thread of a worker waits for the lock that Python gives to one of them at a time: all slots are busy, and after the first
/// workers no other brings an answer more.
#[test]
fn threads_that_wait_for_pythons_lock_do_not_end_in_the_maximum() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let most = 12;
    let cgroup = ScratchCgroup::new("promise-lock")?;
    let threads = Options::workers(1).args(&["--worker-class", "gthread", "--threads", "4"]);
    let server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &threads)?;
    let home = Home::new(&config(&cgroup.relative(), most, 6))?;
    let daemon = Daemon::start(home.command())?;
    // So many at a time, whatever comes back: for six workers, of whose threads each would have a CPU.
    let load = Load::start(server.address(), 24, "/burn/0.1");
    let words = [
        "more workers brought slower answers, not more of them",
        "the host has no CPU left",
    ];
    let told = |line: &String| words.iter().any(|word| line.contains(word));
    let found = until("the right word", LIMIT, || {
        daemon.printed().iter().any(told).then_some(())
    });
    found.with_context(|| daemon.printed().join("\n"))?;
    let workers = server.workers().len();
    ensure!(workers < most as usize, "{workers}");
    let seen = load.stop();
    ensure!(seen.failed.is_empty(), "{seen:?}");
    daemon.end()
}

/// The first worker serves; each that comes after it ends as it begins, and the server starts another in its place.
#[test]
fn workers_that_end_as_they_begin_are_not_tried_without_end() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("promise-crash")?;
    let settings = tempfile::tempdir()?;
    let hook = settings.path().join("gunicorn.conf.py");
    let ends = "import os\n\n\ndef post_worker_init(worker):\n    if worker.age > 1:\n        os._exit(1)\n";
    fs::write(&hook, ends)?;
    let hook = hook.to_str().context("its name")?;
    let options = Options::workers(1).args(&["--config", hook]);
    let server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &options)?;
    let first = server.workers();
    let home = Home::new(&config(&cgroup.relative(), 8, 6))?;
    let mut verbose = home.command();
    verbose.arg("--verbose");
    let daemon = Daemon::start(verbose)?;
    let load = Load::start(server.address(), 8, "/sleep/0.1");
    daemon.wait_line("the last new worker did not come to serve", LIMIT)?;
    let printed = |part: &str| daemon.printed().iter().filter(|line| line.contains(part)).count();
    let steps = printed("-> scale_up to ");
    // Requests wait all the time: three checks, and looks of a second between them, that could take a step.
    daemon.wait_lines("[DEBUG]", printed("[DEBUG]") + 3, LIMIT)?;
    let seen = load.stop();
    ensure!(seen.failed.is_empty(), "{seen:?}");
    let all = daemon.printed().join("\n");
    ensure!(printed("-> scale_up to ") == steps, "{all}");
    ensure!(
        server.workers().contains(&first[0]),
        "the one that serves is gone:\n{all}"
    );
    daemon.end()
}

#[test]
fn a_single_check_says_what_the_promise_asks_for() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("promise-once")?;
    let _server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &Options::workers(1))?;
    let home = Home::new(&config(&cgroup.relative(), 8, 30))?;
    let said = String::from_utf8(home.output(&["--once", "--dry-run"])?.stdout)?;
    ensure!(said.contains("the promise is kept with 1 worker"), "{said}");
    Ok(())
}
