//! Requests seen in the kernel, beside what the applications and their clients say of them.

mod early;
mod found;
mod halves;
mod idle;
mod last_words;
mod late;
mod pipelined;
mod room;
mod unix;
mod upload;

use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use autoscaler::host::requests::{RequestSource, RequestWatch as _};
use autoscaler::model::RequestLook;
use autoscaler_common::{Live, Requests};
use autoscaler_tests::daemon::program;
use autoscaler_tests::load::Load;
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::NEWEST;
use autoscaler_tests::{Address, ScratchCgroup, Server, Venv, require_root_bpf, until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

const SOON: Duration = Duration::from_mins(1);
const CLIENTS: usize = 4;
const EACH: usize = 15;

/// The programs, charging the requests of `cgroup` to index 0.
fn watching(cgroup: &ScratchCgroup) -> Result<RequestSource> {
    let mut source = RequestSource::open(2, 16).map_err(|why| anyhow::anyhow!("{why}"))?;
    source.want(0, cgroup.path())?;
    Ok(source)
}

/// One gunicorn worker of two threads that keeps connections for a minute.
fn keeping_connections() -> Options {
    Options::workers(1).args(&[
        "--worker-class",
        "gthread",
        "--threads",
        "2",
        "--keep-alive",
        "60",
    ])
}

fn look(source: &RequestSource) -> Result<RequestLook> {
    source.look(&[0])?.pop().context("a look at each index")
}

/// Asks `path` of a server with several clients at once: what the application says that it took, and what the clients
/// waited for, all together.
fn ask(server: &Server, path: &str) -> Result<(Duration, Duration)> {
    let client = || -> Result<(Duration, Duration)> {
        let (mut told, mut waited) = (Duration::ZERO, Duration::ZERO);
        for _ in 0..EACH {
            let start = Instant::now();
            let (status, body) = server.address().get(path, SOON)?;
            waited += start.elapsed();
            ensure!(status == 200, "status {status}");
            told += Duration::from_nanos(body.parse().with_context(|| body.clone())?);
        }
        Ok((told, waited))
    };
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
        let mut sums = (Duration::ZERO, Duration::ZERO);
        for client in clients {
            let (told, waited) = client.join().expect("a client panicked")?;
            sums = (sums.0 + told, sums.1 + waited);
        }
        Ok(sums)
    })
}

/// Begun, answered, abandoned.
fn counts(seen: &Requests) -> (u64, u64, u64) {
    (seen.begun, seen.answered, seen.abandoned)
}

/// Waits until every request that was begun is over.
fn settled(source: &RequestSource) -> Result<Requests> {
    until("no request to be under way", SOON, || {
        let RequestLook { counted, live, .. } = look(source).ok()?;
        let over = counted.begun == counted.answered + counted.abandoned;
        (over && live.is_empty()).then_some(counted)
    })
}

fn exact(server: &Server, source: &RequestSource) -> Result<()> {
    let before = settled(source)?;
    let (told, waited) = ask(server, "/sleep/0.03")?;
    let seen = settled(source)?;
    let count = (CLIENTS * EACH) as u64;
    ensure!(
        seen.begun - before.begun == count,
        "{} of {count} begun",
        seen.begun - before.begun
    );
    ensure!(seen.answered - before.answered == count, "answered: {seen:?}");
    ensure!(
        seen.abandoned == before.abandoned,
        "abandoned: {}",
        seen.abandoned
    );
    let busy = Duration::from_nanos(seen.busy_ns - before.busy_ns);
    let wait = Duration::from_nanos(seen.wait_ns - before.wait_ns);
    // Whatever the machine is busy with: what the application took lies within, and all of it within the client's wait.
    ensure!(told <= busy, "the application took {told:?}, {busy:?} were seen");
    ensure!(
        busy + wait <= waited,
        "{busy:?} and {wait:?} were seen, clients waited {waited:?}"
    );
    let waits: u64 = seen.waits.iter().sum();
    ensure!(waits == seen.begun, "{waits} waits of {} requests", seen.begun);
    Ok(())
}

#[test]
fn requests_are_counted_and_timed_over_unix_sockets_and_tcp() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    for (loopback, class) in [
        (false, "sync"),
        (true, "sync"),
        (false, "gthread"),
        (true, "gthread"),
    ] {
        let cgroup = ScratchCgroup::new("requests")?;
        let options = Options {
            loopback,
            ..Options::workers(2).args(&["--worker-class", class, "--threads", "1"])
        };
        let server = Server::gunicorn(&Venv::gunicorn("23.0.0")?, &cgroup, &options)?;
        let source = watching(&cgroup)?;
        exact(&server, &source).with_context(|| format!("{class}, loopback: {loopback}"))?;
    }
    Ok(())
}

