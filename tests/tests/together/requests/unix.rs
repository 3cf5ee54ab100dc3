//! More Unix connections, one after the other, than there is room for at once, and some that are kept meanwhile.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::{ScratchCgroup, require_root_bpf, until};
use tempfile::TempDir;

use super::{SOON, counts, settled, watching};

/// Answers whatever comes on any of its connections.
const SERVER: &str = r#"
import selectors, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(128)
ready = selectors.DefaultSelector()
ready.register(listener, selectors.EVENT_READ)
while True:
    for key, _ in ready.select():
        if key.fileobj is listener:
            ready.register(listener.accept()[0], selectors.EVENT_READ)
        elif key.fileobj.recv(64):
            key.fileobj.sendall(b"ok")
        else:
            ready.unregister(key.fileobj)
            key.fileobj.close()
"#;

/// Twice as many as there are places, and some more.
const SHORT: u64 = 9_000;
const KEPT: u64 = 40;

/// The server, in a cgroup. Dropped, it ends.
struct Answering {
    process: Child,
    path: PathBuf,
    _folder: TempDir,
}

impl Answering {
    fn start(cgroup: &ScratchCgroup) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("socket");
        let script = r#"echo $$ > "$CGROUP_PROCS" && exec python3 -c "$0" "$1""#;
        let process = Command::new("/bin/sh")
            .args(["-c", script, SERVER])
            .arg(&path)
            .env("CGROUP_PROCS", cgroup.path().join("cgroup.procs"))
            .stdin(Stdio::null())
            .spawn()
            .context("cannot start the server")?;
        let server = Self {
            process,
            path,
            _folder: folder,
        };
        until("the server to listen", SOON, || server.connect().ok().map(drop))?;
        Ok(server)
    }

    fn connect(&self) -> Result<UnixStream> {
        let stream = UnixStream::connect(&self.path)?;
        stream.set_read_timeout(Some(SOON))?;
        Ok(stream)
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn ask(mut stream: &UnixStream) -> Result<()> {
    stream.write_all(b"?")?;
    let mut answer = [0; 2];
    stream.read_exact(&mut answer).context("no answer")
}

#[test]
fn unix_connections_that_come_and_go_leave_room_for_others() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("requests-unix")?;
    let server = Answering::start(&cgroup)?;
    let source = watching(&cgroup)?;
    let before = counts(&settled(&source)?);
    let kept = (0..KEPT).map(|_| server.connect()).collect::<Result<Vec<_>>>()?;
    kept.iter().try_for_each(ask)?;
    for _ in 0..SHORT {
        ask(&server.connect()?)?;
    }
    // By now others have had their places.
    kept.iter().try_for_each(ask)?;
    let all = SHORT + 2 * KEPT;
    let after = settled(&source)?;
    ensure!(
        counts(&after) == (before.0 + all, before.1 + all, before.2),
        "{before:?}, then {:?}",
        counts(&after)
    );
    // A time of service is known once its connection is asked on again, or is another's.
    let timed: u64 = after.services.iter().sum();
    ensure!(timed + 4096 + KEPT >= all, "{timed} of {all} times of service");
    Ok(())
}
