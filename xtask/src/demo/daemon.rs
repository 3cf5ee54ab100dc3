//! The daemon under test: the workspace's own binary, with what it prints.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use autoscaler_tests::daemon::run_command;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Time that the daemon has to end after SIGTERM.
const END_LIMIT: Duration = Duration::from_secs(10);

/// Builds the daemon and returns its path.
pub(super) fn build() -> Result<PathBuf> {
    let built = crate::cargo::cargo()
        .current_dir(crate::workspace())
        // With the features of this program, whose dependencies are built by now.
        .args([
            "build",
            "--quiet",
            "--package",
            "xtask",
            "--package",
            "autoscaler",
        ])
        .args(["--bin", "autoscaler"])
        .status()
        .context("cannot run cargo")?;
    if !built.success() {
        bail!("the daemon does not build");
    }
    Ok(autoscaler_tests::venv::target_dir().join("debug/autoscaler"))
}

/// A running daemon. Dropping it kills it.
pub(super) struct Daemon {
    process: Child,
    lines: mpsc::UnboundedReceiver<String>,
    /// The command line that started it.
    pub(super) command: String,
}

impl Daemon {
    /// Starts `autoscaler run` with the configuration `file`; `home` is a directory of the demo's own.
    pub(super) fn start(program: &Path, home: &Path, file: &Path) -> Result<Self> {
        let mut command = Command::from(run_command(program, home, file));
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut process = command
            .spawn()
            .with_context(|| format!("cannot run {}", program.display()))?;
        let (sender, lines) = mpsc::unbounded_channel();
        if let Some(stdout) = process.stdout.take() {
            tokio::spawn(forward(stdout, sender.clone()));
        }
        if let Some(stderr) = process.stderr.take() {
            tokio::spawn(forward(stderr, sender));
        }
        let shown = |path: &Path| {
            let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
            let short = path.strip_prefix(crate::workspace()).unwrap_or(&path);
            short.display().to_string()
        };
        Ok(Self {
            process,
            lines,
            command: format!("{} run --config {}", shown(program), shown(file)),
        })
    }

    /// The next line that it prints.
    ///
    /// # Errors
    /// When it has ended: it never should before it is told to.
    pub(super) async fn line(&mut self) -> Result<String> {
        match self.lines.recv().await {
            Some(line) => Ok(line),
            None => bail!("the daemon ended by itself: {}", self.process.wait().await?),
        }
    }

    /// Ends it with SIGTERM. Returns what it still printed, and how it ended.
    pub(super) async fn end(mut self) -> Result<(Vec<String>, ExitStatus)> {
        let pid = self.process.id().context("the daemon has ended by itself")?;
        kill(Pid::from_raw(i32::try_from(pid)?), Signal::SIGTERM).context("cannot signal the daemon")?;
        let status = timeout(END_LIMIT, self.process.wait())
            .await
            .with_context(|| {
                format!(
                    "the daemon did not end within {} s of SIGTERM",
                    END_LIMIT.as_secs()
                )
            })?
            .context("cannot wait for the daemon")?;
        let mut last = Vec::new();
        while let Some(line) = self.lines.recv().await {
            last.push(line);
        }
        Ok((last, status))
    }
}

async fn forward(stream: impl AsyncRead + Unpin, lines: mpsc::UnboundedSender<String>) {
    let mut stream = BufReader::new(stream).lines();
    while let Ok(Some(line)) = stream.next_line().await {
        if lines.send(line).is_err() {
            return;
        }
    }
}
