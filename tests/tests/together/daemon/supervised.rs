//! Several servers in one cgroup, below a real supervisord: each is told by its command line and scaled on its own CPU.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::process::{Child, Command};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use autoscaler_tests::daemon::RUNGS;
use autoscaler_tests::http::Address;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::{Daemon, Home, Load, ScratchCgroup, Venv, require_root_bpf, until};
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_mins(2);

/// supervisord with a gunicorn for each name, of one worker each. Dropping it ends them.
struct Supervisor {
    main: Child,
    directory: TempDir,
}

impl Supervisor {
    fn start(cgroup: &ScratchCgroup, names: &[&str]) -> Result<Self> {
        let venv = Venv::with("supervisor", &["supervisor", "gunicorn", "setuptools<81"])?;
        let directory = tempfile::tempdir()?;
        let here = directory.path().display();
        let mut text =
            format!("[supervisord]\nnodaemon=true\nlogfile={here}/log\npidfile={here}/pid\nuser=root\n");
        let apps = concat!(env!("CARGO_MANIFEST_DIR"), "/apps");
        for name in names {
            let gunicorn = venv.bin("gunicorn");
            let command = format!(
                "{} --chdir {apps} --workers 1 --bind unix:{here}/{name} wsgi:app",
                gunicorn.display()
            );
            let environment = format!("XDG_RUNTIME_DIR=\"{here}/{name}.run\",PYTHONDONTWRITEBYTECODE=\"1\"");
            writeln!(
                text,
                "[program:{name}]\ncommand={command}\nenvironment={environment}"
            )?;
            fs::create_dir(directory.path().join(format!("{name}.run")))?;
        }
        let config = directory.path().join("supervisord.conf");
        fs::write(&config, text)?;
        // The shell enters the cgroup before anything else runs.
        let main = Command::new("/bin/sh")
            .args(["-c", r#"echo $$ > "$CGROUP_PROCS" && exec "$@""#, "sh"])
            .arg(venv.bin("supervisord"))
            .arg("--configuration")
            .arg(&config)
            .env("CGROUP_PROCS", cgroup.path().join("cgroup.procs"))
            .stdout(File::create(directory.path().join("output"))?)
            .spawn()?;
        let supervisor = Self { main, directory };
        for name in names {
            let answers = || supervisor.address(name).get("/", LIMIT).ok();
            until(name, LIMIT, answers).with_context(|| supervisor.log())?;
        }
        Ok(supervisor)
    }

    fn address(&self, name: &str) -> Address {
        Address::Unix(self.directory.path().join(name))
    }

    /// What in its command line tells a server.
    fn told_by(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        let _ = self.main.kill();
        let _ = self.main.wait();
    }
}

#[test]
fn each_server_below_a_supervisor_is_scaled_on_its_own_load() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("supervised")?;
    let supervisor = Supervisor::start(&cgroup, &["shop", "blog", "wiki"])?;
    let project = |name: &str, told_by: &str| {
        format!(
            r#""{name}": {{ "enabled": true, "cgroup": "/{}", "process": {{ "command": "gunicorn*{told_by} " }}, {RUNGS} }}"#,
            cgroup.relative().display(),
        )
    };
    let text = |projects: &[String]| {
        format!(
            r#"{{ "global": {{ "check_interval_seconds": 1, "language": "en", "scale_up_on_saturated_host": true,
                              "min_available_mb_per_worker": 1, "scale_down_min_available_mb": 1 }},
                 "projects": {{ {} }} }}"#,
            projects.join(", ")
        )
    };
    let [shop, blog] = ["shop", "blog"].map(|name| project(name, &supervisor.told_by(name)));
    let home = Home::new(&text(&[shop.clone(), blog]))?;
    let daemon = Daemon::start(home.command())?;
    let load = Load::start(&supervisor.address("shop"), 6, "/burn/0.01/sleep/0.03");
    daemon.wait_line("shop.service scaled to 3 workers", LIMIT)?;
    let seen = load.stop();
    ensure!(seen.answered > 0 && seen.failed.is_empty(), "{seen:?}");
    daemon.wait_line("shop.service scaled to 1 worker", LIMIT)?;
    let printed = daemon.printed().join("\n");
    ensure!(!printed.contains("blog.service scaled"), "{printed}");

    // A server that is not there, and a word that tells no single one.
    home.configure(&text(&[
        shop,
        project("none", "nowhere"),
        project("any", "--chdir"),
    ]))?;
    daemon.wait_line(
        "none.service: blocked: no process there has the command line",
        LIMIT,
    )?;
    daemon.wait_line(
        "any.service: blocked: several processes could be the master",
        LIMIT,
    )?;
    daemon.end()
}
