//! Requests that come in two halves, or of which the second never comes.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::net::UnixStream;

use anyhow::{Result, ensure};
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::{Address, ScratchCgroup, Server, Venv, require_root_bpf, until};

use super::{SOON, counts, look, settled, watching};

/// A connection that can be asked on.
pub(super) trait Connection: Read + Write {}
impl<T: Read + Write> Connection for T {}

pub(super) fn connect(address: &Address) -> Result<Box<dyn Connection>> {
    Ok(match address {
        Address::Unix(path) => Box::new(UnixStream::connect(path)?),
        Address::Loopback(port) => Box::new(TcpStream::connect((Ipv4Addr::LOCALHOST, *port))?),
    })
}

/// A client that sends half of its request holds a worker: it is served for as long as it does, and nothing waits for it.
#[test]
fn half_a_request_is_served_while_it_holds_a_worker_and_no_longer() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    for loopback in [false, true] {
        let cgroup = ScratchCgroup::new("requests-halves")?;
        let options = Options {
            loopback,
            ..Options::workers(1).args(&["--timeout", "600"])
        };
        let gunicorn = Server::gunicorn(&Venv::gunicorn("23.0.0")?, &cgroup, &options)?;
        let source = watching(&cgroup)?;
        let before = counts(&settled(&source)?);
        let held = || {
            until("the half request to be served", SOON, || {
                let look = look(&source).ok()?;
                let is_held =
                    |live: &autoscaler_common::Live| live.served_since > 0 && live.waiting_since == 0;
                (look.live.len() == 1 && look.live.iter().all(is_held)).then_some(())
            })
        };

        let mut stays = connect(gunicorn.address())?;
        stays.write_all(b"GET / HTTP/1.1\r\nHo")?;
        held()?;
        stays.write_all(b"st: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stays.read_to_string(&mut answer)?;
        ensure!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let whole = counts(&settled(&source)?);
        ensure!(
            whole == (before.0 + 1, before.1 + 1, before.2),
            "{before:?}, then {whole:?}"
        );

        let mut goes = connect(gunicorn.address())?;
        goes.write_all(b"GET / HTTP/1.1\r\nHo")?;
        held()?;
        drop(goes);
        until("nothing to stay counted", SOON, || {
            look(&source).ok()?.live.is_empty().then_some(())
        })?;
        let gone = counts(&look(&source)?.counted);
        ensure!(
            gone.0 == whole.0 + 1 && gone.1 == whole.1,
            "{whole:?}, then {gone:?}"
        );
        // The end of a Unix connection is not told of: there, it is begun and nothing else.
        ensure!(!loopback || gone.2 == whole.2 + 1, "{whole:?}, then {gone:?}");
    }
    Ok(())
}
