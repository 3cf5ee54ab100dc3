//! The cgroup directories below one root, kept from pass to pass.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::host::usage::CgroupId;

/// Where a cgroup is.
#[derive(Debug, PartialEq, Eq)]
pub struct Place {
    /// Its directory, absolute.
    pub dir: PathBuf,
    /// Its path from the cgroup2 mount, `/` for the mount itself.
    pub path: String,
}

impl Place {
    /// The last component of the path; `/` for the mount itself.
    #[must_use]
    pub fn name(&self) -> &str {
        match self.path.rsplit('/').next() {
            Some(name) if !name.is_empty() => name,
            _ => "/",
        }
    }
}

/// The cgroup directories at and below one root.
#[derive(Debug)]
pub struct Hierarchy {
    root: Dir,
    /// Cgroups below the root.
    known: u64,
    /// Refreshes since the directories were looked at.
    trusted: u32,
}

/// Refreshes that may go by without a look at the directories.
const TRUST: u32 = 30;

#[derive(Debug)]
struct Dir {
    place: Arc<Place>,
    id: CgroupId,
    children: Vec<Dir>,
}

impl Hierarchy {
    /// The hierarchy rooted at `dir`, a directory of the cgroup2 file system mounted at `mount`.
    ///
    /// # Errors
    /// When `dir` cannot be read.
    pub fn new(mount: &Path, dir: &Path) -> io::Result<Self> {
        let below = dir.strip_prefix(mount).unwrap_or(Path::new(""));
        let place = Place {
            dir: dir.to_owned(),
            path: format!("/{}", below.to_string_lossy()),
        };
        let mut root = Dir::new(place);
        root.refresh(&mut false)?;
        let known = root.count() - 1;
        Ok(Self {
            root,
            known,
            trusted: 0,
        })
    }

    /// Brings it up to date with the host. False when it is as it was.
    ///
    /// While the kernel counts as many cgroups below the root as are known, and none of those is `missing`, no
    /// directory is looked at: one that came would need another that went. One that went without ever having run is
    /// not missed by the kernel program: so they are looked at now and then all the same.
    ///
    /// # Errors
    /// When the root is gone or unreadable.
    pub fn refresh(&mut self, missing: bool) -> io::Result<bool> {
        self.trusted += 1;
        if !missing && self.trusted < TRUST && self.descendants().is_some_and(|count| count == self.known) {
            return Ok(false);
        }
        self.trusted = 0;
        let mut changed = false;
        self.root.refresh(&mut changed)?;
        self.known = self.root.count() - 1;
        Ok(changed)
    }

    /// `nr_descendants` of cgroup.stat: the living cgroups below the root.
    fn descendants(&self) -> Option<u64> {
        let text = fs::read_to_string(self.root.place.dir.join("cgroup.stat")).ok()?;
        text.lines()
            .find_map(|line| line.strip_prefix("nr_descendants ")?.trim().parse().ok())
    }

    /// Calls `visit` with each cgroup, its parent's number before it: numbers count up from 0 in the order of
    /// the calls.
    pub fn for_each(&self, mut visit: impl FnMut(Option<usize>, CgroupId, &Arc<Place>)) {
        fn walk(
            dir: &Dir,
            parent: Option<usize>,
            next: &mut usize,
            visit: &mut impl FnMut(Option<usize>, CgroupId, &Arc<Place>),
        ) {
            let own = *next;
            *next += 1;
            visit(parent, dir.id, &dir.place);
            for child in &dir.children {
                walk(child, Some(own), next, visit);
            }
        }
        walk(&self.root, None, &mut 0, &mut visit);
    }
}

impl Dir {
    fn new(place: Place) -> Self {
        Self {
            place: Arc::new(place),
            id: 0,
            children: Vec::new(),
        }
    }

    /// This directory and all below it.
    fn count(&self) -> u64 {
        1 + self.children.iter().map(Self::count).sum::<u64>()
    }

    /// Looks at this directory and all below it. A cgroup directory has two links and one more for each
    /// directory in it (fs/kernfs/inode.c, `kernfs_refresh_inode`), so most are not listed at all: one stat
    /// of a leaf tells that it is one. False when this is not the directory it was. Whether anything is not as it was goes into
    /// `changed`.
    fn refresh(&mut self, changed: &mut bool) -> io::Result<bool> {
        let metadata = fs::metadata(&self.place.dir)?;
        let same = self.id == metadata.ino();
        self.id = metadata.ino();
        *changed |= !same;
        let listed = metadata.nlink().checked_sub(2) == Some(self.children.len() as u64);
        if !(same || self.children.is_empty()) || !listed {
            self.list(changed)?;
        }
        if !self.refresh_children(changed) {
            // One went and another came: the count alone did not tell.
            self.list(changed)?;
            self.refresh_children(changed);
        }
        Ok(same)
    }

