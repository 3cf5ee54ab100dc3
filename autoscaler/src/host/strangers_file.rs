//! A file at a path that a process of any user may have named: nothing that waits or never ends is read.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use nix::fcntl::OFlag;

/// The first `most` bytes of the file at `path`; `None` where it is a directory, device, pipe or socket.
///
/// A pipe would hold the daemon until somebody writes into it, and a device such as `/dev/zero` has no end.
///
/// # Errors
/// When it cannot be opened or read.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    let file = File::options()
        .read(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Ok(None);
    }
    let mut content = Vec::new();
    file.take(most).read_to_end(&mut content)?;
    Ok(Some(content))
}

#[cfg(test)]
mod tests {
    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;

    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_bound_and_nothing_else_is() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("file"), "abcdef").unwrap();
        assert_eq!(read(&at("file"), 4).unwrap().unwrap(), b"abcd");
        mkfifo(&at("pipe"), Mode::S_IRWXU).unwrap();
        for other in [at("pipe"), "/dev/zero".into(), at("")] {
            assert_eq!(read(&other, 4).unwrap(), None, "{}", other.display());
        }
        assert_eq!(read(&at("none"), 4).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
