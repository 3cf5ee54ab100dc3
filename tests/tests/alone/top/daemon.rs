//! What a running daemon says, beside the figures.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use autoscaler_tests::daemon::{config, program};
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::{Daemon, Home, ScratchCgroup, Server, Terminal, Venv, require_root, until};
use nix::sys::signal::Signal;
use serde_json::Value;

use super::host::SOON;

/// An idle service is below `scale_down_1` all the time, and never for long enough.
const RUNGS: &str = r#""min_workers": 1, "max_workers": 4,
    "cpu_thresholds": { "scale_up_2": 70, "scale_up_3": 80, "scale_up_4": 90, "scale_down_1": 40 },
    "cpu_duration_minutes": { "scale_up": 3, "scale_down": 300 }"#;

/// Two workers of a real gunicorn and a daemon that looks at them twice a second.
struct Scene {
    home: Home,
    daemon: Daemon,
    _server: Server,
    cgroup: ScratchCgroup,
}

fn scene(label: &str) -> Result<Scene> {
    let cgroup = ScratchCgroup::new(label)?;
    let server = Server::gunicorn(&Venv::gunicorn("23.0.0")?, &cgroup, &Options::workers(2))?;
    let home = Home::new(&config(&cgroup.relative(), 0.5, RUNGS))?;
    Ok(Scene {
        daemon: started(&home)?,
        home,
        _server: server,
        cgroup,
    })
}

fn started(home: &Home) -> Result<Daemon> {
    let daemon = Daemon::start(home.command())?;
    daemon.wait_line("🚀 autoscaler", SOON)?;
    Ok(daemon)
}

impl Scene {
    /// `autoscaler top` on the project's cgroup, in a terminal.
    fn terminal(&self, (columns, lines): (u16, u16), more: &str) -> Result<Terminal> {
        let command = format!(
            "exec {} top --cgroup {} --runtime-dir {} {more}",
            program().display(),
            self.cgroup.path().display(),
            self.home.runtime().display()
        );
        Terminal::start(columns, lines, &command)
    }

    /// Gives the daemon an order.
    fn order(&self, arguments: &[&str]) -> Result<()> {
        let output = Command::new(program())
            .args(arguments)
            .arg("--runtime-dir")
            .arg(self.home.runtime())
            .output()?;
        anyhow::ensure!(output.status.success(), "{arguments:?}: {output:?}");
        Ok(())
    }

    /// What `autoscaler top --json` prints in one pass.
    fn json(&self, arguments: &[&str]) -> Result<Value> {
        let output = Command::new(program())
            .args(["top", "--json", "-d", "0.3", "--runtime-dir"])
            .arg(self.home.runtime())
            .args(arguments)
            .output()?;
        anyhow::ensure!(output.status.success(), "{output:?}");
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

/// The line of the one project.
fn project(screen: &[String]) -> Option<&String> {
    screen.iter().find(|line| line.starts_with("site "))
}

/// Whether the project's line has all of these.
fn says(screen: &[String], parts: &[&str]) -> bool {
    project(screen).is_some_and(|line| parts.iter().all(|part| line.contains(part)))
}

#[test]
fn a_running_daemon_s_decision_held_time_and_orders_are_shown() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::Tmux]) {
        return Ok(());
    }
    let scene = scene("top-daemon")?;
    for size in [(80, 24), (200, 50)] {
        let terminal = scene.terminal(size, "")?;
        let wide = size.0 > 100;
        // Workers and bounds, the thresholds' marks, a load, what is held of what is needed, the decision.
        let parts: &[&str] = if wide {
            &[
                "2 (1-4)",
                "│",
                "↓1 ",
                "s/5h",
                "hold: CPU < 40% (scale_down_1) for",
            ]
        } else {
            &["2 (1-4)", "│", "↓1 ", "s/5h", "hold: "]
        };
        let screen = terminal.wait("the daemon's word", SOON, |screen| says(screen, parts))?;
        let heading = screen.iter().find(|line| line.contains("LAST DECISION"));
        assert!(heading.is_some_and(|line| line.contains("HELD")), "{screen:#?}");

        // Opened, all of it is told in sentences.
        terminal.keys(&["Enter"])?;
        terminal.wait("the sentences", SOON, |screen| {
            let has = |part: &str| screen.iter().any(|line| line.contains(part));
            has("last check ") && has("next up to 3: CPU > 80% (scale_up_3)") && has("gunicorn")
        })?;
    }

    let terminal = scene.terminal((120, 30), "")?;
    scene.order(&["pause", "site", "--for", "2h"])?;
    terminal.wait("the pause", SOON, |screen| {
        says(screen, &["paused by hand (", "1h59m"]) || says(screen, &["paused by hand (", "2h left"])
    })?;
    scene.order(&["resume", "site"])?;
    terminal.wait("the end of the pause", SOON, |screen| {
        says(screen, &["hold: "]) && !says(screen, &["by hand"])
    })?;
    scene.daemon.end()
}

