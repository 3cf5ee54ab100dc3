//! A real worker server inside a cgroup.

mod ruby;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::cgroup::ScratchCgroup;
use crate::http::Address;
use crate::venv::Venv;
use crate::wait::until;

const READY_LIMIT: Duration = Duration::from_mins(1);
const ANSWER_LIMIT: Duration = Duration::from_mins(1);

/// How to start a server.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Workers at the start (`--workers`).
    pub workers: u32,
    /// Listen on a loopback port rather than on a Unix socket.
    pub loopback: bool,
    /// The port, where it shall be a certain one: that of a server that was there before.
    pub port: Option<u16>,
    /// Run it below a shell that waits for it: `/bin/sh -c 'server …; true'`.
    pub wrapper_shell: bool,
    /// The application for gunicorn, `wsgi:app` unless given, or for uvicorn, `asgi:app` unless given.
    pub app: Option<String>,
    /// More arguments for the server.
    pub args: Vec<String>,
}

impl Options {
    /// `workers` workers on a Unix socket.
    #[must_use]
    pub fn workers(workers: u32) -> Self {
        Self {
            workers,
            ..Self::default()
        }
    }

    /// The same with more arguments for the server.
    #[must_use]
    pub fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|arg| (*arg).to_owned()));
        self
    }
}

/// A running server. Dropping it kills its main process; the cgroup that it is in kills the rest.
#[derive(Debug)]
pub struct Server {
    main: Child,
    wrapped: bool,
    address: Address,
    directory: TempDir,
}

impl Server {
    /// Starts gunicorn with `tests/apps/wsgi.py` and waits until it answers with all its workers.
    ///
    /// # Errors
    /// When it does not come up; the message ends with its log.
    pub fn gunicorn(venv: &Venv, cgroup: &ScratchCgroup, options: &Options) -> Result<Self> {
        let mut command = vec![venv.bin("gunicorn").display().to_string()];
        command.extend(["--chdir".to_owned(), apps().display().to_string()]);
        command.extend(["--workers".to_owned(), options.workers.to_string()]);
        command.extend(options.args.iter().cloned());
        Self::start(command, cgroup, options, |address| {
            let bind = match address {
                Address::Unix(socket) => format!("unix:{}", socket.display()),
                Address::Loopback(port) => format!("127.0.0.1:{port}"),
            };
            let app = options.app.clone().unwrap_or_else(|| "wsgi:app".to_owned());
            vec!["--bind".to_owned(), bind, app]
        })
    }

    /// Starts uvicorn with `tests/apps/asgi.py`, on a loopback port whatever the options say, and waits until
    /// it answers with all its workers.
    ///
    /// # Errors
    /// When it does not come up; the message ends with its log.
    pub fn uvicorn(venv: &Venv, cgroup: &ScratchCgroup, options: &Options) -> Result<Self> {
        let options = Options {
            loopback: true,
            ..options.clone()
        };
        Self::uvicorn_on_either(venv, cgroup, &options)
    }

    /// The same, on a Unix socket where the options ask for no loopback.
    ///
    /// # Errors
    /// As [`Self::uvicorn`].
    pub fn uvicorn_on_either(venv: &Venv, cgroup: &ScratchCgroup, options: &Options) -> Result<Self> {
        let mut command = vec![venv.bin("uvicorn").display().to_string()];
        command.extend(["--app-dir".to_owned(), apps().display().to_string()]);
        command.extend(["--workers".to_owned(), options.workers.to_string()]);
        command.extend(options.args.iter().cloned());
        Self::start(command, cgroup, options, |address| {
            let (kind, place) = match address {
                Address::Loopback(port) => ("--port", port.to_string()),
                Address::Unix(socket) => ("--uds", socket.display().to_string()),
            };
            let app = options.app.clone().unwrap_or_else(|| "asgi:app".to_owned());
            vec![kind.to_owned(), place, app]
        })
    }

    fn start(
        mut command: Vec<String>,
        cgroup: &ScratchCgroup,
        options: &Options,
        listen: impl FnOnce(&Address) -> Vec<String>,
    ) -> Result<Self> {
        let directory = tempfile::tempdir().context("no temporary directory")?;
        let address = match options.port {
            Some(port) => Address::Loopback(port),
            None if options.loopback => Address::free_port()?,
            None => Address::Unix(directory.path().join("socket")),
        };
        command.extend(listen(&address));
        let log = File::create(directory.path().join("log"))?;
        // The shell enters the cgroup before anything else runs, so that no process is ever outside it.
        let script = if options.wrapper_shell {
            r#"echo $$ > "$CGROUP_PROCS" && "$@"; true"#
        } else {
            r#"echo $$ > "$CGROUP_PROCS" && exec "$@""#
        };
        let main = Command::new("/bin/sh")
            .args(["-c", script, "sh"])
            .args(&command)
            .env("CGROUP_PROCS", cgroup.path().join("cgroup.procs"))
            // gunicorn's control socket (from 25.1) would otherwise be shared by all servers of one user.
            .env("XDG_RUNTIME_DIR", directory.path())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            // Where `tests/apps/timed.*` write down what they serve.
            .env("REQUEST_LOG", directory.path().join("requests"))
            .current_dir(directory.path())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot start /bin/sh")?;
        let mut server = Self {
            main,
            wrapped: options.wrapper_shell,
            address,
            directory,
        };
        let wanted = usize::try_from(options.workers)?;
        server
            .wait_ready(wanted)
            .with_context(|| format!("{} did not come up:\n{}", command[0], server.log()))?;
        Ok(server)
    }