#[test]
fn requests_of_an_event_loop_are_seen() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("requests-loop")?;
    let server = Server::uvicorn(&Venv::uvicorn(NEWEST)?, &cgroup, &Options::workers(2))?;
    let source = watching(&cgroup)?;
    exact(&server, &source)
}

#[test]
fn nobody_elses_requests_are_charged() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let (wanted, other) = (
        ScratchCgroup::new("requests-mine")?,
        ScratchCgroup::new("requests-other")?,
    );
    let source = watching(&wanted)?;
    for loopback in [false, true] {
        let options = Options {
            loopback,
            ..Options::workers(1)
        };
        let server = Server::gunicorn(&Venv::gunicorn("23.0.0")?, &other, &options)?;
        ask(&server, "/sleep/0.001")?;
    }
    let look = look(&source)?;
    ensure!(look.counted == Requests::default(), "{:?}", look.counted);
    ensure!(look.live.is_empty(), "{:?}", look.live);
    Ok(())
}

/// What waits behind a single busy worker is seen before anybody reads it, and what is killed does not stay counted.
#[test]
fn what_waits_and_what_is_served_is_seen_while_it_lasts() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    for loopback in [false, true] {
        let cgroup = ScratchCgroup::new("requests-live")?;
        let options = Options {
            loopback,
            ..Options::workers(1).args(&["--timeout", "600"])
        };
        let server = Server::gunicorn(&Venv::gunicorn("23.0.0")?, &cgroup, &options)?;
        let source = watching(&cgroup)?;
        settled(&source)?;
        let address = server.address().clone();
        let clients: Vec<_> = (0..3)
            .map(|_| {
                let address = address.clone();
                thread::spawn(move || address.get("/sleep/600", SOON))
            })
            .collect();
        let count = |live: &[Live], of: fn(&Live) -> u64| live.iter().filter(|live| of(live) > 0).count();
        until("one request to be served and two to wait", SOON, || {
            let live = look(&source).ok()?.live;
            let one = count(&live, |live| live.served_since) == 1;
            (one && count(&live, |live| live.waiting_since) == 2).then_some(())
        })?;
        for pid in cgroup.pids() {
            let _ = kill(Pid::from_raw(pid.try_into()?), Signal::SIGKILL);
        }
        for client in clients {
            let _ = client.join();
        }
        until("the one to be abandoned, and none to stay counted", SOON, || {
            let RequestLook { counted, live, .. } = look(&source).ok()?;
            (live.is_empty() && counted.abandoned == 1).then_some(())
        })
        .with_context(|| format!("{:?}", look(&source)))?;
    }
    Ok(())
}

/// The command, without a daemon and a configuration.
#[test]
fn the_command_shows_any_service_and_says_what_is_not_there() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("requests-shown")?;
    let server = Server::gunicorn(&Venv::gunicorn("23.0.0")?, &cgroup, &Options::workers(2))?;
    let load = Load::start(server.address(), 3, "/sleep/0.05");
    let show = |arguments: &[&str]| {
        Command::new(program())
            .args(["requests", "--language", "en"])
            .args(arguments)
            .output()
    };
    let pid = server.master_pid().to_string();
    let shown = show(&["--pid", &pid, "--json", "-n", "3", "-d", "1"])?;
    let text = String::from_utf8_lossy(&shown.stdout);
    ensure!(text.lines().count() == 3, "{shown:?}");
    let last: Value = serde_json::from_str(text.lines().last().context("a pass")?)?;
    let way = last["seen_by"].as_str().context("by what")?;
    ensure!(["tracepoints", "functions"].contains(&way), "{last}");
    let service = &last["services"][0];
    let queues = service["listen_queues"].as_array().context("its sockets")?;
    ensure!(
        queues.len() == 1 && queues[0]["limit"].as_u64() > Some(0) && queues[0]["full"] == false,
        "{service}"
    );
    ensure!(service["answered"].as_u64() > Some(0), "{service}");
    // Three ask two workers without a pause: both are busy, and one waits.
    let busy = service["busy"].as_f64().context("busy")?;
    ensure!(busy > 0.1 && busy < 2.1, "{service}");
    ensure!(
        service["served"]["mean_seconds"].as_f64() >= Some(0.05),
        "{service}"
    );

    let name = format!("/{}", cgroup.relative().display());
    let plain = String::from_utf8(show(&["--cgroup", &name, "-n", "1"])?.stdout)?;
    ensure!(
        plain.contains("seen by: ") && plain.contains("REQ/S") && plain.contains(&name),
        "{plain}"
    );
    ensure!(plain.contains("requests in") && plain.contains("▇"), "{plain}");
    ensure!(load.stop().failed.is_empty());

    for (arguments, says) in [
        (["--cgroup", "/there/is/none"], "there is no cgroup"),
        (["--pid", "4194999"], "4194999"),
    ] {
        let refused = show(&arguments)?;
        let said = String::from_utf8_lossy(&refused.stderr);
        ensure!(
            refused.status.code() == Some(1) && said.contains(says),
            "{refused:?}"
        );
    }
    Ok(())
}

