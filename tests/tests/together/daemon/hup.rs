//! A reload while every worker is in the middle of a long request: for seconds the old workers serve beside the new.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};
use autoscaler_tests::daemon::config;
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::{GUNICORNS, NEWEST};
use autoscaler_tests::{Daemon, Home, Load, ScratchCgroup, Server, Venv, require_root_bpf, until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const LIMIT: Duration = Duration::from_mins(1);

const POLL: Duration = Duration::from_millis(10);

/// Seconds, a sixth of them on a CPU, evenly: so each check sees a load, whatever the requests' phases.
fn long_request() -> String {
    "/burn/0.02/sleep/0.1".repeat(12)
}

/// The count that a project holds, and what its reload must not do to it.
struct Reload<'a> {
    gunicorn: &'a str,
    rungs: &'a str,
    /// `--workers`: what the reload leaves.
    configured: u32,
    /// `min_workers`.
    least: usize,
    /// The count that the load leads to.
    held: u32,
}

impl Reload<'_> {
    fn run(&self) -> Result<()> {
        let venv = Venv::gunicorn(self.gunicorn)?;
        let cgroup = ScratchCgroup::new("hup")?;
        // On a busy machine a request may take longer than gunicorn allows it unless told otherwise.
        let options = Options::workers(self.configured).args(&["--timeout", "300"]);
        let server = Server::gunicorn(&venv, &cgroup, &options)?;
        let home = Home::new(&config(&cgroup.relative(), 1.0, self.rungs))?;
        let mut command = home.command();
        command.arg("--verbose");
        let daemon = Daemon::start(command)?;
        let load = Load::start(server.address(), usize::try_from(self.held)?, &long_request());
        let scaled = format!("scaled to {} workers", self.held);
        daemon.wait_line(&scaled, LIMIT)?;

        let old = server.workers();
        kill(Pid::from_raw(i32::try_from(server.master_pid())?), Signal::SIGHUP)?;
        until("old and new workers side by side", LIMIT, || {
            let now = server.workers();
            let living = old.iter().filter(|pid| now.contains(pid)).count();
            (living > 0 && now.len() > living).then_some(())
        })?;
        let restored = AtomicBool::new(false);
        let fewest = thread::scope(|scope| -> Result<usize> {
            let watch = scope.spawn(|| {
                let mut fewest = usize::MAX;
                while !restored.load(Ordering::Relaxed) {
                    fewest = fewest.min(server.workers().len());
                    thread::sleep(POLL);
                }
                fewest
            });
            let left = format!("left it with {} worker", self.configured);
            let told = daemon
                .wait_line(&left, LIMIT)
                .and_then(|_| daemon.wait_lines(&scaled, 2, LIMIT));
            restored.store(true, Ordering::Relaxed);
            let fewest = watch.join().expect("the watch panicked");
            told.map(|_| fewest)
        })?;
        ensure!(fewest >= self.least, "{fewest} workers:\n{}", server.log());
        let taken = server.log().matches("Handling signal: ttou").count();
        ensure!(
            taken == 0,
            "the reload's old workers go by themselves:\n{}",
            server.log()
        );
        let totals = load.stop();
        ensure!(totals.answered > 0 && totals.failed.is_empty(), "{totals:?}");
        daemon.end()
    }
}

#[test]
fn over_the_maximum_no_worker_of_the_new_ones_is_taken_and_the_count_comes_back() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    for gunicorn in GUNICORNS {
        Reload {
            gunicorn,
            rungs: r#""min_workers": 2, "max_workers": 4,
                "cpu_thresholds": { "scale_up_3": 1.5, "scale_up_4": 2, "scale_down_2": 0.5 },
                "cpu_duration_minutes": { "scale_up": 0.03, "scale_down": 60 }"#,
            configured: 2,
            least: 2,
            held: 4,
        }
        .run()?;
    }
    Ok(())
}

#[test]
fn within_the_bounds_the_reload_is_seen_and_made_good() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    Reload {
        gunicorn: NEWEST,
        rungs: r#""min_workers": 1, "max_workers": 6,
            "cpu_thresholds": { "scale_up_2": 1.5, "scale_up_3": 2, "scale_down_1": 0.5 },
            "cpu_duration_minutes": { "scale_up": 0.03, "scale_down": 60 }"#,
        configured: 1,
        least: 1,
        held: 3,
    }
    .run()
}
