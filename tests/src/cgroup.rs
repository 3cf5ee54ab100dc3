//! A cgroup of the test's own.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::wait::until;

const REMOVAL_LIMIT: Duration = Duration::from_mins(1);

/// The cgroup v2 mount: the first of type `cgroup2` in /proc/self/mountinfo (proc(5)).
///
/// # Errors
/// When there is none.
pub fn mount() -> Result<PathBuf> {
    let table = "/proc/self/mountinfo";
    let text = fs::read_to_string(table).with_context(|| table.to_owned())?;
    text.lines()
        .find_map(|line| {
            let (mount, filesystem) = line.split_once(" - ")?;
            let directory = mount.split(' ').nth(4)?;
            (filesystem.split(' ').next() == Some("cgroup2")).then(|| PathBuf::from(directory))
        })
        .with_context(|| format!("{table} lists no mount of type cgroup2"))
}

/// A cgroup directly below the mount. Dropping it kills what is still inside, by pid, and removes it with
/// all below it.
#[derive(Debug)]
pub struct ScratchCgroup {
    path: PathBuf,
}

impl ScratchCgroup {
    /// Makes an empty cgroup with a name that no other test has.
    ///
    /// # Errors
    /// When there is no cgroup v2 mount or the directory cannot be made.
    pub fn new(label: &str) -> Result<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("autoscaler-test-{}-{number}-{label}", std::process::id());
        let path = mount()?.join(name);
        fs::create_dir(&path).with_context(|| format!("cannot make the cgroup {}", path.display()))?;
        Ok(Self { path })
    }

    /// The cgroup's directory, absolute.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path as the configuration's `cgroup` key takes it: relative to the mount.
    #[must_use]
    pub fn relative(&self) -> PathBuf {
        self.path.file_name().map(PathBuf::from).unwrap_or_default()
    }

    /// The cgroup of the one container of a pod, as a kubelet with the systemd driver makes them.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn pod(&self, uid: &str, container: &str) -> Result<PathBuf> {
        let pod = format!("kubepods-burstable-pod{}.slice", uid.replace('-', "_"));
        let slices = self.path.join("kubepods.slice/kubepods-burstable.slice");
        let path = slices.join(pod).join(format!("cri-containerd-{container}.scope"));
        fs::create_dir_all(&path).with_context(|| format!("cannot make the cgroup {}", path.display()))?;
        Ok(path)
    }

    /// Makes a cgroup below this one and returns its directory.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn child(&self, name: &str) -> Result<PathBuf> {
        let path = self.path.join(name);
        fs::create_dir(&path).with_context(|| format!("cannot make the cgroup {}", path.display()))?;
        Ok(path)
    }

    /// Moves a process into this cgroup.
    ///
    /// # Errors
    /// When the kernel refuses: no such process, or no permission.
    pub fn add(&self, pid: u32) -> Result<()> {
        let file = self.path.join("cgroup.procs");
        fs::write(&file, pid.to_string()).with_context(|| format!("cannot write {pid} to {}", file.display()))
    }

    /// The pids of all processes in this cgroup and below it.
    #[must_use]
    pub fn pids(&self) -> Vec<u32> {
        pids_below(&self.path)
    }
}

impl Drop for ScratchCgroup {
    fn drop(&mut self) {
        let gone = until("the scratch cgroup to empty", REMOVAL_LIMIT, || {
            for pid in pids_below(&self.path) {
                // 0 stands for a process of another pid namespace here, and for our own group in kill(2).
                if let Some(pid) = i32::try_from(pid).ok().filter(|pid| *pid > 0) {
                    let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
                }
            }
            remove(&self.path).ok()
        });
        if let Err(error) = gone {
            eprintln!("{} is left behind: {error}", self.path.display());
        }
    }
}

fn pids_below(directory: &Path) -> Vec<u32> {
    let procs = fs::read_to_string(directory.join("cgroup.procs")).unwrap_or_default();
    let mut pids: Vec<u32> = procs.lines().filter_map(|line| line.parse().ok()).collect();
    for child in children(directory) {
        pids.extend(pids_below(&child));
    }
    pids
}

fn children(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter(|e| e.file_type().is_ok_and(|t| t.is_dir()))
        .map(|e| e.path())
        .collect()
}

fn remove(directory: &Path) -> io::Result<()> {
    for child in children(directory) {
        remove(&child)?;
    }
    match fs::remove_dir(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
