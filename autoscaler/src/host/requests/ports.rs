//! The ports at which a service listens: `/proc/PID/net/tcp` and `tcp6` (`proc_pid_net(5)`) tell those of the process's own
//! network, whichever that is, and need no right to go there.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader};

use crate::host::listen::held;
use crate::host::process::Procfs;

/// `TCP_LISTEN` (`include/net/tcp_states.h`), as the files have it.
const LISTENS: &str = "0A";

/// The ports of the sockets that the processes of a service hold and that listen.
pub(super) fn of(procfs: &Procfs, pids: &[u32]) -> BTreeSet<u16> {
    let held = held(procfs, pids);
    // systemd makes the sockets of a service in its own network.
    let networks = held.networks.values().copied().chain([std::process::id()]);
    let mut ports = BTreeSet::new();
    for pid in networks {
        for file in ["net/tcp", "net/tcp6"] {
            let path = procfs.root().join(pid.to_string()).join(file);
            // A process that has just gone, or no IPv6.
            let Ok(file) = File::open(path) else { continue };
            // Those that listen come first (`tcp_get_idx` in `net/ipv4/tcp_ipv4.c`): thousands of others are not read.
            let lines = BufReader::new(file).lines().skip(1).map_while(Result::ok);
            let listening = lines.map_while(|line| listener(&line));
            let ours = listening.filter(|(_, inode)| held.sockets.contains(inode));
            ports.extend(ours.map(|(port, _)| port));
        }
    }
    ports
}

/// Port and inode of a socket that listens; `None` for another.
fn listener(line: &str) -> Option<(u16, u32)> {
    let mut fields = line.split_whitespace();
    let (_, port) = fields.nth(1)?.rsplit_once(':')?;
    (fields.nth(1)? == LISTENS).then_some(())?;
    let inode = fields.nth(5)?.parse().ok()?;
    Some((u16::from_str_radix(port, 16).ok()?, inode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_port_and_inode_of_who_listens() {
        let line = |state: &str| {
            format!(
                "   0: 0100007F:1F90 00000000:0000 {state} 00000000:00000000 00:00000000 00000000     0        0 31337 1 0 100 0 0 10 0"
            )
        };
        assert_eq!(listener(&line("0A")), Some((8080, 31337)));
        assert_eq!(listener(&line("01")), None);
        assert_eq!(listener("nonsense"), None);
    }

    #[test]
    fn this_process_listens() {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        let procfs = Procfs::default();
        assert!(of(&procfs, &[std::process::id()]).contains(&port));
        assert!(!of(&procfs, &[]).contains(&port));
    }
}
