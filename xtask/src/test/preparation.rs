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

/// Work under way beside the stages. A failure of it is none of the run's: the stage that needs it does it itself then,
/// and says what is wrong.
pub(super) struct Preparation {
    environments: Option<JoinHandle<Result<()>>>,
    guest: Option<Child>,
}

impl Preparation {
    /// Begins whatever the stages need.
    pub(super) fn of(stages: &[&Stage]) -> Result<Self> {
        let environments = stages
            .contains(&&Stage::Program)
            .then(|| thread::spawn(venv::make_all));
        // Alone, it has nothing to be made beside of.
        let guest = stages.len() > 1 && stages.contains(&&Stage::Guest);
        Ok(Self {
            environments,
            guest: guest.then(prepare_guest).transpose()?,
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
        if stage == Stage::Guest
            && let Some(mut guest) = self.guest.take()
        {
            waits = guest.try_wait()?.is_none();
            if waits {
                hurry();
            }
            guest.wait().context("cannot wait for the guest's preparation")?;
        }
        Ok(if waits { begun.elapsed() } else { Duration::ZERO })
    }
}

impl Drop for Preparation {
    fn drop(&mut self) {
        if let Some(guest) = &mut self.guest {
            if let Ok(pid) = i32::try_from(guest.id()) {
                let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
            }
            let _ = guest.wait();
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

/// Begins to make the guest's disk and the package that goes into it.
fn prepare_guest() -> Result<Child> {
    let home = target_dir().join("xtask-test");
    std::fs::create_dir_all(&home).with_context(|| format!("cannot make {}", home.display()))?;
    let log = home.join("preparation-of-the-guest.log");
    let log = File::create(&log).with_context(|| format!("cannot make {}", log.display()))?;
    let program = std::env::current_exe().context("cannot find this program")?;
    Command::new("nice")
        .args(["-n", "19"])
        .arg(program)
        .args(["vm", "prepare"])
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("cannot run nice")
}
