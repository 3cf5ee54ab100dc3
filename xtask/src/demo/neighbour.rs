//! Somebody else on the same host: a process in a cgroup of its own that keeps a whole CPU busy.

use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use autoscaler_tests::{ScratchCgroup, Venv};

/// Burns for ten minutes at most, should nobody be left to end it.
const BURN: &str = "import time\nend = time.monotonic() + 600\nwhile time.monotonic() < end: pass";

/// The running neighbour; dropping it ends it.
pub(super) struct Neighbour {
    process: Child,
}

impl Neighbour {
    /// Starts it inside `cgroup`.
    pub(super) fn start(venv: &Venv, cgroup: &ScratchCgroup) -> Result<Self> {
        let process = Command::new("/bin/sh")
            .args(["-c", r#"echo $$ > "$0" && exec "$@""#])
            .arg(cgroup.path().join("cgroup.procs"))
            .arg(venv.bin("python"))
            .args(["-c", BURN])
            .stdin(Stdio::null())
            .spawn()
            .context("cannot start /bin/sh")?;
        Ok(Self { process })
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        // It fails only for a process that has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
