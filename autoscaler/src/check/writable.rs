//! Whether a file could be written, without writing it.

use std::io;
use std::path::Path;

use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::unistd::{AccessFlags, faccessat};

/// Whether this process could write `path`, or make it with the directories it lacks: `faccessat(2)` of the file, or
/// of the nearest directory above it that exists.
pub(super) fn writable(path: &Path) -> io::Result<()> {
    let exists = |path: &&Path| path.symlink_metadata().is_ok();
    let there = path.ancestors().find(exists).unwrap_or(Path::new("/"));
    let mode = if there == path {
        AccessFlags::W_OK
    } else if there.is_dir() {
        AccessFlags::W_OK | AccessFlags::X_OK
    } else {
        return Err(io::Error::from(io::ErrorKind::NotADirectory));
    };
    faccessat(AT_FDCWD, there, mode, AtFlags::AT_EACCESS)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_and_directories_that_are_missing_could_be_made_below_one_that_is_there() {
        let dir = tempfile::tempdir().unwrap();
        writable(&dir.path().join("a/b/file")).unwrap();
        assert!(
            dir.path().read_dir().unwrap().next().is_none(),
            "nothing was made"
        );
        std::fs::write(dir.path().join("file"), "").unwrap();
        writable(&dir.path().join("file")).unwrap();
        let error = writable(&dir.path().join("file/below")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotADirectory);
    }

    #[test]
    fn what_takes_no_writes_is_refused() {
        // A sysctl's mode holds for root, too: `proc_sys_permission` in fs/proc/proc_sysctl.c.
        let error = writable(Path::new("/proc/sys/kernel/osrelease")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    }
}
