//! Files that the kernel writes as they are read: those of procfs and of the cgroup file system.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Most files of a process or a cgroup are shorter: one read has all of it.
const USUAL: usize = 4096;

/// The whole of such a file, whatever its bytes.
///
/// Its size is not known before: stat(2) says 0. `std::fs::read` therefore begins with 32 bytes and doubles: it takes eight reads
/// for a `/proc/PID/status`. This takes two, the second of which finds the end.
///
/// # Errors
/// Those of open(2) and read(2).
pub(crate) fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(USUAL);
    // Through `take`, as for a bare file the size would be asked for.
    File::open(path)?.take(u64::MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The same, of a file that is text.
///
/// # Errors
/// As [`bytes`], and `InvalidData` where it is not UTF-8.
pub(crate) fn text(path: &Path) -> io::Result<String> {
    String::from_utf8(bytes(path)?).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_longer_than_usual_is_read_whole() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for length in [0, 1, USUAL - 1, USUAL, USUAL + 1, 10 * USUAL] {
            let written: Vec<u8> = (0..=250).cycle().take(length).collect();
            std::fs::write(file.path(), &written).unwrap();
            assert_eq!(bytes(file.path()).unwrap(), written);
        }
    }

    #[test]
    fn what_is_no_text_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), [0xff]).unwrap();
        assert_eq!(text(file.path()).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
