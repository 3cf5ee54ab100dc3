//! A request that comes together with the end of what its client sends.

use std::process::Command;

use anyhow::{Result, ensure};
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::{Address, ScratchCgroup, Server, Venv, require_root_bpf};

use super::{counts, keeping_connections, settled, watching};

/// Sends a request of which the last segment is the end as well: what `MSG_MORE` holds back goes with it. Its first argument is
/// the port, its second how many whole requests go before it on the connection.
const CLIENT: &str = r#"
import socket, sys
asked = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
for _ in range(int(sys.argv[2])):
    connection.sendall(asked)
    seen = b""
    while not seen.endswith(b"ok"):
        seen += connection.recv(4096)
connection.send(asked, socket.MSG_MORE)
connection.shutdown(socket.SHUT_WR)
seen = b""
while piece := connection.recv(4096):
    seen += piece
sys.exit(not seen.startswith(b"HTTP/1.1 200"))
"#;

#[test]
fn a_request_in_the_last_segment_of_its_client_is_seen() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("requests-last")?;
    let options = Options {
        loopback: true,
        app: Some("timed:app".to_owned()),
        ..keeping_connections()
    };
    let server = Server::gunicorn(&Venv::gunicorn("23.0.0")?, &cgroup, &options)?;
    let Address::Loopback(port) = server.address() else {
        anyhow::bail!("a port is wanted")
    };
    let source = watching(&cgroup)?;
    for earlier in [0, 2] {
        let before = settled(&source)?;
        let client = Command::new("python3")
            .args(["-c", CLIENT, &port.to_string(), &earlier.to_string()])
            .status()?;
        ensure!(client.success(), "the client ended with {client}");
        let after = settled(&source)?;
        let asked = earlier + 1;
        let (then, now) = (counts(&before), counts(&after));
        ensure!(
            now == (then.0 + asked, then.1 + asked, then.2),
            "{asked} asked: {then:?}, then {now:?}"
        );
        let waited = after.wait_ns - before.wait_ns;
        ensure!(waited > 0, "{asked} asked, and nothing of a wait");
    }
    Ok(())
}
