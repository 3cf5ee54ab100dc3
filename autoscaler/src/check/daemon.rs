//! What surrounds the daemon: whether one runs, and whether it could keep its history.

use std::path::Path;

use crate::check::writable::{has_room, writable};
use crate::control::{Answer, Client, Command};
use crate::history::{self, default_path};
use crate::model::{ClientError, Fact, Language, ProtocolFault, Storage};

/// Bytes that must be free: SQLite's write-ahead log takes 1000 pages of 4 KiB before it is emptied
/// (`wal_autocheckpoint`, <https://www.sqlite.org/pragma.html>).
const LEAST_ROOM: u64 = 4 << 20;

/// Whether a daemon runs.
pub(super) fn look(runtime_dir: &Path, language: Language) -> Fact {
    let answer = Client::connect(runtime_dir)
        .and_then(|client| client.in_language(Some(language)).ask(Command::Status));
    match answer {
        Ok(Answer::Status(status)) => Fact::Daemon {
            pid: status.pid,
            version: status.program,
        },
        Ok(_) => Fact::DaemonSilent(ClientError::Protocol {
            why: ProtocolFault::OtherAnswer("status"),
        }),
        Err(ClientError::NoDaemon { path }) => Fact::NoDaemon { socket: path },
        Err(error) => Fact::DaemonSilent(error),
    }
}

/// Whether the history can be written, and what is there be gone on with.
pub(super) fn history(storage: &Storage, state_dir: &Path) -> Fact {
    if !storage.enabled {
        return Fact::NoHistory;
    }
    let path = storage.path.clone().unwrap_or_else(|| default_path(state_dir));
    if let Err(error) = writable(&path).and_then(|()| has_room(&path, LEAST_ROOM)) {
        let why = error.into();
        return Fact::HistoryNotWritable { path, why };
    }
    match history::inspect(&path) {
        Ok(()) => Fact::History { path },
        Err(why) if why.is_damage() => Fact::HistoryDamaged { path, why },
        Err(why) => Fact::HistoryUnusable { path, why },
    }
}
