//! Somebody else on the same host: a process in a cgroup of its own that keeps a whole CPU busy.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use autoscaler_tests::{ScratchCgroup, Venv, until};

/// Burns for ten minutes at most, should nobody be left to end it.
const BURN: &str = "import time\nend = time.monotonic() + 600\nwhile time.monotonic() < end: pass";

/// Time that it has to begin.
const START_LIMIT: Duration = Duration::from_secs(10);

/// The running neighbour; dropping it ends it.
pub(super) struct Neighbour {
    process: Child,
}

impl Neighbour {
    /// Starts it inside `cgroup`, and waits until it is there.
    pub(super) fn start(venv: &Venv, cgroup: &ScratchCgroup) -> Result<Self> {
        let process = Command::new("/bin/sh")
            .args(["-c", r#"echo $$ > "$0" && exec "$@""#])
            .arg(cgroup.path().join("cgroup.procs"))
            .arg(venv.bin("python"))
            .args(["-c", BURN])
            .stdin(Stdio::null())
            .spawn()
            .context("cannot start /bin/sh")?;
        let neighbour = Self { process };
        until("the neighbour to enter its cgroup", START_LIMIT, || {
            cgroup.pids().contains(&neighbour.process.id()).then_some(())
        })?;
        Ok(neighbour)
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        // It fails only for a process that has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
