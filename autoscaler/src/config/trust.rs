//! Who may write the configuration. It tells a root daemon which processes to signal, so nobody but root may:
//! neither the file, nor a directory or symbolic link on the way to it.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use crate::model::Distrust;

/// Most symbolic links that are followed: `MAXSYMLINKS` of the kernel, `path_resolution(7)`.
const MAX_LINKS: usize = 40;

/// Bits of write permission for group and others.
const OTHERS_WRITE: u32 = 0o022;

/// The sticky bit: in such a directory only its owner and an entry's owner may rename that entry, unlink(2).
const STICKY: u32 = 0o1000;

/// A file, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }
}

/// Checks the file at `path` and everything on the way to it; `trusted` says whose word counts. Walks the path as
/// the kernel does, `path_resolution(7)`: each name is looked up in a directory that was checked before.
///
/// Gives the file that was checked, which alone may be read: what is opened later under the same name may be
/// another. `None` for what cannot be looked at: the opening of the file says why.
pub(super) fn check(path: &Path, trusted: impl Fn(u32) -> bool) -> Result<Option<FileId>, Distrust> {
    let Ok(absolute) = std::path::absolute(path) else {
        return Ok(None);
    };
    let mut to_come = names(&absolute);
    let mut directory = PathBuf::from("/");
    let mut links = 0;
    while let Some(name) = to_come.pop_front() {
        if name == OsStr::new("..") {
            directory.pop();
            continue;
        }
        check_directory(path, &directory, &trusted)?;
        let entry = directory.join(&name);
        let Ok(metadata) = fs::symlink_metadata(&entry) else {
            return Ok(None);
        };
        let is_last = to_come.is_empty();
        // Of a directory the same is asked when the next name is looked up in it.
        if (is_last || metadata.is_symlink()) && !trusted(metadata.uid()) {
            return Err(Distrust::Owner {
                path: entry,
                uid: metadata.uid(),
            });
        }
        if metadata.is_symlink() {
            links += 1;
            let (Ok(target), true) = (fs::read_link(&entry), links <= MAX_LINKS) else {
                return Ok(None);
            };
            if target.is_absolute() {
                directory = PathBuf::from("/");
            }
            let mut onward = names(&target);
            onward.append(&mut to_come);
            to_come = onward;
        } else if is_last {
            if metadata.mode() & OTHERS_WRITE != 0 {
                return Err(Distrust::Writable {
                    path: entry,
                    mode: permissions(&metadata),
                });
            }
            return Ok(Some(FileId::of(&metadata)));
        } else {
            directory = entry;
        }
    }
    Ok(None)
}

/// The names that a path is looked up by, one after the other.
fn names(path: &Path) -> VecDeque<OsString> {
    path.components()
        .filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir))
        .map(|part| part.as_os_str().to_owned())
        .collect()
}

fn check_directory(path: &Path, directory: &Path, trusted: &impl Fn(u32) -> bool) -> Result<(), Distrust> {
    let Ok(metadata) = fs::symlink_metadata(directory) else {
        return Ok(());
    };
    let shared = metadata.mode() & OTHERS_WRITE != 0 && metadata.mode() & STICKY == 0;
    if shared || !trusted(metadata.uid()) {
        return Err(Distrust::Directory {
            path: path.to_owned(),
            directory: directory.to_owned(),
            uid: metadata.uid(),
            mode: permissions(&metadata),
        });
    }
    Ok(())
}

fn permissions(metadata: &Metadata) -> u32 {
    metadata.mode() & 0o7777
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::model::Language;
    use crate::words::load_error;

    /// Trusts root, and whoever runs the test.
    fn verdict(path: &Path) -> Result<(), Distrust> {
        checked(path).map(drop)
    }

    fn checked(path: &Path) -> Result<Option<FileId>, Distrust> {
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
                load_error(Language::En, &refused.into())
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
    #[test]
    fn a_linked_directory_on_the_way_is_looked_at_like_a_linked_file() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        let open = base.join("open");
        for made in [&open, &base.join("trusted"), &base.join("trusted/below")] {
            fs::create_dir(made).unwrap();
        }
        let file = base.join("trusted/config.json");
        fs::write(&file, "{}").unwrap();
        set_mode(&file, 0o600);
        set_mode(&open, 0o777);
        symlink("../trusted", open.join("dir")).unwrap();
        let path = open.join("dir/config.json");
        let refused = verdict(&path).unwrap_err();
        assert!(
            matches!(&refused, Distrust::Directory { path: named, directory, .. } if *directory == open && *named == path),
            "whoever may write {open:?} may point dir elsewhere: {refused:?}"
        );
        set_mode(&open, 0o755);
        let id = FileId::of(&fs::metadata(&file).unwrap());
        assert_eq!(checked(&path), Ok(Some(id)));
        symlink("trusted/below", base.join("deep")).unwrap();
        assert_eq!(
            checked(&base.join("deep/../config.json")),
            Ok(Some(id)),
            ".. of where the link leads"
        );
        assert_eq!(checked(&base.join("none/config.json")), Ok(None));
    }
}