#[test]
fn a_daemon_that_hangs_or_goes_leaves_the_configuration_s_view_and_comes_back_by_itself() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::Tmux]) {
        return Ok(());
    }
    let scene = scene("top-daemon-gone")?;
    let config = format!("--config {}", scene.home.config().display());
    let terminal = scene.terminal((120, 30), &config)?;
    let told = |screen: &[String]| says(screen, &["2 (1-4)", "↓1 ", "hold: "]);
    let alone = |screen: &[String]| says(screen, &["2 (1-4)", "down below 40%, up above 80%"]);
    terminal.wait("the daemon's word", SOON, told)?;

    scene.daemon.signal(Signal::SIGSTOP)?;
    terminal.wait("the configuration's view while the daemon hangs", SOON, alone)?;
    goes_on(&terminal)?;
    scene.daemon.signal(Signal::SIGCONT)?;
    terminal.wait("the daemon's word again", SOON, told)?;

    scene.daemon.end()?;
    terminal.wait("the configuration's view without a daemon", SOON, alone)?;
    let daemon = started(&scene.home)?;
    terminal.wait("the new daemon's word", SOON, told)?;
    daemon.end()
}

/// Sampling goes on: the footer changes, twice.
fn goes_on(terminal: &Terminal) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    terminal.wait("two more samples", SOON, |screen| {
        seen.insert(screen.iter().find(|line| line.starts_with("source")).cloned());
        seen.len() > 2
    })?;
    Ok(())
}

#[test]
fn json_lines_carry_what_the_daemon_says() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let scene = scene("top-daemon-json")?;
    // The project comes from the daemon alone: no configuration is named.
    let pass = until("a decision in the JSON", SOON, || {
        let pass = scene.json(&["--project", "site"]).ok()?;
        pass["projects"][0]["daemon"]["down"][0]["held_seconds"]
            .as_f64()
            .is_some_and(|held| held > 0.0)
            .then_some(pass)
    })?;
    assert_eq!(pass["daemon"]["pid"], scene.daemon.pid());
    let site = &pass["projects"][0];
    assert_eq!((&site["name"], &site["workers"]), (&"site".into(), &2.into()));
    assert_eq!(
        (&site["min_workers"], &site["max_workers"]),
        (&1.into(), &4.into())
    );
    assert_eq!(
        (&site["down_below_percent"], &site["up_above_percent"]),
        (&40.0.into(), &80.0.into())
    );
    assert!(site["utilization_percent"].is_number(), "{site}");
    assert_eq!(site["daemon"]["decision"]["action"], "hold");
    let root = pass["cgroups"][0]["path"].as_str().context("no cgroup")?;
    assert!(
        scene.cgroup.path().ends_with(Path::new(root).strip_prefix("/")?),
        "--project shows its own cgroup, not {root}"
    );
    let unknown = Command::new(program())
        .args(["top", "--json", "--project", "nobody", "--runtime-dir"])
        .arg(scene.home.runtime())
        .output()?;
    let said = String::from_utf8(unknown.stderr)?;
    assert!(said.contains("there are: site"), "{said}");
    scene.daemon.end()
}
