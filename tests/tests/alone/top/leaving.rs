//! However it ends, the terminal is as it was.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use autoscaler::host::process::Procfs;
use autoscaler::host::usage::{Health, Reading, UsageSource};
use autoscaler::model::SourceKind;
use autoscaler::top::live;
use autoscaler::top::model::SortKey;
use autoscaler::top::sample::{Projects, Sampler};
use autoscaler::top::screen::Screen;
use autoscaler_tests::daemon::program;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::{ScratchCgroup, Terminal, require_root, until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::host::SOON;

/// Runs a command line in a terminal that tells afterwards how it ended and how the terminal was left.
fn start(command: &str) -> Result<Terminal> {
    let script = format!("echo before; {command}; echo \"ended $?\"; stty -a; exec sleep 600");
    let terminal = Terminal::start(100, 60, &script)?;
    Ok(terminal)
}

fn start_top(cgroup: &ScratchCgroup) -> Result<Terminal> {
    let terminal = start(&format!(
        "{} top --cgroup {}",
        program().display(),
        cgroup.path().display()
    ))?;
    terminal.wait("the table", SOON, |screen| {
        screen.iter().any(|line| line.starts_with("CGROUP"))
    })?;
    Ok(terminal)
}

/// The main screen is back with what stood on it, and the terminal cooks its lines and echoes.
fn assert_restored(terminal: &Terminal, ended: &str) -> Result<()> {
    let screen = terminal.wait("the end", SOON, |screen| {
        screen.iter().any(|line| line.starts_with("ended"))
            && screen.iter().any(|line| line.contains("icanon"))
    })?;
    let text = screen.join("\n");
    assert!(text.contains("before"), "the main screen is gone:\n{text}");
    assert!(text.contains(ended), "not {ended:?}:\n{text}");
    for mode in ["icanon", "echo", "isig", "opost"] {
        assert!(
            text.split_whitespace().any(|word| word == mode),
            "not {mode}:\n{text}"
        );
    }
    assert!(!text.contains("CGROUP"), "the picture is left behind:\n{text}");
    Ok(())
}

/// The program that runs in the terminal's shell.
fn child(terminal: &Terminal) -> Result<Pid> {
    let shell = terminal.pid()?;
    let children = format!("/proc/{shell}/task/{shell}/children");
    until("the program to run", SOON, || {
        let pids = std::fs::read_to_string(&children).ok()?;
        Some(Pid::from_raw(pids.split_whitespace().next()?.parse().ok()?))
    })
    .context("no child of the terminal's shell")
}

#[test]
fn the_terminal_is_as_it_was_after_q_and_control_c() -> Result<()> {
    if !require_root() || !require(&[Tool::Tmux]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("top-leaving")?;
    for key in ["q", "C-c"] {
        let terminal = start_top(&cgroup)?;
        terminal.keys(&[key])?;
        assert_restored(&terminal, "ended 0").with_context(|| format!("after {key}"))?;
    }
    Ok(())
}

#[test]
fn the_terminal_is_as_it_was_after_signals() -> Result<()> {
    if !require_root() || !require(&[Tool::Tmux]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("top-signals")?;
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let terminal = start_top(&cgroup)?;
        kill(child(&terminal)?, signal)?;
        assert_restored(&terminal, "ended 0").with_context(|| format!("after {signal}"))?;
    }
    Ok(())
}

#[test]
fn suspended_it_gives_the_terminal_back_and_takes_it_again() -> Result<()> {
    if !require_root() || !require(&[Tool::Tmux]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("top-suspended")?;
    let command = format!("{} top --cgroup {}", program().display(), cgroup.path().display());
    // Job control needs an interactive shell.
    let terminal = Terminal::start(80, 24, "exec bash --norc --noprofile -i")?;
    terminal.keys(&[&command, "Enter"])?;
    let table = |screen: &[String]| screen.iter().any(|line| line.starts_with("CGROUP"));
    terminal.wait("the table", SOON, table)?;
    terminal.keys(&["C-z"])?;
    terminal.wait("the shell", SOON, |screen| {
        screen.iter().any(|line| line.contains("Stopped")) && !table(screen)
    })?;
    terminal.keys(&["fg", "Enter"])?;
    terminal.wait("the table again", SOON, table)?;
    terminal.keys(&["q"])?;
    terminal.wait("the shell at the end", SOON, |screen| !table(screen))?;
    Ok(())
}

#[test]
fn the_terminal_is_as_it_was_after_a_panic() -> Result<()> {
    if !require_root() || !require(&[Tool::Tmux]) {
        return Ok(());
    }
    let this = std::env::current_exe()?;
    let terminal = start(&format!(
        "RUST_BACKTRACE=0 {} --exact top::leaving::panics_in_a_terminal --ignored --nocapture",
        this.display()
    ))?;
    assert_restored(&terminal, "ended 101")?;
    let text = terminal.screen()?.join("\n");
    assert!(text.contains("a source that panics"), "no message:\n{text}");
    Ok(())
}

/// Reads once, then panics: a bug that shows while the picture is up.
struct Panicking {
    reads: u32,
}

impl UsageSource for Panicking {
    fn kind(&self) -> SourceKind {
        SourceKind::CpuStat
    }

    fn read(&mut self, cgroups: &[PathBuf]) -> Result<Reading> {
        self.reads += 1;
        assert!(self.reads < 3, "a source that panics");
        Ok(Reading {
            taken_at: autoscaler::host::usage::monotonic(),
            usage: vec![None; cgroups.len()],
        })
    }

    fn health(&self) -> Health {
        Health::default()
    }
}

#[test]
#[ignore = "the program that `the_terminal_is_as_it_was_after_a_panic` runs in its terminal"]
fn panics_in_a_terminal() {
    let run = || -> Result<()> {
        let sampler = Sampler::new(Procfs::default(), None, Projects::default())?;
        live::run(
            sampler,
            Box::new(|| (Box::new(Panicking { reads: 0 }), None)),
            Screen::new(SortKey::Cpu, false, None, std::time::Duration::from_millis(200)),
        )?;
        bail!("it ended without an error")
    };
    // Fails the test in the terminal, which then exits with 101.
    panic!("{:#}", run().unwrap_err());
}
