//! Whether a file could be written, without writing it.

use std::io;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::sys::statvfs::statvfs;
use nix::unistd::{AccessFlags, faccessat, geteuid};

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

/// Whether there is room for `bytes` more at `path`, or where it would be made: `statvfs(3)`. Blocks that are kept for
/// root count for who is root. A file system that counts no blocks has room.
///
/// # Errors
/// `ENOSPC` where there is none, or that of the look.
pub(super) fn has_room(path: &Path, bytes: u64) -> io::Result<()> {
    let exists = |path: &&Path| path.exists();
    let there = path.ancestors().find(exists).unwrap_or(Path::new("/"));
    let room = statvfs(there)?;
    let blocks = if geteuid().is_root() {
        room.blocks_free()
    } else {
        room.blocks_available()
    };
    let none_counted = room.blocks() == 0;
    if none_counted || blocks.saturating_mul(room.fragment_size()) >= bytes {
        return Ok(());
    }
    Err(io::Error::from_raw_os_error(Errno::ENOSPC as i32))
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
    fn a_file_system_without_blocks_to_give_has_no_room() {
        let dir = tempfile::tempdir().unwrap();
        has_room(&dir.path().join("a/b/file"), 1).unwrap();
        let error = has_room(dir.path(), u64::MAX).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        has_room(Path::new("/proc/version"), u64::MAX).unwrap();
    }

    #[test]
    fn what_takes_no_writes_is_refused() {
        // A sysctl's mode holds for root, too: `proc_sys_permission` in fs/proc/proc_sysctl.c.
        let error = writable(Path::new("/proc/sys/kernel/osrelease")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    }
}
