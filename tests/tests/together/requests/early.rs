//! A server that answers before it has read what is asked, and one that answers before it has read all of it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::{Address, ScratchCgroup, require_root_bpf, until};

use super::{SOON, counts, look, send, watching};

/// Answers each connection in the order that its argument tells: `s`ends the answer, `r`eads once, `c`loses, `w`aits until the
/// client has closed.
const SERVER: &str = r#"
import socket, sys
listener = socket.socket()
listener.bind(("127.0.0.1", int(sys.argv[1])))
listener.listen()
while True:
    connection, _ = listener.accept()
    for step in sys.argv[2]:
        if step == "s":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        elif step == "r":
            connection.recv(1 << 16)
        elif step == "w":
            while connection.recv(1 << 16):
                pass
    connection.close()
"#;

/// One such server, in a cgroup. Dropped, it ends.
struct Odd {
    process: Child,
    address: Address,
}

impl Odd {
    fn start(cgroup: &ScratchCgroup, steps: &str) -> Result<Self> {
        let address = Address::free_port()?;
        let Address::Loopback(port) = address else {
            anyhow::bail!("a port is wanted")
        };
        let script = r#"echo $$ > "$CGROUP_PROCS" && exec python3 -c "$0" "$@""#;
        let process = Command::new("/bin/sh")
            .args(["-c", script, SERVER, &port.to_string(), steps])
            .env("CGROUP_PROCS", cgroup.path().join("cgroup.procs"))
            .stdin(Stdio::null())
            .spawn()
            .context("cannot start the server")?;
        let odd = Self { process, address };
        until("the server to listen", SOON, || {
            TcpStream::connect(("127.0.0.1", port)).ok().map(drop)
        })?;
        Ok(odd)
    }
}

impl Drop for Odd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Asks in two pieces, and reads until the server closes or has answered.
fn ask(address: &Address) -> Result<()> {
    let mut stream = send(
        address,
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n",
    )?;
    let mut seen = Vec::new();
    let mut piece = [0; 512];
    while !seen.ends_with(b"ok") {
        let length = stream.read(&mut piece)?;
        ensure!(length > 0, "no answer");
        seen.extend_from_slice(&piece[..length]);
    }
    // The server may have closed by now.
    let _ = stream.write_all(b"body");
    Ok(())
}

#[test]
fn an_answer_before_its_request_is_read_leaves_nothing_counted() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    // What is read after the answer counts as a request of its own, that is given up: the kernel knows no better. What nobody
    // ever reads counts as none.
    for (steps, begun, answered, abandoned) in [
        ("src", 1, 0, 1),
        ("sc", 0, 0, 0),
        ("rsw", 2, 1, 1),
        ("rsc", 1, 1, 0),
    ] {
        let cgroup = ScratchCgroup::new("requests-early")?;
        let server = Odd::start(&cgroup, steps)?;
        let source = watching(&cgroup)?;
        for asked in 1..=5 {
            ask(&server.address).with_context(|| steps.to_owned())?;
            let wanted = (begun * asked, answered * asked, abandoned * asked);
            until("each to be counted, and none to stay", SOON, || {
                let look = look(&source).ok()?;
                (look.live.is_empty() && counts(&look.counted) == wanted).then_some(())
            })
            .with_context(|| format!("{steps}: {:?}, not {wanted:?}", look(&source)))?;
        }
    }
    Ok(())
}
