//! Whether the application's code on disk is newer than every worker that runs it.
//!
//! A worker imports the application at its boot. In the middle of a deployment, or between it and the reload, the next
//! worker would be the first to run what is on disk. What is looked at: the working directory of the master, and those
//! that its command line and its `PWD` name (which need not be the same: a deployment may put another directory behind
//! a symbolic link), and the packages of its virtual environment.
//!
//! The time that counts is that of the last change of the inode: unlike the time of modification, `rsync -a`,
//! `cp -p` and `tar` cannot set it (inode(7)).

mod roots;
#[cfg(test)]
mod tests;
mod walk;

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use self::walk::Walk;
use crate::host::process::Procfs;
use crate::model::{ProcessError, ProjectSample};

/// Code that no worker runs yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewerCode {
    /// What changed last, as the application sees it.
    pub path: PathBuf,
    /// How long ago that was.
    pub changed_ago: Duration,
}

/// The code of the project's application that changed after its youngest worker had started; `None` where none did,
/// where no worker is, where a new worker is a fork of what the master has loaded (gunicorn's `--preload`), and where
/// it cannot be told.
#[must_use]
pub fn newer_code(procfs: &Procfs, sample: &ProjectSample) -> Option<NewerCode> {
    look(procfs, sample).ok().flatten()
}

/// Where a new worker has the application's code from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeSource {
    /// From the master, which has loaded it: the worker is a fork (gunicorn's `--preload`).
    Master,
    /// From disk, as it is at that moment.
    Disk {
        /// Whether the server is gunicorn.
        gunicorn: bool,
    },
}

/// Where a new worker of `master` has the application's code from, as far as the server's arguments and its
/// configuration file show.
#[must_use]
pub fn boots_from(procfs: &Procfs, master: u32) -> CodeSource {
    match roots::Server::read(procfs, master) {
        Ok(server) if server.preloads() => CodeSource::Master,
        Ok(server) => CodeSource::Disk {
            gunicorn: server.is_gunicorn(),
        },
        Err(_) => CodeSource::Disk { gunicorn: false },
    }
}

fn look(procfs: &Procfs, sample: &ProjectSample) -> Result<Option<NewerCode>, ProcessError> {
    let server = roots::Server::read(procfs, sample.master.pid)?;
    if server.preloads() {
        return Ok(None);
    }
    let mut youngest: Option<Duration> = None;
    for worker in &sample.workers {
        let age = procfs.age(*worker)?;
        youngest = Some(youngest.map_or(age, |least| least.min(age)));
    }
    let Some(youngest) = youngest else {
        return Ok(None);
    };
    let now = SystemTime::now();
    let Some(started) = now.checked_sub(youngest) else {
        return Ok(None);
    };
    let mut walk = Walk::default();
    server.visit(&mut walk);
    Ok(walk
        .newest()
        .filter(|(at, _)| *at > started)
        .map(|(at, path)| NewerCode {
            path: path.to_owned(),
            changed_ago: now.duration_since(at).unwrap_or_default(),
        }))
}
