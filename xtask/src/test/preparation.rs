//! What later stages need and nobody has to wait for: made beside the first ones, at the lowest priority.

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use autoscaler_tests::venv::{self, target_dir};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::stage::Stage;
use crate::cargo::tool;

/// Work under way beside the stages. A failure of it is none of the run's: the stage that needs it does it itself then,
/// and says what is wrong.
pub(super) struct Preparation {
    environments: Option<JoinHandle<Result<()>>>,
    guest: Option<Child>,
    deny: Option<Child>,
}

impl Preparation {
    /// Begins whatever the stages need.
    pub(super) fn of(stages: &[&Stage]) -> Result<Self> {
        let environments = stages
            .contains(&&Stage::Program)
            .then(|| thread::spawn(venv::make_all));
        // Alone, it has nothing to be made beside of.
        let beside = |stage| stages.len() > 1 && stages.contains(&&stage);
        Ok(Self {
            environments,
            guest: beside(Stage::Guest).then(prepare_guest).transpose()?,
            deny: beside(Stage::Dependencies)
                .then(|| tool::DENY.installation())
                .flatten()
                .map(compile)
                .transpose()?,
        })
    }

    /// Waits for what the stage needs, and returns for how long.
    pub(super) fn wait_for(&mut self, stage: Stage) -> Result<Duration> {
        let begun = Instant::now();
        let mut waits = false;
        if stage == Stage::Program
            && let Some(environments) = self.environments.take()
        {
            waits = !environments.is_finished();
            let _ = environments.join();
        }
        let child = match stage {
            Stage::Guest => self.guest.take(),
            Stage::Dependencies => self.deny.take(),
            _ => None,
        };
        if let Some(mut child) = child {
            waits = child.try_wait()?.is_none();
            if waits {
                hurry();
            }
            child
                .wait()
                .with_context(|| format!("cannot wait for what the stage {} needs", stage.title()))?;
        }
        Ok(if waits { begun.elapsed() } else { Duration::ZERO })
    }
}

impl Drop for Preparation {
    fn drop(&mut self) {
        for child in [&mut self.guest, &mut self.deny].into_iter().flatten() {
            if let Ok(pid) = i32::try_from(child.id()) {
                let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
            }
            let _ = child.wait();
        }
    }
}

/// Gives what was begun at the lowest priority this process's own: somebody waits for it now, and on a busy machine it would
/// never end. It is in this process's group. Only root may raise a priority (`setpriority(2)`); else it takes its time.
fn hurry() {
    if let Ok(own) = rustix::process::getpriority_process(None) {
        let _ = rustix::process::setpriority_pgrp(None, own);
    }
}

/// Begins to make the guest's disk, and the program that makes the package that goes into it.
fn prepare_guest() -> Result<Child> {
    let home = target_dir().join("xtask-test");
    std::fs::create_dir_all(&home).with_context(|| format!("cannot make {}", home.display()))?;
    let log = home.join("preparation-of-the-guest.log");
    let log = File::create(&log).with_context(|| format!("cannot make {}", log.display()))?;
    let program = std::env::current_exe().context("cannot find this program")?;
    let mut prepare = Command::new(program);
    prepare
        .args(["vm", "prepare"])
        .stdout(log.try_clone()?)
        .stderr(log);
    at_lowest_priority(prepare)
}

/// Begins to compile a program of the registry. What it fails of is told when the stage tries again.
fn compile(mut installation: Command) -> Result<Child> {
    installation.stdout(Stdio::null()).stderr(Stdio::null());
    at_lowest_priority(installation)
}

/// Starts a command, which the compilers and the like that it starts take after.
fn at_lowest_priority(mut command: Command) -> Result<Child> {
    let child = command
        .stdin(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot run {}", command.get_program().display()))?;
    let pid = i32::try_from(child.id())
        .ok()
        .and_then(rustix::process::Pid::from_raw);
    if pid.is_some() {
        // It may be over already.
        let _ = rustix::process::setpriority_process(pid, 19);
    }
    Ok(child)
}
