//! Listening sockets of real servers: what waits to be accepted, in their own networks.

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use autoscaler::host::listen::ListenSource;
use autoscaler::model::{ListenLook, ListenQueue};
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::{Address, ScratchCgroup, Server, Venv, require_root, until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const SOON: Duration = Duration::from_mins(1);

fn look(source: &mut ListenSource, pids: &[u32]) -> Option<ListenLook> {
    source.look(&[pids.to_vec()]).pop()
}

/// The one socket at `address`.
fn at(look: &ListenLook, address: &str) -> Result<ListenQueue> {
    let mut found = look.queues.iter().filter(|queue| queue.address == address);
    let queue = found
        .next()
        .with_context(|| format!("{address} in {look:?}"))?
        .clone();
    ensure!(found.next().is_none(), "twice: {look:?}");
    Ok(queue)
}

#[test]
fn what_waits_behind_busy_workers_is_counted_once_for_all_of_them() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    for loopback in [false, true] {
        let cgroup = ScratchCgroup::new("listen")?;
        let options = Options {
            loopback,
            ..Options::workers(2).args(&["--timeout", "600", "--backlog", "50"])
        };
        let server = Server::gunicorn(&Venv::gunicorn("23.0.0")?, &cgroup, &options)?;
        let address = match server.address() {
            Address::Unix(path) => path.display().to_string(),
            Address::Loopback(port) => format!("127.0.0.1:{port}"),
        };
        let clients: Vec<_> = (0..7)
            .map(|_| {
                let address = server.address().clone();
                thread::spawn(move || address.get("/sleep/600", SOON))
            })
            .collect();
        let mut source = ListenSource::default();
        let queue = until("five of seven to wait", SOON, || {
            let queue = at(&look(&mut source, &cgroup.pids())?, &address).ok()?;
            (queue.waiting == 5).then_some(queue)
        })?;
        ensure!(queue.limit == 50 && !queue.is_full(), "{queue:?}");
        ensure!(queue.dropped == loopback.then_some(0), "{queue:?}");
        for pid in cgroup.pids() {
            let _ = kill(Pid::from_raw(pid.try_into()?), Signal::SIGKILL);
        }
        for client in clients {
            let _ = client.join();
        }
    }
    Ok(())
}

/// Listens on a Unix socket and a port, with room for two each (the limit and one), and accepts nobody.
const DEAF: &str = "
import socket, sys
unix = socket.socket(socket.AF_UNIX)
unix.bind(sys.argv[1])
unix.listen(1)
tcp = socket.socket()
tcp.bind(('0.0.0.0', 0))
tcp.listen(1)
print(tcp.getsockname()[1], flush=True)
sys.stdin.read()
";

struct Deaf {
    process: Child,
    port: u16,
}

impl Deaf {
    fn start(mut command: Command, socket: &Path) -> Result<Self> {
        command.args(["-c", DEAF]).arg(socket);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().context("its output")?).read_line(&mut line)?;
        let port = line.trim().parse();
        let deaf = Self {
            process,
            port: *port.as_ref().unwrap_or(&0),
        };
        port.context(line)?;
        Ok(deaf)
    }
}

impl Drop for Deaf {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_full_queue_is_seen_and_so_is_what_the_kernel_drops() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let socket = folder.path().join("deaf.sock");
    let deaf = Deaf::start(Command::new("python3"), &socket)?;
    let mut source = ListenSource::default();
    let pids = [deaf.process.id()];
    let unix: Vec<UnixStream> = (0..2)
        .map(|_| UnixStream::connect(&socket))
        .collect::<Result<_, _>>()?;
    let tcp: Vec<TcpStream> = (0..2)
        .map(|_| TcpStream::connect(("127.0.0.1", deaf.port)))
        .collect::<Result<_, _>>()?;
    let seen = look(&mut source, &pids).context("a look")?;
    ensure!(seen.unseen.is_empty() && seen.queues.len() == 2, "{seen:?}");
    ensure!(seen.waiting() == 4, "{seen:?}");
    let name = socket.display().to_string();
    let queue = at(&seen, &name)?;
    ensure!(
        (queue.waiting, queue.limit) == (2, 1) && queue.is_full(),
        "{queue:?}"
    );
    let listens = format!("0.0.0.0:{}", deaf.port);
    let queue = at(&seen, &listens)?;
    ensure!(
        (queue.waiting, queue.limit) == (2, 1) && queue.is_full(),
        "{queue:?}"
    );
    // There is no room for a third: the kernel does not answer it.
    let (port, short) = (deaf.port, Duration::from_millis(200));
    let third = thread::spawn(move || TcpStream::connect_timeout(&([127, 0, 0, 1], port).into(), short));
    until("a connection to be dropped", SOON, || {
        let queue = at(&look(&mut source, &pids)?, &listens).ok()?;
        (queue.dropped > Some(0)).then_some(())
    })?;
    let _ = third.join();
    drop((unix, tcp));
    Ok(())
}

#[test]
fn sockets_in_a_network_of_their_own_are_seen_while_it_is_there() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let socket = folder.path().join("deaf.sock");
    let mut command = Command::new("unshare");
    command.args(["--net", "python3"]);
    let elsewhere = Deaf::start(command, &socket)?;
    let here = Deaf::start(Command::new("python3"), &folder.path().join("here.sock"))?;
    let _client = UnixStream::connect(&socket)?;
    let mut source = ListenSource::default();
    for _ in 0..2 {
        let looks = source.look(&[vec![elsewhere.process.id()], vec![here.process.id()]]);
        let [other, ours] = &looks[..] else {
            anyhow::bail!("{looks:?}")
        };
        ensure!(other.unseen.is_empty() && other.queues.len() == 2, "{other:?}");
        ensure!(
            at(other, &socket.display().to_string())?.waiting == 1,
            "{other:?}"
        );
        at(other, &format!("0.0.0.0:{}", elsewhere.port))?;
        ensure!(ours.queues.len() == 2 && ours.waiting() == 0, "{ours:?}");
    }
    let gone = elsewhere.process.id();
    drop(elsewhere);
    let seen = look(&mut source, &[gone]).context("a look")?;
    ensure!(seen == ListenLook::default(), "{seen:?}");
    Ok(())
}
