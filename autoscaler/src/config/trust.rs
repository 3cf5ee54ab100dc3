//! Who may write the configuration. It tells a root daemon which processes to signal, so nobody but root may:
//! neither the file, nor a directory or symbolic link on the way to it.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Most symbolic links that are followed: `MAXSYMLINKS` of the kernel, `path_resolution(7)`.
const MAX_LINKS: usize = 40;

/// Bits of write permission for group and others.
const OTHERS_WRITE: u32 = 0o022;

/// The sticky bit: in such a directory only its owner and an entry's owner may rename that entry, unlink(2).
const STICKY: u32 = 0o1000;

/// Somebody other than root could change the configuration. The message holds the command that mends it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// The file or link belongs to another user.
    #[error(
        "{}: it belongs to user {uid}, and a root daemon takes orders from root alone. Mend it: sudo chown root:root '{}'",
        path.display(), path.display()
    )]
    Owner {
        /// The file.
        path: PathBuf,
        /// Its owner.
        uid: u32,
    },
    /// The file may be written by its group or by everybody.
    #[error(
        "{}: others than root may write it (mode {mode:04o}), and a root daemon takes orders from root alone. \
         Mend it: sudo chmod go-w '{}'",
        path.display(), path.display()
    )]
    Writable {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A directory on the way lets others put another file in its place.
    #[error(
        "{}: others than root may replace it, because of its directory {} (user {uid}, mode {mode:04o}), and a root \
         daemon takes orders from root alone. Keep it where only root writes: \
         sudo install -D -o root -g root -m 0644 '{}' {}",
        path.display(), directory.display(), path.display(), super::DEFAULT_PATH
    )]
    Directory {
        /// The file or link in it.
        path: PathBuf,
        /// The directory.
        directory: PathBuf,
        /// The directory's owner.
        uid: u32,
        /// The directory's permission bits.
        mode: u32,
    },
}

/// Checks the file at `path` and everything on the way to it; `trusted` says whose word counts.
/// What cannot be looked at is left to the opening of the file, which says so better.
pub(super) fn check(path: &Path, trusted: impl Fn(u32) -> bool) -> Result<(), Distrust> {
    let mut hop = path.to_owned();
    for _ in 0..MAX_LINKS {
        let (Some(directory), Some(name)) = (directory_of(&hop), hop.file_name()) else {
            return Ok(());
        };
        let entry = directory.join(name);
        let Ok(metadata) = fs::symlink_metadata(&entry) else {
            return Ok(());
        };
        check_directories(&entry, &directory, &trusted)?;
        if !trusted(metadata.uid()) {
            return Err(Distrust::Owner {
                path: entry,
                uid: metadata.uid(),
            });
        }
        if metadata.is_symlink() {
            let Ok(target) = fs::read_link(&entry) else {
                return Ok(());
            };
            hop = directory.join(target);
            continue;
        }
        if metadata.mode() & OTHERS_WRITE != 0 {
            return Err(Distrust::Writable {
                path: entry,
                mode: permissions(&metadata),
            });
        }
        return Ok(());
    }
    Ok(())
}

fn check_directories(entry: &Path, directory: &Path, trusted: &impl Fn(u32) -> bool) -> Result<(), Distrust> {
    for directory in directory.ancestors() {
        let Ok(metadata) = fs::metadata(directory) else {
            return Ok(());
        };
        let shared = metadata.mode() & OTHERS_WRITE != 0 && metadata.mode() & STICKY == 0;
        if shared || !trusted(metadata.uid()) {
            return Err(Distrust::Directory {
                path: entry.to_owned(),
                directory: directory.to_owned(),
                uid: metadata.uid(),
                mode: permissions(&metadata),
            });
        }
    }
    Ok(())
}

/// The directory that holds `path`, without symbolic links; `None` when it is not there.
fn directory_of(path: &Path) -> Option<PathBuf> {
    let parent = path.parent()?;
    let parent = if parent.as_os_str().is_empty() {
        Path::new(".")
    } else {
        parent
    };
    parent.canonicalize().ok()
}

fn permissions(metadata: &Metadata) -> u32 {
    metadata.mode() & 0o7777
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    /// Trusts root, and whoever runs the test.
    fn verdict(path: &Path) -> Result<(), Distrust> {
        let own = nix::unistd::geteuid().as_raw();
        check(path, |uid| uid == 0 || uid == own)
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_file_that_others_may_write_is_refused_with_the_command_that_mends_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().canonicalize().unwrap().join("config.json");
        fs::write(&path, "{}").unwrap();
        set_mode(&path, 0o644);
        assert_eq!(verdict(&path), Ok(()));
        for mode in [0o664, 0o646, 0o666] {
            set_mode(&path, mode);
            let refused = verdict(&path).unwrap_err();
            assert_eq!(
                refused,
                Distrust::Writable {
                    path: path.clone(),
                    mode
                }
            );
            assert!(
                refused
                    .to_string()
                    .ends_with(&format!("sudo chmod go-w '{}'", path.display()))
            );
        }
    }

    #[test]
    fn a_file_of_another_user_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().canonicalize().unwrap().join("config.json");
        fs::write(&path, "{}").unwrap();
        set_mode(&path, 0o644);
        let own = nix::unistd::geteuid().as_raw();
        let refused = check(&path, |uid| uid != own).unwrap_err();
        let named =
            matches!(refused, Distrust::Directory { uid, .. } | Distrust::Owner { uid, .. } if uid == own);
        assert!(named, "{refused:?}");
        if own == 0 {
            std::os::unix::fs::chown(&path, Some(65534), None).unwrap();
            assert_eq!(verdict(&path), Err(Distrust::Owner { path, uid: 65534 }));
        }
    }

    #[test]
    fn a_directory_that_others_may_write_is_refused_unless_sticky() {
        let dir = tempfile::tempdir().unwrap();
        let open = dir.path().canonicalize().unwrap().join("open");
        fs::create_dir_all(open.join("below")).unwrap();
        let path = open.join("below/config.json");
        fs::write(&path, "{}").unwrap();
        set_mode(&path, 0o600);
        set_mode(&open, 0o777);
        let refused = verdict(&path).unwrap_err();
        assert!(
            matches!(&refused, Distrust::Directory { directory, .. } if *directory == open),
            "{refused:?}"
        );
        set_mode(&open, 0o1777);
        assert_eq!(verdict(&path), Ok(()));
    }

    #[test]
    fn every_link_on_the_way_is_looked_at() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        let open = base.join("open");
        fs::create_dir(&open).unwrap();
        set_mode(&open, 0o777);
        fs::write(base.join("real.json"), "{}").unwrap();
        set_mode(&base.join("real.json"), 0o600);
        symlink("../real.json", open.join("hop.json")).unwrap();
        symlink("open/hop.json", base.join("config.json")).unwrap();
        let refused = verdict(&base.join("config.json")).unwrap_err();
        assert!(matches!(refused, Distrust::Directory { directory, .. } if directory == open));
        symlink("loop", base.join("loop")).unwrap();
        assert_eq!(
            verdict(&base.join("loop")),
            Ok(()),
            "opening it tells of the loop"
        );
    }
}