    /// False when a child was not what it had been.
    fn refresh_children(&mut self, changed: &mut bool) -> bool {
        let mut all_there = true;
        self.children.retain_mut(|child| {
            let fresh = child.id == 0;
            let found = child.refresh(changed);
            all_there &= fresh || matches!(found, Ok(true));
            // A cgroup that vanished, or that this user may not look into, is not shown.
            *changed |= found.is_err();
            found.is_ok()
        });
        all_there
    }

    fn list(&mut self, changed: &mut bool) -> io::Result<()> {
        *changed = true;
        let mut known = std::mem::take(&mut self.children);
        for entry in fs::read_dir(&self.place.dir)? {
            let entry = entry?;
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            let dir = entry.path();
            let child = match known.iter().position(|child| child.place.dir == dir) {
                Some(index) => known.swap_remove(index),
                None => Self::new(Place {
                    path: format!(
                        "{}/{}",
                        self.place.path.trim_end_matches('/'),
                        entry.file_name().to_string_lossy()
                    ),
                    dir,
                }),
            };
            self.children.push(child);
        }
        self.children
            .sort_unstable_by(|left, right| left.place.dir.cmp(&right.place.dir));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(tree: &Hierarchy) -> Vec<(Option<usize>, String)> {
        let mut all = Vec::new();
        tree.for_each(|parent, _, place| all.push((parent, place.path.clone())));
        all
    }

    #[test]
    fn follows_directories_that_come_and_go() {
        let mount = tempfile::tempdir().unwrap();
        let dir = |path: &str| mount.path().join(path);
        fs::create_dir_all(dir("system.slice/b.service")).unwrap();
        fs::create_dir_all(dir("system.slice/a.service")).unwrap();
        fs::write(dir("cgroup.procs"), "").unwrap();
        let mut tree = Hierarchy::new(mount.path(), mount.path()).unwrap();
        assert_eq!(
            paths(&tree),
            [
                (None, "/".to_owned()),
                (Some(0), "/system.slice".to_owned()),
                (Some(1), "/system.slice/a.service".to_owned()),
                (Some(1), "/system.slice/b.service".to_owned()),
            ]
        );

        // As many as before, but not the same ones.
        fs::remove_dir(dir("system.slice/a.service")).unwrap();
        fs::create_dir(dir("system.slice/c.service")).unwrap();
        assert!(tree.refresh(true).unwrap());
        assert_eq!(paths(&tree)[2].1, "/system.slice/b.service");
        assert_eq!(paths(&tree)[3].1, "/system.slice/c.service");

        fs::remove_dir_all(dir("system.slice")).unwrap();
        assert!(tree.refresh(true).unwrap());
        assert_eq!(paths(&tree).len(), 1);
    }

    #[test]
    fn nothing_is_looked_at_while_the_kernel_counts_as_many() {
        let mount = tempfile::tempdir().unwrap();
        let dir = |path: &str| mount.path().join(path);
        fs::create_dir(dir("a")).unwrap();
        fs::write(dir("cgroup.stat"), "nr_descendants 1\nnr_dying_descendants 5\n").unwrap();
        let mut tree = Hierarchy::new(mount.path(), mount.path()).unwrap();
        assert!(!tree.refresh(false).unwrap());
        fs::create_dir(dir("b")).unwrap();
        fs::write(dir("cgroup.stat"), "nr_descendants 2\n").unwrap();
        assert!(tree.refresh(false).unwrap());
        assert_eq!(paths(&tree).len(), 3);
        assert!(!tree.refresh(false).unwrap());

        // One for another: the count is the same.
        fs::remove_dir(dir("b")).unwrap();
        fs::create_dir(dir("c")).unwrap();
        while !tree.refresh(false).unwrap() {}
        assert_eq!(paths(&tree)[2].1, "/c");
    }

    #[test]
    fn a_subtree_keeps_its_path_from_the_mount() {
        let mount = tempfile::tempdir().unwrap();
        let dir = mount.path().join("a/b");
        fs::create_dir_all(dir.join("c")).unwrap();
        let tree = Hierarchy::new(mount.path(), &dir).unwrap();
        assert_eq!(paths(&tree)[0].1, "/a/b");
        assert_eq!(paths(&tree)[1].1, "/a/b/c");
    }

    #[test]
    fn a_root_that_is_gone_is_an_error() {
        let mount = tempfile::tempdir().unwrap();
        let dir = mount.path().join("gone");
        assert!(Hierarchy::new(mount.path(), &dir).is_err());
    }

    #[test]
    fn names() {
        let name = |path: &str| {
            let place = Place {
                dir: PathBuf::new(),
                path: path.to_owned(),
            };
            place.name().to_owned()
        };
        assert_eq!(name("/"), "/");
        assert_eq!(name("/a/b.service"), "b.service");
    }
}
