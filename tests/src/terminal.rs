//! A program in a real terminal: tmux, on a server of its own.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::wait::until;

/// For how long a screen must have stood before it counts: a terminal shows a frame piece by piece, as it reads it.
const SETTLED: Duration = Duration::from_millis(100);

/// A terminal of a given size with one program in it. Dropping it ends its tmux server, and the program with it.
#[derive(Debug)]
pub struct Terminal {
    socket: PathBuf,
    _home: tempfile::TempDir,
}

impl Terminal {
    /// Starts a shell command line in a terminal of that many columns and lines.
    ///
    /// # Errors
    /// When tmux is not installed or cannot start.
    pub fn start(columns: u16, lines: u16, command: &str) -> Result<Self> {
        let home = tempfile::tempdir()?;
        let terminal = Self {
            socket: home.path().join("tmux"),
            _home: home,
        };
        terminal.tmux(&[
            "new-session",
            "-d",
            "-x",
            &columns.to_string(),
            "-y",
            &lines.to_string(),
            command,
        ])?;
        Ok(terminal)
    }

    /// Types keys, named as in tmux(1): `Enter`, `Escape`, `C-c`, or the characters themselves.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn keys(&self, keys: &[&str]) -> Result<()> {
        let mut arguments = vec!["send-keys"];
        arguments.extend(keys);
        self.tmux(&arguments).map(drop)
    }

    /// Gives the terminal another size.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn resize(&self, columns: u16, lines: u16) -> Result<()> {
        let (columns, lines) = (columns.to_string(), lines.to_string());
        self.tmux(&["resize-window", "-x", &columns, "-y", &lines])
            .map(drop)
    }

    /// What stands on the screen, line by line, without the spaces at the ends.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn screen(&self) -> Result<Vec<String>> {
        let output = self.tmux(&["capture-pane", "-p"])?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(text.lines().map(|line| line.trim_end().to_owned()).collect())
    }

    /// The same with colours, as escape sequences.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn screen_with_colours(&self) -> Result<String> {
        let output = self.tmux(&["capture-pane", "-p", "-e"])?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Waits until the screen is as wanted and stands still, and returns it.
    ///
    /// # Errors
    /// When it is not within `limit`; the message holds the last screen.
    pub fn wait(
        &self,
        what: &str,
        limit: Duration,
        mut wanted: impl FnMut(&[String]) -> bool,
    ) -> Result<Vec<String>> {
        let mut last = Vec::new();
        let mut since = Instant::now();
        let found = until(what, limit, || {
            let screen = self.screen().ok()?;
            if screen != last {
                last = screen;
                since = Instant::now();
            }
            (since.elapsed() >= SETTLED && wanted(&last)).then(|| last.clone())
        });
        found.with_context(|| format!("the screen was:\n{}", last.join("\n")))
    }

    /// The process that the terminal was started with.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn pid(&self) -> Result<u32> {
        let output = self.tmux(&["display-message", "-p", "#{pane_pid}"])?;
        let text = String::from_utf8_lossy(&output.stdout);
        text.trim()
            .parse()
            .with_context(|| format!("tmux says {text:?} for the pid"))
    }

    fn tmux(&self, arguments: &[&str]) -> Result<Output> {
        let output = Command::new("tmux")
            .arg("-S")
            .arg(&self.socket)
            .args(["-u", "-f", "/dev/null"])
            .args(arguments)
            .env("TERM", "xterm-256color")
            .env_remove("TMUX")
            .output()
            .context("cannot run tmux: install it")?;
        if !output.status.success() {
            bail!(
                "tmux {}: {}",
                arguments.join(" "),
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Ok(output)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It is gone already when the program in it has ended.
        let _ = self.tmux(&["kill-server"]);
    }
}
