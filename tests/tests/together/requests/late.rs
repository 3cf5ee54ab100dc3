//! A server that was asked while nobody wanted its requests, and is wanted from then on.

use std::io::Write as _;

use anyhow::{Context as _, Result, ensure};
use autoscaler::host::requests::{RequestSource, RequestWatch as _};
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::{ScratchCgroup, Server, Venv, require_root_bpf, until};

use super::halves::connect;
use super::{GET, SOON, answers, ask, exact, keeping_connections, look, watching};

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
        source.want(0, cgroup.path())?;
        until("the server to be seen", SOON, || {
            ask(&server, "/sleep/0.001").ok()?;
            (look(&source).ok()?.counted.begun > 0).then_some(())
        })?;
        exact(&server, &source).with_context(|| format!("loopback: {loopback}"))?;
    }
    Ok(())
}

/// As behind a proxy that keeps its connections, when the daemon is started again.
#[test]
fn a_connection_that_was_asked_on_before_is_seen_from_its_next_request_on() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    for (loopback, known) in [(false, false), (true, false), (false, true), (true, true)] {
        let cgroup = ScratchCgroup::new("requests-kept")?;
        let options = Options {
            loopback,
            ..keeping_connections()
        };
        let server = Server::gunicorn(&Venv::gunicorn("23.0.0")?, &cgroup, &options)?;
        let mut kept = connect(server.address())?;
        let mut ask = |count: usize| -> Result<()> {
            for _ in 0..count {
                kept.write_all(GET.as_bytes())?;
                answers(&mut kept, 1)?;
            }
            Ok(())
        };
        // The programs may know the connection as one that is nobody's, or not at all.
        let mut source = if known {
            Some(RequestSource::open(2, 16).map_err(|why| anyhow::anyhow!("{why}"))?)
        } else {
            None
        };
        ask(3)?;
        let source = match &mut source {
            Some(source) => {
                source.want(0, cgroup.path())?;
                source
            }
            None => source.insert(watching(&cgroup)?),
        };
        ask(5)?;
        let seen = until("five to be seen", SOON, || {
            let seen = look(source).ok()?.counted;
            (seen.answered >= 5).then_some(seen)
        });
        let seen = seen.with_context(|| format!("loopback: {loopback}, known: {known}"))?;
        ensure!((seen.begun, seen.answered) == (5, 5), "{seen:?}");
    }
    Ok(())
}
