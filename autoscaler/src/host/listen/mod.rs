//! Listening sockets: how many connections wait to be accepted at each, and how many may.
//!
//! The kernel is asked for every listener of a network namespace at once (`sock_diag(7)`), and each is a service's whose
//! processes hold its inode open: master and workers share it. So it is known of any server, on any kernel, without a
//! program in the kernel.

mod diag;
mod namespace;
mod sockets;

use std::collections::{BTreeMap, HashMap, HashSet};

use diag::SockDiag;
use sockets::Held;
pub(super) use sockets::held;

use crate::host::process::Procfs;
use crate::model::{ListenFault, ListenLook, ListenQueue, ProcessError};

/// A network namespace, by its inode.
type NetworkId = u64;

/// Tells of listening sockets. Keeps a netlink socket in each network namespace that was looked at last, which keeps that
/// namespace: so its inode is not another's meanwhile.
#[derive(Debug, Default)]
pub struct ListenSource {
    procfs: Procfs,
    asked: HashMap<NetworkId, SockDiag>,
}

/// The cookies of all Unix sockets in the network namespaces of these processes, and in ours.
///
/// # Errors
/// When the kernel does not tell them of one.
pub(super) fn unix_sockets(procfs: &Procfs, pids: &[u32]) -> Result<HashSet<u64>, ListenFault> {
    let own = sockets::network(procfs, std::process::id()).map_err(ListenFault::Process)?;
    let mut all: HashSet<u64> = SockDiag::open()?.unix_sockets()?.into_iter().collect();
    let mut asked = vec![own];
    for pid in pids {
        match sockets::network(procfs, *pid) {
            Ok(network) if asked.contains(&network) => {}
            Ok(network) => {
                let mut diag = namespace::inside(procfs, *pid, SockDiag::open)?;
                all.extend(diag.unix_sockets()?);
                asked.push(network);
            }
            Err(ProcessError::Gone { .. }) => {}
            Err(error) => return Err(ListenFault::Process(error)),
        }
    }
    Ok(all)
}

/// What a namespace has, by inode, and why that may not be all.
type Listeners = (HashMap<u32, ListenQueue>, Vec<ListenFault>);

impl ListenSource {
    /// The listening sockets of each of `services`: the pids of its processes. Reads the open files of each of them.
    ///
    /// A socket may be of the namespace that its processes are in, or of ours, for systemd makes a service's sockets.
    pub fn look(&mut self, services: &[Vec<u32>]) -> Vec<ListenLook> {
        let held: Vec<Held> = services.iter().map(|pids| held(&self.procfs, pids)).collect();
        let own = sockets::network(&self.procfs, std::process::id());
        let mut namespaces: BTreeMap<NetworkId, u32> = BTreeMap::new();
        for service in &held {
            namespaces.extend(&service.networks);
        }
        if let Ok(own) = &own {
            namespaces.insert(*own, std::process::id());
        }
        self.asked.retain(|id, _| namespaces.contains_key(id));
        let own = own.ok();
        let listeners: HashMap<NetworkId, Listeners> = namespaces
            .into_iter()
            .map(|(id, pid)| (id, self.listeners(id, pid, own == Some(id))))
            .collect();
        held.into_iter()
            .map(|service| service.among(&listeners, own))
            .collect()
    }

    /// All listeners of one namespace, in which `pid` is.
    fn listeners(&mut self, id: NetworkId, pid: u32, own: bool) -> Listeners {
        let diag = match self.asked.remove(&id) {
            Some(diag) => Ok(diag),
            None if own => SockDiag::open(),
            None => namespace::inside(&self.procfs, pid, SockDiag::open),
        };
        match diag {
            Ok(mut diag) => {
                let (found, faults) = diag.listeners();
                // What breaks off may leave messages behind: the next look begins with another socket.
                if !faults
                    .iter()
                    .any(|fault| matches!(fault, ListenFault::Broken { .. }))
                {
                    self.asked.insert(id, diag);
                }
                (
                    found.into_iter().map(|queue| (queue.inode, queue)).collect(),
                    faults,
                )
            }
            Err(fault) => (HashMap::new(), vec![fault]),
        }
    }
}

impl Held {
    /// Those of the sockets that listen.
    fn among(self, listeners: &HashMap<NetworkId, Listeners>, own: Option<NetworkId>) -> ListenLook {
        let mut look = ListenLook {
            queues: Vec::new(),
            unseen: self.unread,
        };
        let others = self.networks.keys().copied().filter(|id| Some(*id) != own);
        for id in own.into_iter().chain(others) {
            let Some((queues, faults)) = listeners.get(&id) else {
                continue;
            };
            let ours = self.sockets.iter().filter_map(|inode| queues.get(inode));
            look.queues.extend(ours.cloned());
            look.unseen.extend_from_slice(faults);
        }
        look.queues
            .sort_by(|a, b| (&a.address, a.inode).cmp(&(&b.address, b.inode)));
        look
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::net::{UnixListener, UnixStream};

    use super::*;

    #[test]
    fn this_process_listens_and_nobody_accepts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a\u{1b}b.sock");
        let unix = UnixListener::bind(&path).unwrap();
        let four = TcpListener::bind("127.0.0.1:0").unwrap();
        let six = TcpListener::bind("[::1]:0");
        let _clients = (
            UnixStream::connect(&path).unwrap(),
            UnixStream::connect(&path).unwrap(),
            TcpStream::connect(four.local_addr().unwrap()).unwrap(),
        );
        let mut source = ListenSource::default();
        for _ in 0..2 {
            let looks = source.look(&[vec![std::process::id()], Vec::new()]);
            let [ours, nobodys] = &looks[..] else {
                panic!("{looks:?}")
            };
            assert_eq!(nobodys.queues, []);
            if let [fault] = &ours.unseen[..] {
                eprintln!("skipped: {fault}");
                return;
            }
            let at = |address: &str| {
                let found = ours.queues.iter().find(|queue| queue.address == address);
                found.map(|queue| (queue.waiting, queue.limit > 0, queue.dropped))
            };
            let told = path.to_str().unwrap().replace('\u{1b}', "\u{fffd}");
            assert_eq!(at(&told), Some((2, true, None)));
            assert_eq!(
                at(&four.local_addr().unwrap().to_string()),
                Some((1, true, Some(0)))
            );
            if let Ok(six) = &six {
                assert_eq!(
                    at(&six.local_addr().unwrap().to_string()),
                    Some((0, true, Some(0)))
                );
            }
        }
        drop(unix);
    }
}
