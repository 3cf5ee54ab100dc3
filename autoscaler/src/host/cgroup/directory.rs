//! One cgroup's directory, checked once so that nothing after it has to.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use crate::host::cgroup::CgroupMount;
use crate::host::usage::CgroupId;
use crate::model::CgroupError;

/// An existing cgroup below a [`CgroupMount`], never the mount itself and never outside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cgroup {
    mount: PathBuf,
    path: PathBuf,
    id: CgroupId,
}

impl Cgroup {
    pub(super) fn open(mount: &CgroupMount, asked: &Path) -> Result<Self, CgroupError> {
        let outside = || CgroupError::Outside {
            path: asked.to_owned(),
            mount: mount.path().to_owned(),
        };
        let mut path = mount.path().to_owned();
        for part in asked.strip_prefix(mount.path()).unwrap_or(asked).components() {
            match part {
                Component::Normal(name) => path.push(name),
                Component::RootDir | Component::CurDir => {}
                Component::ParentDir | Component::Prefix(_) => return Err(outside()),
            }
        }
        if path == mount.path() {
            return Err(outside());
        }
        let root = metadata(mount.path())?;
        let found = metadata(&path)?;
        if !found.is_dir() || found.is_symlink() {
            return Err(CgroupError::NotFound { path });
        }
        // Another file system mounted over a part of the hierarchy is no cgroup.
        if found.dev() != root.dev() {
            return Err(outside());
        }
        Ok(Self {
            mount: mount.path().to_owned(),
            path,
            id: found.ino(),
        })
    }

    /// The cgroup's directory, absolute.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The inode number of the directory when it was opened. The kernel calls the same number `kn->id`
    /// (include/linux/kernfs.h), and never gives it to a later cgroup.
    #[must_use]
    pub fn id(&self) -> CgroupId {
        self.id
    }

    /// The cgroup's path as /proc/PID/cgroup and systemd write it: from the mount, with a leading slash.
    #[must_use]
    pub fn name(&self) -> String {
        let below = self.path.strip_prefix(&self.mount).unwrap_or(&self.path);
        format!("/{}", below.display())
    }

    /// Whether `cgroup`, as /proc/PID/cgroup writes it, is this cgroup or one below it.
    #[must_use]
    pub fn contains(&self, cgroup: &str) -> bool {
        Path::new(cgroup).starts_with(self.name())
    }

    /// The directories from this cgroup up to, and without, the mount: nearest first.
    pub(super) fn with_ancestors(&self) -> impl Iterator<Item = &Path> {
        self.path
            .ancestors()
            .take_while(|path| *path != self.mount.as_path())
    }
}

fn metadata(path: &Path) -> Result<std::fs::Metadata, CgroupError> {
    std::fs::symlink_metadata(path).map_err(|source| {
        // A file in place of a directory on the way (ENOTDIR) is as little a cgroup as nothing there.
        if matches!(
            source.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
        ) {
            CgroupError::NotFound {
                path: path.to_owned(),
            }
        } else {
            CgroupError::Unreadable {
                path: path.to_owned(),
                source: source.into(),
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture() -> (tempfile::TempDir, CgroupMount) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("system.slice/a.service")).unwrap();
        let mount = CgroupMount::at(dir.path());
        (dir, mount)
    }

    #[test]
    fn three_ways_to_write_a_path_name_one_cgroup() {
        let (dir, mount) = fixture();
        let name = Path::new("system.slice/a.service");
        let cgroup = mount.open(name).unwrap();
        assert_eq!(cgroup.path(), dir.path().join(name));
        assert_eq!(cgroup.name(), "/system.slice/a.service");
        assert_eq!(mount.open(&Path::new("/").join(name)).unwrap(), cgroup);
        assert_eq!(mount.open(&dir.path().join(name)).unwrap(), cgroup);
    }

    #[test]
    fn no_path_leaves_the_mount_nor_names_its_root() {
        let (_dir, mount) = fixture();
        for path in ["..", "system.slice/../../x", "/../etc", "", "/", "."] {
            assert!(
                matches!(mount.open(Path::new(path)), Err(CgroupError::Outside { .. })),
                "{path:?}"
            );
        }
    }

    #[test]
    fn a_link_out_of_the_tree_is_no_cgroup() {
        let (dir, mount) = fixture();
        std::os::unix::fs::symlink("/etc", dir.path().join("link")).unwrap();
        assert!(matches!(
            mount.open(Path::new("link")),
            Err(CgroupError::NotFound { .. })
        ));
    }

    #[test]
    fn another_file_system_over_the_tree_is_outside() {
        let mount = CgroupMount::at("/");
        assert!(matches!(
            mount.open(Path::new("proc")),
            Err(CgroupError::Outside { .. })
        ));
    }

    #[test]
    fn a_missing_cgroup_is_named() {
        let (_dir, mount) = fixture();
        let error = mount.open(Path::new("gone")).unwrap_err();
        assert!(matches!(error, CgroupError::NotFound { .. }));
        assert!(error.to_string().contains("gone"));
    }

    #[test]
    fn a_cgroup_contains_itself_and_what_is_below() {
        let (_dir, mount) = fixture();
        let cgroup = mount.open(Path::new("system.slice/a.service")).unwrap();
        assert!(cgroup.contains("/system.slice/a.service"));
        assert!(cgroup.contains("/system.slice/a.service/workers"));
        assert!(!cgroup.contains("/system.slice/a.service2"));
        assert!(!cgroup.contains("/system.slice/a.service (deleted)"));
        assert!(!cgroup.contains("/system.slice"));
    }

    #[test]
    fn the_id_is_the_inode() {
        let (_dir, mount) = fixture();
        let cgroup = mount.open(Path::new("system.slice")).unwrap();
        let inode = std::fs::metadata(cgroup.path()).unwrap().ino();
        assert_eq!(cgroup.id(), inode);
    }
}
