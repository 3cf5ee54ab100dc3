//! One daemon at a time: two would pull the same workers in two directions.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use crate::words::{StartFault, Tried};

/// Held for as long as the daemon lives; the kernel lets go of it even after kill -9.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "held for its lock")] Flock<File>);

/// Takes the lock in `dir`, which is made if it is missing.
///
/// # Errors
/// When another daemon holds it (the error has its pid), or when `dir` cannot be written.
pub(super) fn take(dir: &Path) -> Result<Lock, StartFault> {
    make_directory(dir)?;
    let path = dir.join("daemon.lock");
    let fault = |tried| {
        let path = path.clone();
        move |source| StartFault::Lock { path, tried, source }
    };
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(fault(Tried::Open))?;
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(mut file) => {
            file.set_len(0)
                .and_then(|()| file.rewind())
                .and_then(|()| writeln!(file, "{}", std::process::id()))
                .map_err(fault(Tried::Write))?;
            Ok(Lock(file))
        }
        Err((mut file, Errno::EWOULDBLOCK)) => {
            let mut pid = String::new();
            let _ = file.read_to_string(&mut pid);
            Err(StartFault::Running {
                pid: pid.trim().to_owned(),
                lock: path,
            })
        }
        Err((_, error)) => Err(fault(Tried::Lock)(error.into())),
    }
}

fn make_directory(dir: &Path) -> Result<(), StartFault> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o755).create(dir);
    made.map_err(|source| StartFault::Directory {
        path: dir.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Language;
    use crate::words::start_fault;

    #[test]
    fn the_second_names_the_first_and_the_next_succeeds() {
        let dir = tempfile::tempdir().unwrap();
        let first = take(dir.path()).unwrap();
        let refused = take(dir.path()).unwrap_err();
        for (language, begins) in [
            (Language::En, "another autoscaler"),
            (Language::Es, "ya corre otro"),
        ] {
            let told = start_fault(language, &refused);
            let pid = format!("(pid {})", std::process::id());
            assert!(told.starts_with(begins) && told.contains(&pid), "{told}");
        }
        drop(first);
        take(dir.path()).unwrap();
    }
}