const GET: &str = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A new connection to a server on a port, on which `text` was sent.
fn send(address: &Address, text: &str) -> Result<TcpStream> {
    let Address::Loopback(port) = address else {
        anyhow::bail!("a port is wanted")
    };
    let mut stream = TcpStream::connect(("127.0.0.1", *port))?;
    stream.set_read_timeout(Some(SOON))?;
    stream.write_all(text.as_bytes())?;
    Ok(stream)
}

/// Reads so many answers to their last byte.
fn answers(stream: &mut (impl Read + ?Sized), count: usize) -> Result<()> {
    let mut seen = String::new();
    let mut whole = 0;
    while whole < count {
        let mut piece = [0; 4096];
        let length = stream.read(&mut piece)?;
        ensure!(length > 0, "the connection was closed after {seen}");
        seen.push_str(&String::from_utf8_lossy(&piece[..length]));
        while let Some((head, rest)) = seen.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let body = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let body: usize = body.context("no length")?.parse()?;
            if rest.len() < body {
                break;
            }
            seen = rest[body..].to_owned();
            whole += 1;
        }
    }
    Ok(())
}

/// Keep-alive, pipelining, half a request, connections on which nothing is ever asked, and an upload.
#[test]
fn odd_connections_are_counted_and_none_stays() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("requests-odd")?;
    let options = Options {
        loopback: true,
        ..Options::workers(1).args(&[
            "--worker-class",
            "gthread",
            "--threads",
            "4",
            "--keep-alive",
            "60",
        ])
    };
    let server = Server::gunicorn(&Venv::gunicorn("23.0.0")?, &cgroup, &options)?;
    let source = watching(&cgroup)?;
    let address = server.address();
    let mut before = settled(&source)?;
    let mut came = |what: &str, begun: u64, abandoned: u64| -> Result<()> {
        let seen = until(what, SOON, || {
            let seen = look(&source).ok()?.counted;
            (seen.begun == before.begun + begun && seen.abandoned == before.abandoned + abandoned)
                .then_some(seen)
        });
        before = seen.with_context(|| {
            let now = look(&source).map(|look| counts(&look.counted));
            format!(
                "{:?} begun, answered and abandoned, then {now:?}",
                counts(&before)
            )
        })?;
        Ok(())
    };

    let mut kept = send(address, GET)?;
    answers(&mut kept, 1)?;
    for _ in 0..9 {
        kept.write_all(GET.as_bytes())?;
        answers(&mut kept, 1)?;
    }
    came("ten requests on one connection", 10, 0)?;
    // The server reads both at once: they are one to the kernel. (gunicorn's threads leave the second unanswered.)
    answers(&mut send(address, &GET.repeat(2))?, 1)?;
    came("two requests in one piece", 1, 0)?;
    drop(send(address, "GET / HT")?);
    came("half a request that is given up", 1, 1)?;
    let body = "x".repeat(2 << 20);
    let length = body.len();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    // The application answers without reading it, and the server may close while it still comes.
    let upload = send(address, &(head + &body));
    came("an upload", 1, 0)?;
    let idle: Vec<TcpStream> = (0..200).map(|_| send(address, "")).collect::<Result<_>>()?;
    answers(&mut send(address, GET)?, 1)?;
    came("one request beside connections that ask nothing", 1, 0)?;
    drop(upload);
    let nothing_live = || {
        until("nothing to wait or to be served", SOON, || {
            look(&source).ok()?.live.is_empty().then_some(())
        })
    };
    nothing_live()?;
    // The ends of connections are no requests.
    drop((idle, kept));
    nothing_live()?;
    came("the ends of idle connections", 0, 0)?;
    Ok(())
}
