//! The sockets of a process that listen, and whether it holds one that was accepted from them.

use std::collections::{BTreeMap, BTreeSet};

use super::descriptors::Descriptor;
use crate::host::process::Procfs;
use crate::model::ProcessError;

/// `TCP_LISTEN` of `include/net/tcp_states.h`, as procfs prints it.
const TCP_LISTEN: &str = "0A";

/// `__SO_ACCEPTCON` of `include/linux/net.h`: this Unix socket listens.
const ACCEPTS: u64 = 1 << 16;

/// Reads one line of a table.
type Read = fn(&str) -> Option<Entry<'_>>;

/// The tables of `/proc/PID/net` that have sockets which listen.
const TABLES: [(&str, Read); 3] = [("tcp", tcp), ("tcp6", tcp), ("unix", unix)];

/// What is known of a process's sockets.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sockets {
    /// The numbers of those that listen.
    pub(super) listening: BTreeSet<u32>,
    /// Whether another has the address of one that listens: a connection that was accepted from it.
    pub(super) accepted: bool,
}

/// One line of a table.
struct Entry<'t> {
    inode: u64,
    listens: bool,
    /// Its own port, or its path.
    local: &'t str,
}

/// The sockets among the `open` files of `pid`, in the tables of its network namespace.
pub(super) fn of(procfs: &Procfs, pid: u32, open: &[Descriptor]) -> Result<Sockets, ProcessError> {
    let own: BTreeMap<u64, u32> = open
        .iter()
        .filter_map(|descriptor| {
            let inode = descriptor.name.strip_prefix("socket:[")?.strip_suffix(']')?;
            Some((inode.parse().ok()?, descriptor.number))
        })
        .collect();
    let mut sockets = Sockets::default();
    if own.is_empty() {
        return Ok(sockets);
    }
    for (name, read) in TABLES {
        // A kernel may be without IPv6.
        let Ok(table) = procfs.text(pid, &format!("net/{name}")) else {
            procfs.stat(pid)?;
            continue;
        };
        let mine: Vec<(u32, Entry<'_>)> = table
            .lines()
            .skip(1)
            .filter_map(read)
            .filter_map(|entry| Some((*own.get(&entry.inode)?, entry)))
            .collect();
        let listening = || mine.iter().filter(|(_, entry)| entry.listens);
        let accepted = |entry: &Entry<'_>| listening().any(|(_, listener)| listener.local == entry.local);
        sockets.accepted |= mine.iter().any(|(_, entry)| !entry.listens && accepted(entry));
        sockets.listening.extend(listening().map(|(number, _)| number));
    }
    Ok(sockets)
}

/// `sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …` (`net/ipv4/tcp_ipv4.c`). Of the address
/// the port: a listener's may be any.
fn tcp(line: &str) -> Option<Entry<'_>> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    Some(Entry {
        inode: fields.get(9)?.parse().ok()?,
        listens: *fields.get(3)? == TCP_LISTEN,
        local: fields.get(1)?.rsplit(':').next()?,
    })
}

/// `Num: RefCount Protocol Flags Type St Inode Path` (`net/unix/af_unix.c`): an accepted socket has the path of the one
/// that listens. Those without a path are no server's.
fn unix(line: &str) -> Option<Entry<'_>> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    Some(Entry {
        inode: fields.get(6)?.parse().ok()?,
        listens: u64::from_str_radix(fields.get(3)?, 16).ok()? & ACCEPTS != 0,
        local: fields.get(7)?,
    })
}
