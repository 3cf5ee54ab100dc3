//! One server, asked in one way.

use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use autoscaler::host::requests::RequestSource;
use autoscaler_common::Requests;
use autoscaler_tests::server::Options;
use autoscaler_tests::venv::{GUNICORNS, NEWEST};
use autoscaler_tests::{Address, Client, Nginx, ScratchCgroup, Server, Venv, until};

use super::{SETTLED, settled, since, want};

/// Clients, twice as many as are served at a time, and the requests of each.
pub(super) const CLIENTS: usize = 8;
pub(super) const EACH: usize = 12;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// gunicorn of a version, with a worker class.
    Gunicorn(&'static str, &'static str),
    Uvicorn,
    Puma,
    Unicorn,
}

/// A server, and how it is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case {
    kind: Kind,
    pub(super) loopback: bool,
    /// On the connections to the server itself.
    pub(super) keep_alive: bool,
    /// Behind nginx.
    pub(super) front: bool,
}

/// What came of it.
pub(super) struct Seen {
    pub(super) version: String,
    pub(super) sent: u64,
    pub(super) counted: Requests,
    /// The application's log: from start to end of each request, together.
    pub(super) logged: Duration,
    /// The time of the clients, together.
    pub(super) waited: Duration,
}

impl Seen {
    /// The mean wait, ours and the clients', ms.
    pub(super) fn waits(&self) -> (f64, f64) {
        let waited = self.waited.as_secs_f64() - self.logged.as_secs_f64();
        let ours = Duration::from_nanos(self.counted.wait_ns).as_secs_f64();
        let requests = self.sent as f64 / 1e3;
        (ours / requests, waited / requests)
    }

    /// Requests that were sent and not counted, or counted and not sent.
    pub(super) fn lost(&self) -> u64 {
        let begun = self.sent.abs_diff(self.counted.begun);
        begun.max(self.sent.abs_diff(self.counted.answered))
    }
}

impl Case {
    /// Every one that there is: a server that closes each connection is not asked to keep one.
    pub(super) fn all() -> Vec<Self> {
        let mut kinds: Vec<Kind> = Vec::new();
        for class in ["sync", "gthread", "gevent"] {
            kinds.extend(GUNICORNS.map(|version| Kind::Gunicorn(version, class)));
        }
        kinds.extend([Kind::Uvicorn, Kind::Puma, Kind::Unicorn]);
        let mut cases = Vec::new();
        for kind in kinds {
            for (loopback, front) in [(false, false), (true, false), (false, true), (true, true)] {
                for keep_alive in [false, true] {
                    if keep_alive && matches!(kind, Kind::Gunicorn(_, "sync") | Kind::Unicorn) {
                        continue;
                    }
                    cases.push(Self {
                        kind,
                        loopback,
                        keep_alive,
                        front,
                    });
                }
            }
        }
        cases
    }

    pub(super) fn server(&self) -> String {
        match self.kind {
            Kind::Gunicorn(_, class) => format!("gunicorn {class}"),
            Kind::Uvicorn => "uvicorn".to_owned(),
            Kind::Puma => "puma".to_owned(),
            Kind::Unicorn => "unicorn".to_owned(),
        }
    }

    /// Whether it reads a request before there is a thread for it.
    pub(super) fn reads_ahead(&self) -> bool {
        self.kind == Kind::Puma && self.keep_alive
    }

    /// Whether its answers stay on the way after it has sent them: uvicorn's workers leave Nagle's algorithm on, which keeps
    /// back the second piece of an answer on a kept connection until the first is acknowledged, 40 ms later.
    pub(super) fn is_late(&self) -> bool {
        self.kind == Kind::Uvicorn && self.loopback && self.keep_alive
    }