    fn wait_ready(&mut self, workers: usize) -> Result<()> {
        until("the server to answer with all its workers", READY_LIMIT, || {
            if let Ok(Some(status)) = self.main.try_wait() {
                return Some(Err(anyhow::anyhow!("it ended at once with {status}")));
            }
            let answers = self.get("/").is_ok_and(|(status, _)| status == 200);
            (answers && self.workers().len() >= workers).then_some(Ok(()))
        })?
    }

    /// The pid that was started: the master's, or the wrapper shell's.
    #[must_use]
    pub fn main_pid(&self) -> u32 {
        self.main.id()
    }

    /// The master's pid.
    ///
    /// # Panics
    /// When a wrapper shell has no child: the server is gone.
    #[must_use]
    pub fn master_pid(&self) -> u32 {
        if !self.wrapped {
            return self.main_pid();
        }
        *children(self.main_pid())
            .first()
            .expect("the wrapper shell has no child: the server is gone")
    }

    /// The pids of the master's workers, oldest first.
    #[must_use]
    pub fn workers(&self) -> Vec<u32> {
        // uvicorn has multiprocessing's resource tracker beside its workers.
        let mut pids = children(self.master_pid());
        pids.retain(|pid| state(*pid) != Some('Z') && !command_line(*pid).contains("resource_tracker"));
        pids
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Requests `path` and returns the answer's status and body.
    ///
    /// # Errors
    /// As [`Address::get`], with a limit of 10 s.
    pub fn get(&self, path: &str) -> Result<(u16, String)> {
        self.address.get(path, ANSWER_LIMIT)
    }

    /// All that it printed so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    /// How many requests an application of `tests/apps/timed.*` has written down, and how long they took together.
    ///
    /// # Errors
    /// When a line is no pair of times.
    pub fn request_log(&self) -> Result<(usize, Duration)> {
        let text = fs::read_to_string(self.directory.path().join("requests")).unwrap_or_default();
        let mut sum = Duration::ZERO;
        for line in text.lines() {
            let (start, end) = line.split_once(' ').with_context(|| line.to_owned())?;
            sum += Duration::from_nanos(end.parse::<u64>()?.saturating_sub(start.parse()?));
        }
        Ok((text.lines().count(), sum))
    }

    /// Kills the process that was started and reaps it.
    ///
    /// # Errors
    /// When it had been waited for already.
    pub fn kill(&mut self) -> Result<()> {
        self.main.kill().context("cannot kill the server")?;
        self.main.wait().context("cannot wait for the server")?;
        Ok(())
    }

    /// Waits until it has `count` workers or more.
    ///
    /// # Errors
    /// When it does not within 30 s.
    pub fn wait_workers_at_least(&self, count: usize) -> Result<()> {
        until(
            &format!("{count} workers or more"),
            Duration::from_secs(30),
            || (self.workers().len() >= count).then_some(()),
        )
    }

    /// Waits until it has `count` workers.
    ///
    /// # Errors
    /// When it does not within 30 s.
    pub fn wait_workers(&self, count: usize) -> Result<()> {
        let seen = until(&format!("{count} workers"), Duration::from_secs(30), || {
            (self.workers().len() == count).then_some(())
        });
        if seen.is_err() {
            bail!(
                "{:?} are the workers, not {count}:\n{}",
                self.workers(),
                self.log()
            );
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.main.kill();
        let _ = self.main.wait();
    }
}

/// The directory of the tests' applications.
#[must_use]
pub fn apps() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("apps")
}

/// The children of a process, oldest first (`/proc/PID/task/PID/children`, proc(5)).
#[must_use]
pub fn children(pid: u32) -> Vec<u32> {
    let listed = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    listed
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect()
}

/// The state letter of a process (`T` is stopped) from /proc/PID/stat; `None` when it is gone.
#[must_use]
pub fn state(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

fn command_line(pid: u32) -> String {
    let raw = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&raw).replace('\0', " ")
}
