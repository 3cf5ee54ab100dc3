//! An upload is one request from its first byte to its answer, however often the server reads.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Result, ensure};
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::NEWEST;
use autoscaler_tests::{Address, ScratchCgroup, Server, Venv, require_root_bpf, until};

use super::{SOON, answers, counts, send, settled, watching};

const MEBIBYTES: usize = 50;

fn upload(address: &Address) -> Result<TcpStream> {
    let length = MEBIBYTES << 20;
    let head = format!("POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n");
    let mut connection = send(address, &head)?;
    let piece = vec![b'x'; 1 << 20];
    for _ in 0..MEBIBYTES {
        connection.write_all(&piece)?;
    }
    Ok(connection)
}

#[test]
fn an_upload_is_one_request() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    for loops in [false, true] {
        let cgroup = ScratchCgroup::new("requests-upload")?;
        let options = |app: &str| Options {
            loopback: true,
            app: Some(app.to_owned()),
            ..Options::workers(2)
        };
        let server = if loops {
            Server::uvicorn(&Venv::uvicorn(NEWEST)?, &cgroup, &options("timed_asgi:app"))?
        } else {
            Server::gunicorn(&Venv::gunicorn("23.0.0")?, &cgroup, &options("timed:app"))?
        };
        let source = watching(&cgroup)?;
        let before = settled(&source)?;
        let mut connection = upload(server.address())?;
        answers(&mut connection, 1)?;
        drop(connection);
        let after = settled(&source)?;
        let (then, now) = (counts(&before), counts(&after));
        ensure!(now == (then.0 + 1, then.1 + 1, then.2), "{then:?}, then {now:?}");
        let logged = until("the upload to be written down", SOON, || {
            let (lines, logged) = server.request_log().ok()?;
            (lines == 1).then_some(logged)
        })?;
        // The log ends some time after the answer was sent; a request that began anew with each read would be far shorter.
        let busy = Duration::from_nanos(after.busy_ns - before.busy_ns);
        ensure!(
            busy > logged / 2,
            "{logged:?} were written down, {busy:?} were seen"
        );
    }
    Ok(())
}
