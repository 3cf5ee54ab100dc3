//! A server that was asked while nobody wanted its requests, and is wanted from then on.

use std::os::unix::fs::MetadataExt as _;

use anyhow::{Context as _, Result};
use autoscaler::host::requests::{RequestSource, RequestWatch as _};
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::{ScratchCgroup, Server, Venv, require_root_bpf, until};

use super::{SOON, ask, exact, look};

/// The kernel programs look away from a listener that is nobody's, but never for long.
#[test]
fn a_server_that_was_nobodys_is_seen_once_it_is_wanted() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    for loopback in [false, true] {
        let cgroup = ScratchCgroup::new("requests-late")?;
        let mut source = RequestSource::open(2, 16).map_err(|why| anyhow::anyhow!("{why}"))?;
        let options = Options {
            loopback,
            ..Options::workers(2)
        };
        let server = Server::gunicorn(&Venv::gunicorn("23.0.0")?, &cgroup, &options)?;
        ask(&server, "/sleep/0.001")?;
        source.want(0, &[cgroup.path().metadata()?.ino()])?;
        until("the server to be seen", SOON, || {
            ask(&server, "/sleep/0.001").ok()?;
            (look(&source).ok()?.counted.begun > 0).then_some(())
        })?;
        exact(&server, &source).with_context(|| format!("loopback: {loopback}"))?;
    }
    Ok(())
}
