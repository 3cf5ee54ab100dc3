//! Where the cgroup v2 hierarchy is mounted: `/sys/fs/cgroup`, `/sys/fs/cgroup/unified` on hybrid hosts, or
//! wherever somebody put it.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use crate::host::cgroup::Cgroup;
use crate::host::kernel_file;
use crate::host::process::Procfs;
use crate::model::CgroupError;

/// The root directory of a cgroup v2 hierarchy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CgroupMount {
    path: PathBuf,
}

impl CgroupMount {
    /// Finds the hierarchy in `/proc/self/mountinfo` (`proc_pid_mountinfo(5)`).
    ///
    /// # Errors
    /// [`CgroupError::NotMounted`] where there is none.
    pub fn discover(procfs: &Procfs) -> Result<Self, CgroupError> {
        let mountinfo = procfs.root().join("self/mountinfo");
        match kernel_file::bytes(&mountinfo) {
            Ok(bytes) => mounts(&bytes)
                .into_iter()
                .min_by_key(|mount| !mount.whole)
                .map(|mount| Self { path: mount.point })
                .ok_or(CgroupError::NotMounted { mountinfo }),
            Err(source) => Err(CgroupError::Unreadable {
                path: mountinfo,
                source: source.into(),
            }),
        }
    }

    /// A hierarchy at a known place, such as a fixture's.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The mount point.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The existing cgroup at `path`: relative to the mount, with a leading slash as systemd and
    /// /proc/PID/cgroup write it, or the absolute path of its directory.
    ///
    /// # Errors
    /// [`CgroupError::Outside`] for a path with `..`, for the root and for what is mounted over the hierarchy;
    /// [`CgroupError::NotFound`] where there is no directory.
    pub fn open(&self, path: &Path) -> Result<Cgroup, CgroupError> {
        Cgroup::open(self, path)
    }
}

struct Mount {
    point: PathBuf,
    /// Whether it shows the hierarchy from its root: a bind mount of a part comes second.
    whole: bool,
}

/// The cgroup2 mounts that are not hidden by a later mount over them.
fn mounts(mountinfo: &[u8]) -> Vec<Mount> {
    let mut found: Vec<Mount> = Vec::new();
    for line in mountinfo.split(|byte| *byte == b'\n') {
        let fields: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
        // Fields 4 and 5 are root and mount point; the type follows the `-` that ends the optional fields.
        let (Some(root), Some(point)) = (fields.get(3), fields.get(4)) else {
            continue;
        };
        let point = PathBuf::from(OsString::from_vec(unescape(point)));
        found.retain(|earlier| !earlier.point.starts_with(&point));
        let kind = fields.iter().skip(6).skip_while(|field| **field != b"-").nth(1);
        if kind == Some(&b"cgroup2".as_slice()) {
            found.push(Mount {
                point,
                whole: *root == b"/",
            });
        }
    }
    found
}

/// Undoes the octal escapes of space, tab, newline, `#` and backslash (`mangle` in `fs/proc_namespace.c`).
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&first, tail)) = rest.split_first() {
        if first == b'\\'
            && let Some(digits) = tail.get(..3)
            && let Ok(digits) = std::str::from_utf8(digits)
            && let Ok(byte) = u8::from_str_radix(digits, 8)
        {
            bytes.push(byte);
            rest = &tail[3..];
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn discover(mountinfo: &str) -> Result<PathBuf, CgroupError> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("self")).unwrap();
        std::fs::write(dir.path().join("self/mountinfo"), mountinfo).unwrap();
        CgroupMount::discover(&Procfs::at(dir.path())).map(|mount| mount.path)
    }

    #[test]
    fn a_unified_host_mounts_it_at_the_usual_place() {
        let text = "24 30 0:22 / /proc rw,relatime shared:5 - proc proc rw\n\
            30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 master:2 - cgroup2 cgroup2 rw,nsdelegate\n";
        assert_eq!(discover(text).unwrap(), Path::new("/sys/fs/cgroup"));
    }

    #[test]
    fn a_hybrid_host_mounts_it_beside_the_old_controllers() {
        let text = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n\
            32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
            41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
        assert_eq!(discover(text).unwrap(), Path::new("/sys/fs/cgroup/unified"));
    }

    #[test]
    fn a_mount_point_may_hold_escaped_characters() {
        let text = r"30 23 0:26 / /srv/my\040cgroups\134x rw - cgroup2 none rw";
        assert_eq!(discover(text).unwrap(), Path::new(r"/srv/my cgroups\x"));
    }

    #[test]
    fn the_whole_hierarchy_comes_before_a_bind_mount_of_a_part() {
        let text = "30 23 0:26 /a /jail/cgroup rw - cgroup2 none rw\n\
            31 23 0:26 / /sys/fs/cgroup rw - cgroup2 none rw\n";
        assert_eq!(discover(text).unwrap(), Path::new("/sys/fs/cgroup"));
    }

    #[test]
    fn a_hidden_mount_is_passed_over() {
        let text = "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 none rw\n\
            31 23 0:27 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n\
            32 31 0:26 / /sys/fs/cgroup/unified rw - cgroup2 none rw\n";
        assert_eq!(discover(text).unwrap(), Path::new("/sys/fs/cgroup/unified"));
    }

    #[test]
    fn a_host_without_it_says_what_to_do() {
        let error = discover("31 23 0:28 / /sys rw - sysfs sysfs rw\n").unwrap_err();
        assert!(error.to_string().contains("mount -t cgroup2"), "{error}");
    }

    #[test]
    fn this_host_has_one_that_can_be_read() {
        let mount = CgroupMount::discover(&Procfs::default()).unwrap();
        assert!(mount.path().join("cgroup.procs").exists(), "{mount:?}");
    }
}
