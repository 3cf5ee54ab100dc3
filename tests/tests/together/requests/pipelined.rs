//! HTTP pipelining: a request is sent while the one before it is served.

use std::io::Write as _;

use anyhow::{Result, ensure};
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::{ScratchCgroup, Server, Venv, require_root_bpf, until};

use super::{SOON, answers, counts, keeping_connections, look, send, settled, watching};

#[test]
fn a_request_waits_behind_the_one_before_it_on_its_connection() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("requests-pipelined")?;
    let options = Options {
        loopback: true,
        ..keeping_connections()
    };
    let server = Server::gunicorn(&Venv::gunicorn("23.0.0")?, &cgroup, &options)?;
    let source = watching(&cgroup)?;
    let before = settled(&source)?;

    let first = "GET /sleep/1 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut connection = send(server.address(), first)?;
    until("the first to be served", SOON, || {
        let live = look(&source).ok()?.live;
        live.iter().any(|live| live.served_since > 0).then_some(())
    })?;
    connection.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
    until("the second to wait on the same connection", SOON, || {
        let live = look(&source).ok()?.live;
        let both = live.len() == 1 && live[0].served_since > 0 && live[0].waiting_since > 0;
        both.then_some(())
    })?;
    answers(&mut connection, 2)?;
    let after = settled(&source)?;
    let (then, now) = (counts(&before), counts(&after));
    ensure!(now == (then.0 + 2, then.1 + 2, then.2), "{then:?}, then {now:?}");
    ensure!(after.wait_ns > before.wait_ns, "the second has not waited");
    Ok(())
}
