//! Which sockets the processes of a service hold open, and in which networks they are.

use std::collections::{BTreeMap, BTreeSet};

use crate::host::listen::NetworkId;
use crate::host::process::Procfs;
use crate::model::{Lack, ListenFault, ProcessError};

/// What the processes of a service hold.
#[derive(Debug, Default)]
pub(in crate::host) struct Held {
    /// The inodes of their sockets.
    pub(in crate::host) sockets: BTreeSet<u32>,
    /// Their network namespaces, each with a process that is in it.
    pub(in crate::host) networks: BTreeMap<NetworkId, u32>,
    /// Why that may not be all: the first process of which it could not be read.
    pub(super) unread: Vec<ListenFault>,
}

/// Reads the open files of each process.
pub(in crate::host) fn held(procfs: &Procfs, pids: &[u32]) -> Held {
    let mut all = Held::default();
    for pid in pids {
        match sockets(procfs, *pid, &mut all.sockets).and_then(|()| network(procfs, *pid)) {
            Ok(network) => {
                all.networks.entry(network).or_insert(*pid);
            }
            Err(ProcessError::Gone { .. }) => {}
            Err(error) if all.unread.is_empty() => all.unread.push(ListenFault::Process(error)),
            Err(_) => {}
        }
    }
    all
}

/// Adds the inodes of a process's sockets: `socket:[4711]` (`proc_pid_fd(5)`).
fn sockets(procfs: &Procfs, pid: u32, found: &mut BTreeSet<u32>) -> Result<(), ProcessError> {
    for file in procfs.numbers_in(pid, "fd")? {
        match procfs.link(pid, &format!("fd/{file}")) {
            Ok(target) => found.extend(in_brackets::<u32>(&target, "socket")),
            // Closed meanwhile. Of a process that has ended, the next read says so.
            Err(ProcessError::Gone { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The network namespace that a process is in: `net:[4026531840]` (namespaces(7)).
pub(super) fn network(procfs: &Procfs, pid: u32) -> Result<NetworkId, ProcessError> {
    let target = procfs.link(pid, "ns/net")?;
    in_brackets(&target, "net").ok_or_else(|| ProcessError::Malformed {
        path: procfs.root().join(pid.to_string()).join("ns/net"),
        what: Lack::NetworkId,
    })
}

fn in_brackets<T: std::str::FromStr>(target: &str, kind: &str) -> Option<T> {
    let number = target.strip_prefix(kind)?.strip_prefix(":[")?;
    number.strip_suffix(']')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_processes_share_is_there_once() {
        let tree = tempfile::tempdir().unwrap();
        for pid in ["10", "11"] {
            let process = tree.path().join(pid);
            fs::create_dir_all(process.join("fd")).unwrap();
            fs::create_dir_all(process.join("ns")).unwrap();
            symlink("net:[4026531840]", process.join("ns/net")).unwrap();
            for (file, target) in [
                ("0", "/dev/null"),
                ("3", "socket:[4711]"),
                ("4", "pipe:[12]"),
                ("5", "socket:[x]"),
            ] {
                symlink(target, process.join("fd").join(file)).unwrap();
            }
        }
        let all = held(&Procfs::at(tree.path()), &[10, 11, 12]);
        assert_eq!(all.sockets, [4711].into());
        assert_eq!(all.networks, [(4_026_531_840, 10)].into());
        assert_eq!(all.unread, []);
    }
}
