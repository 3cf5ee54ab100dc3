//! Runs a stage's commands: what they print goes into the stage's log, and is read for its progress.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::progress::{Position, Progress};
use crate::workspace;

/// How often a stage that prints nothing is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Whether a command compiles what another runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// It compiles: those after it have nothing to run where it fails.
    Build,
    /// Those after it do not depend on it.
    Run,
}

/// What the commands left.
pub(super) struct Ran {
    /// Whether each ended with success.
    pub(super) success: bool,
    /// All that they printed.
    pub(super) printed: String,
    /// What was spent on compiling alone.
    pub(super) building: Duration,
    /// What was spent on the rest.
    pub(super) running: Duration,
}

/// Runs the commands one after the other, up to one that does not compile, and keeps what they print in the file `log`.
///
/// # Errors
/// When one cannot be started, or the log cannot be written.
pub(super) fn run(title: &str, commands: Vec<(Step, Command)>, log: &Path) -> Result<Ran> {
    let mut file = File::create(log).with_context(|| format!("cannot make {}", log.display()))?;
    let mut progress = Progress::of(title);
    let mut position = Position::default();
    let mut success = true;
    let (mut building, mut running) = (Duration::ZERO, Duration::ZERO);
    for (step, mut command) in commands {
        let begun = Instant::now();
        let (reader, writer) = io::pipe().context("no pipe")?;
        let mut child = command
            .current_dir(workspace())
            .env("CARGO_TERM_COLOR", "never")
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer)
            .spawn()
            .with_context(|| format!("cannot run {command:?}"))?;
        // The command holds the writing ends too: without it, the pipe ends when the last process that has one ends.
        drop(command);
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            let mut reader = BufReader::new(reader);
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                if sender.send(std::mem::take(&mut line)).is_err() {
                    return;
                }
            }
        });
        let mut ended = None;
        loop {
            match lines.recv_timeout(LOOK) {
                Ok(line) => {
                    file.write_all(&line)
                        .with_context(|| format!("cannot write {}", log.display()))?;
                    position.read(String::from_utf8_lossy(&line).trim_end());
                }
                // A process that the command left behind may hold the pipe for ever.
                Err(RecvTimeoutError::Timeout) if ended.is_some() => break,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if ended.is_none() {
                ended = child.try_wait()?;
            }
            progress.tell(&position);
        }
        let status = match ended {
            Some(status) => status,
            None => child.wait()?,
        };
        match step {
            Step::Build => building += begun.elapsed(),
            Step::Run => running += begun.elapsed(),
        }
        success &= status.success();
        if step == Step::Build && !success {
            break;
        }
    }
    progress.end();
    let printed = fs::read(log).with_context(|| format!("cannot read {}", log.display()))?;
    Ok(Ran {
        success,
        printed: String::from_utf8_lossy(&printed).into_owned(),
        building,
        running,
    })
}