    pub(super) fn run(&self, source: &mut RequestSource) -> Result<Seen> {
        let cgroup = ScratchCgroup::new("bench-requests")?;
        let home = tempfile::tempdir()?;
        let (server, version) = self.start(&cgroup, home.path())?;
        want(source, &cgroup)?;
        let front = self
            .front
            .then(|| Nginx::before(server.address(), self.keep_alive))
            .transpose()?;
        let address = front.as_ref().map_or(server.address(), Nginx::address);
        let before = settled(source)?;
        let waited = ask(address, self.keep_alive)?;
        let counted = since(&before, &settled(source)?);
        let sent = CLIENTS * EACH;
        let logged = until("the log to be whole", SETTLED, || {
            let (lines, sum) = server.request_log().ok()?;
            (lines == sent).then_some(sum)
        })?;
        Ok(Seen {
            version,
            sent: sent as u64,
            counted,
            logged,
            waited,
        })
    }

    fn start(&self, cgroup: &ScratchCgroup, home: &std::path::Path) -> Result<(Server, String)> {
        let options = |workers, args: &[&str], app: &str| Options {
            loopback: self.loopback,
            app: Some(app.to_owned()),
            ..Options::workers(workers).args(args)
        };
        match self.kind {
            Kind::Gunicorn(version, class) => {
                let venv = if class == "gevent" {
                    Venv::gunicorn_with_gevent(version)?
                } else {
                    Venv::gunicorn(version)?
                };
                let kept = ["--worker-class", class, "--keep-alive", "60"];
                let (workers, slots): (u32, &[&str]) = match class {
                    "sync" => (4, &[]),
                    "gthread" => (2, &["--threads", "2"]),
                    _ => (2, &["--worker-connections", "2"]),
                };
                // A worker of gevent takes no more connections than it may serve: one that is kept takes a place.
                let slots = if class == "gevent" && self.keep_alive {
                    &[]
                } else {
                    slots
                };
                let options = options(workers, &[&kept[..], slots].concat(), "timed:app");
                let server = Server::gunicorn(&venv, cgroup, &options)?;
                Ok((server, venv.version("gunicorn")?))
            }
            Kind::Uvicorn => {
                let venv = Venv::uvicorn(NEWEST)?;
                let options = options(2, &["--timeout-keep-alive", "60"], "timed_asgi:app");
                let server = Server::uvicorn_on_either(&venv, cgroup, &options)?;
                Ok((server, venv.version("uvicorn")?))
            }
            Kind::Puma => {
                let server = Server::puma(cgroup, &options(2, &[], ""), 2)?;
                Ok((server, version("puma")?))
            }
            Kind::Unicorn => {
                let server = Server::unicorn(cgroup, &options(4, &[], ""), home)?;
                Ok((server, version("unicorn")?))
            }
        }
    }
}

/// Asks with all clients at once; returns their time, together.
fn ask(address: &Address, keep_alive: bool) -> Result<Duration> {
    let client = |number: usize| -> Result<Duration> {
        let mut client = Client::new(address, keep_alive);
        let mut waited = Duration::ZERO;
        for turn in 0..EACH {
            let hundredths = 8 + (number + turn) % 5;
            waited += client.ask(&format!("/sleep/{:.2}", hundredths as f64 / 100.0))?;
        }
        Ok(waited)
    };
    thread::scope(|scope| {
        let client = &client;
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| scope.spawn(move || client(number)))
            .collect();
        let mut waited = Duration::ZERO;
        for client in clients {
            let Ok(one) = client.join() else {
                bail!("a client panicked")
            };
            waited += one?;
        }
        Ok(waited)
    })
}

/// The version of a server of the system's own: the last word of the first line that has a number.
fn version(program: &str) -> Result<String> {
    let told = Command::new(program)
        .arg("--version")
        .output()
        .with_context(|| format!("cannot run {program}"))?;
    let told = String::from_utf8(told.stdout)?;
    let mut words = told.split_whitespace();
    let version = words.find(|word| {
        word.trim_start_matches('v')
            .starts_with(|first: char| first.is_ascii_digit())
    });
    ensure!(version.is_some(), "{program} tells no version: {told}");
    Ok(version.unwrap_or_default().trim_start_matches('v').to_owned())
}
