//! A running `autoscaler run`, and what it printed so far.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::venv::target_dir;
use crate::wait::until;

const END_LIMIT: Duration = Duration::from_mins(1);

/// The program under test. `cargo xtask test` builds it first; by hand: `cargo build --package autoscaler`.
#[must_use]
pub fn program() -> PathBuf {
    target_dir().join("debug/autoscaler")
}

/// `program run` with the configuration `config`, and its lock and history below `home`: a daemon that already serves
/// this host is left alone.
#[must_use]
pub fn run_command(program: &Path, home: &Path, config: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .arg("run")
        .arg("--config")
        .arg(config)
        .arg("--runtime-dir")
        .arg(home.join("run"))
        .arg("--state-dir")
        .arg(home.join("state"))
        .env_remove("RUNTIME_DIRECTORY")
        .env_remove("STATE_DIRECTORY")
        .env_remove("NOTIFY_SOCKET")
        .stdin(Stdio::null());
    command
}

/// A home for one daemon: its configuration and its runtime directory.
#[derive(Debug)]
pub struct Home {
    directory: TempDir,
}

impl Home {
    /// A home with this configuration.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(config: &str) -> Result<Self> {
        let home = Self {
            directory: tempfile::tempdir()?,
        };
        home.configure(config)?;
        Ok(home)
    }

    /// Replaces the configuration, whole, as an editor does.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn configure(&self, config: &str) -> Result<()> {
        let new = self.directory.path().join("new");
        fs::write(&new, config)?;
        fs::set_permissions(&new, fs::Permissions::from_mode(0o600))?;
        fs::rename(&new, self.config())?;
        Ok(())
    }

    /// The configuration file.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.directory.path().join("config.json")
    }

    /// The runtime directory.
    #[must_use]
    pub fn runtime(&self) -> PathBuf {
        self.directory.path().join("run")
    }

    /// The state directory: the history is in it.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    /// `autoscaler run` with this home, and whatever arguments are added to it.
    #[must_use]
    pub fn command(&self) -> Command {
        run_command(&program(), self.directory.path(), &self.config())
    }

    /// Runs it with `args` to its end.
    ///
    /// # Errors
    /// When it cannot be run.
    pub fn output(&self, args: &[&str]) -> Result<Output> {
        self.command()
            .args(args)
            .output()
            .with_context(|| format!("cannot run {}", program().display()))
    }
}

/// A running daemon. Dropping it kills it by pid.
#[derive(Debug)]
pub struct Daemon {
    process: Child,
    printed: Arc<Mutex<Vec<String>>>,
}

impl Daemon {
    /// Starts `command`, which is [`Home::command`].
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(mut command: Command) -> Result<Self> {
        let mut process = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {}", program().display()))?;
        let printed = Arc::default();
        collect(process.stdout.take(), &printed);
        collect(process.stderr.take(), &printed);
        Ok(Self { process, printed })
    }

    /// The daemon's pid.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Everything that it printed so far.
    #[must_use]
    pub fn printed(&self) -> Vec<String> {
        self.printed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Waits until a line with `part` in it has been printed, and returns it.
    ///
    /// # Errors
    /// When it is not printed within `limit`; the message holds what was.
    pub fn wait_line(&self, part: &str, limit: Duration) -> Result<String> {
        self.wait_lines(part, 1, limit)
    }

    /// Waits until `count` lines with `part` in them have been printed, and returns the last of them.
    ///
    /// # Errors
    /// As [`Daemon::wait_line`].
    pub fn wait_lines(&self, part: &str, count: usize, limit: Duration) -> Result<String> {
        let found = || {
            let printed = self.printed();
            printed
                .iter()
                .filter(|line| line.contains(part))
                .nth(count - 1)
                .cloned()
        };
        until(&format!("{count} line(s) with {part:?}"), limit, found)
            .with_context(|| format!("the daemon printed:\n{}", self.printed().join("\n")))
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// When it is gone.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        kill(Pid::from_raw(i32::try_from(self.pid())?), signal).context("cannot signal the daemon")
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When it does not end in time.
    pub fn wait_end(&mut self) -> Result<ExitStatus> {
        let process = &mut self.process;
        let ended = until("the end of the daemon", END_LIMIT, || {
            process.try_wait().transpose()
        })?;
        Ok(ended?)
    }

    /// Ends it with SIGTERM.
    ///
    /// # Errors
    /// When it does not end in time, or not with success.
    pub fn end(mut self) -> Result<()> {
        self.signal(Signal::SIGTERM)?;
        let status = self.wait_end()?;
        if !status.success() {
            bail!("the daemon ended with {status} after SIGTERM");
        }
        Ok(())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn collect(stream: Option<impl Read + Send + 'static>, printed: &Arc<Mutex<Vec<String>>>) {
    let Some(stream) = stream else { return };
    let printed = Arc::clone(printed);
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(std::io::Result::ok) {
            printed.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    });
}

/// Rungs that a project which burns a quarter of its time crosses even where it gets an eighth of a CPU. A step down needs
/// less than 5 points under the first.
pub const RUNGS: &str = r#""min_workers": 1, "max_workers": 3,
    "cpu_thresholds": { "scale_up_2": 6.5, "scale_up_3": 7, "scale_down_1": 1.5 },
    "cpu_duration_minutes": { "scale_up": 0.03, "scale_down": 0.05 }"#;

/// A configuration of one project over `cgroup` with durations of seconds; `more` goes into the project.
#[must_use]
pub fn config(cgroup: &Path, check_seconds: f64, more: &str) -> String {
    format!(
        r#"{{ "global": {{ "check_interval_seconds": {check_seconds}, "language": "en",
                          "min_available_mb_per_worker": 1,
                          "scale_up_on_saturated_host": true, "scale_down_min_available_mb": 1 }},
             "projects": {{ "site": {{ "enabled": true, "cgroup": "/{}", {more} }} }} }}"#,
        cgroup.display()
    )
}
