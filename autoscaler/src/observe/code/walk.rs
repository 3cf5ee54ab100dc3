//! The newest file of code below a directory.

use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Most entries that one look visits, and the longest that it takes: a step waits for it. What lies beyond is not seen.
const MOST: usize = 20_000;
const LONGEST: Duration = Duration::from_secs(1);

/// Directories that hold no code of the application's own.
const OTHERS: &[&str] = &["__pycache__", "node_modules", "site-packages"];

/// What Python and Ruby read at the boot of a worker.
const CODE: &[&str] = &["py", "so", "rb"];

/// A look at directories of code.
#[derive(Debug)]
pub(super) struct Walk {
    newest: Option<(SystemTime, PathBuf)>,
    /// Device and inode of the directories that were entered.
    entered: HashSet<(u64, u64)>,
    left: usize,
    end: Instant,
}

impl Default for Walk {
    fn default() -> Self {
        Self {
            newest: None,
            entered: HashSet::new(),
            left: MOST,
            end: Instant::now() + LONGEST,
        }
    }
}

impl Walk {
    /// What changed last, and when.
    pub(super) fn newest(&self) -> Option<(SystemTime, &Path)> {
        self.newest.as_ref().map(|(at, path)| (*at, path.as_path()))
    }

    /// Every file of code in the directory `at` and below it. `shown` is its path as the application sees it.
    pub(super) fn below(&mut self, at: &Path, shown: &Path) {
        let Ok(directory) = fs::metadata(at) else { return };
        if !directory.is_dir() || !self.entered.insert((directory.dev(), directory.ino())) {
            return;
        }
        let Ok(entries) = fs::read_dir(at) else { return };
        for entry in entries.flatten() {
            if self.left == 0 || Instant::now() > self.end {
                return;
            }
            self.left -= 1;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let (path, shown) = (entry.path(), shown.join(&*name));
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                let own = !name.starts_with('.') && !OTHERS.contains(&&*name);
                // A virtual environment within the working directory.
                if own && !path.join("pyvenv.cfg").exists() {
                    self.below(&path, &shown);
                }
            } else if Path::new(&*name)
                .extension()
                .is_some_and(|ending| CODE.iter().any(|code| ending == *code))
            {
                self.one(&path, &shown);
            }
        }
    }

    /// The one entry `at`, a symbolic link itself and not what it leads to.
    pub(super) fn one(&mut self, at: &Path, shown: &Path) {
        if let Ok(entry) = fs::symlink_metadata(at) {
            let changed = changed(&entry);
            if self.newest.as_ref().is_none_or(|(newest, _)| changed > *newest) {
                self.newest = Some((changed, shown.to_owned()));
            }
        }
    }
}

/// When the inode last changed.
fn changed(entry: &Metadata) -> SystemTime {
    let seconds = u64::try_from(entry.ctime()).unwrap_or_default();
    let nanoseconds = u32::try_from(entry.ctime_nsec()).unwrap_or_default();
    UNIX_EPOCH + Duration::new(seconds, nanoseconds)
}
