//! One daemon at a time: two would pull the same workers in two directions.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use nix::fcntl::{Flock, FlockArg};

/// Held for as long as the daemon lives; the kernel lets go of it even after kill -9.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "held for its lock")] Flock<File>);

/// Takes the lock in `dir`, which is made if it is missing.
///
/// # Errors
/// When another daemon holds it (the message names its pid), or when `dir` cannot be written.
pub(super) fn take(dir: &Path) -> Result<Lock> {
    make_directory(dir)?;
    let path = dir.join("daemon.lock");
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .with_context(|| format!("{} cannot be opened", path.display()))?;
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(mut file) => {
            file.set_len(0)
                .and_then(|()| file.rewind())
                .and_then(|()| writeln!(file, "{}", std::process::id()))
                .with_context(|| format!("{} cannot be written", path.display()))?;
            Ok(Lock(file))
        }
        Err((mut file, nix::errno::Errno::EWOULDBLOCK)) => {
            let mut pid = String::new();
            let _ = file.read_to_string(&mut pid);
            bail!(
                "another autoscaler is running (pid {}); it holds {}",
                pid.trim(),
                path.display()
            )
        }
        Err((_, error)) => Err(error).with_context(|| format!("{} cannot be locked", path.display())),
    }
}

fn make_directory(dir: &Path) -> Result<()> {
    match fs::DirBuilder::new().recursive(true).mode(0o755).create(dir) {
        Ok(()) => Ok(()),
        Err(error) => Err(error).with_context(|| {
            format!(
                "the runtime directory {} cannot be made; name another with --runtime-dir",
                dir.display()
            )
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_names_the_first_and_the_next_succeeds() {
        let dir = tempfile::tempdir().unwrap();
        let first = take(dir.path()).unwrap();
        let refused = take(dir.path()).unwrap_err().to_string();
        assert!(
            refused.contains(&format!("pid {}", std::process::id())),
            "{refused}"
        );
        drop(first);
        take(dir.path()).unwrap();
    }
}
