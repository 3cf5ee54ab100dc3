//! The project: gunicorn with one worker and a site whose requests burn CPU and wait.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use autoscaler_tests::server::Options;
use autoscaler_tests::{Address, ScratchCgroup, Server, Venv};

use crate::load::Target;

/// CPU time that each request burns: it is the same under contention, only it takes longer to get.
pub(super) const BURN: Duration = Duration::from_millis(8);
/// Time that each request then waits without a CPU, as for a database.
pub(super) const WAIT: Duration = Duration::from_millis(12);
/// A request that takes longer than this has failed.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// The running project.
pub(super) struct App {
    server: Server,
    /// What `gunicorn --version` prints.
    pub(super) version: String,
}

impl App {
    /// Starts it inside `cgroup`, with one worker.
    pub(super) fn start(venv: &Venv, cgroup: &ScratchCgroup) -> Result<Self> {
        let mut options = Options::workers(1);
        options.loopback = true;
        Ok(Self {
            server: Server::gunicorn(venv, cgroup, &options)?,
            version: version(venv)?,
        })
    }

    /// What the users ask for: a page that burns and waits, each request over a connection of its own, which is all that
    /// gunicorn's sync workers offer.
    pub(super) fn target(&self) -> Result<Target> {
        let Address::Loopback(port) = *self.server.address() else {
            bail!("gunicorn does not listen on loopback");
        };
        Ok(Target {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            path: format!("/burn/{}/sleep/{}", BURN.as_secs_f64(), WAIT.as_secs_f64()),
            keep_alive: false,
            limit: ANSWER_LIMIT,
        })
    }

    /// How many workers the master has now, as /proc lists its children.
    pub(super) fn workers(&self) -> u32 {
        u32::try_from(self.server.workers().len()).unwrap_or(u32::MAX)
    }
}

fn version(venv: &Venv) -> Result<String> {
    let program = venv.bin("gunicorn");
    let output = Command::new(&program)
        .arg("--version")
        .output()
        .with_context(|| format!("cannot run {}", program.display()))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
