//! The configuration file: found, trusted, read, and only then parsed.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::libc;

use super::parse::{Loaded, parse};
use super::trust::{self, FileId};
use crate::model::{Distrust, LoadError};

/// Largest configuration file, in bytes: a thousand projects fit many times.
const MAX_BYTES: u64 = 1 << 20;

/// How often a file that is replaced while it is looked at, as an editor does when it saves, is looked at anew.
const TRIES: usize = 3;

/// Loads the configuration at `path`. As root, only from a file that nobody else may write.
pub fn load(path: &Path) -> Result<Loaded, LoadError> {
    let file = if nix::unistd::geteuid().is_root() {
        open_trusted(path)?
    } else {
        open(path)?
    };
    let text = text(file, path)?;
    Ok(parse(&path.display().to_string(), &text)?)
}

/// Opens the very file that was found to be root's.
fn open_trusted(path: &Path) -> Result<File, LoadError> {
    for _ in 0..TRIES {
        let checked = trust::check(path, |uid| uid == 0)?;
        let file = open(path)?;
        let opened = file.metadata().map_err(|source| LoadError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        if checked == Some(FileId::of(&opened)) {
            return Ok(file);
        }
    }
    Err(Distrust::Replaced {
        path: path.to_owned(),
    }
    .into())
}

/// Reads the text of the configuration at `path`, whoever may write it: for what gives no orders.
pub fn read(path: &Path) -> Result<String, LoadError> {
    text(open(path)?, path)
}

fn text(file: File, path: &Path) -> Result<String, LoadError> {
    let own = || path.to_owned();
    let mut bytes = Vec::new();
    // One byte more than allowed tells a file that is too large, whatever its metadata says.
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| LoadError::Unreadable { path: own(), source })?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(LoadError::TooLarge {
            path: own(),
            most_kib: MAX_BYTES >> 10,
        });
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = String::from_utf8_lossy(&error.as_bytes()[..valid])
            .matches('\n')
            .count()
            + 1;
        LoadError::NotUtf8 { path: own(), line }
    })?;
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Err(LoadError::Empty { path: own() });
    }
    Ok(text)
}

fn open(path: &Path) -> Result<File, LoadError> {
    let own = || path.to_owned();
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => LoadError::NotFound { path: own() },
        _ => LoadError::Unreadable { path: own(), source },
    };
    // Without O_NONBLOCK a named pipe would hold the daemon until somebody writes to it.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)
        .map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_file() {
        Ok(file)
    } else {
        Err(LoadError::NotAFile { path: own() })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::model::Language;
    use crate::words::load_error;

    fn error(path: &Path) -> String {
        load_error(Language::En, &load(path).unwrap_err())
    }

    #[test]
    fn each_bad_file_is_named_with_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.json");
        assert!(error(&path).contains("no such file"), "{}", error(&path));
        assert!(error(dir.path()).contains("no regular file"));
        fs::write(&path, " \n").unwrap();
        assert!(error(&path).contains("is empty"));
        fs::write(&path, b"{\n\n\"\xff\"}").unwrap();
        assert!(
            error(&path).contains("config.json:3: it is not UTF-8"),
            "{}",
            error(&path)
        );
        fs::write(&path, " ".repeat(1 << 20) + "{}").unwrap();
        assert!(error(&path).contains("larger than 1024 KiB"));
        fs::write(&path, "\u{feff}{\"a\": 1}").unwrap();
        assert!(
            error(&path).starts_with(&format!("{}:1:7: ", path.display())),
            "{}",
            error(&path)
        );
        for message in [error(&path), error(dir.path())] {
            assert!(message.starts_with(&dir.path().display().to_string()));
        }
    }

    #[test]
    fn a_named_pipe_does_not_hold_the_reader() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pipe");
        nix::unistd::mkfifo(
            &path,
            nix::sys::stat::Mode::S_IRUSR | nix::sys::stat::Mode::S_IWUSR,
        )
        .unwrap();
        assert!(error(&path).contains("no regular file"));
    }

    #[test]
    fn a_good_file_loads() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.json");
        fs::write(
            &path,
            "\u{feff}{\"a\": {\"max_workers\": 2, \"cpu_thresholds\": {\"scale_up_2\": 60}}}",
        )
        .unwrap();
        assert!(load(&path).unwrap().config.projects.contains_key("a"));
    }
}
