//! The connections with a place in the array that the kernel programs share: read where they are, without a system call for
//! any that is known to its cgroup.

use anyhow::Result;
use autoscaler_common::{Live, Placed};
use aya::maps::{HashMap, Map, MapData};

use crate::host::bpf::Mapped;

/// What is live on a connection with a place.
#[derive(Debug, Clone, Copy)]
pub(super) struct OnConnection {
    /// The number of the place.
    at: usize,
    /// The kernel's number of the socket.
    pub(super) cookie: u64,
    /// Of a Unix socket.
    pub(super) unix: bool,
    pub(super) live: Live,
}

impl OnConnection {
    /// Since when the oldest of it is live, `CLOCK_MONOTONIC`, ns.
    pub(super) fn since(&self) -> u64 {
        let since = [self.live.waiting_since, self.live.served_since];
        since.into_iter().filter(|since| *since != 0).min().unwrap_or(0)
    }
}

/// The array of places, and whose the requests are that nobody has read.
pub(super) struct Places {
    array: Mapped<Placed>,
    /// Listener → the place of the counters of the cgroup that last read from one of its connections.
    listeners: HashMap<MapData, u64, u32>,
}

impl Places {
    pub(super) fn new(places: Map, listeners: Map) -> Result<Self> {
        Ok(Self {
            array: Mapped::whole(places)?,
            listeners: HashMap::try_from(listeners)?,
        })
    }

    /// What waits or is served now.
    pub(super) fn live(&self) -> Vec<OnConnection> {
        (0..self.array.len()).filter_map(|at| self.live_at(at)).collect()
    }

    fn live_at(&self, at: usize) -> Option<OnConnection> {
        let Placed { cookie, connection } = self.array.get(at);
        if cookie == 0 {
            return None;
        }
        let place = if connection.reader == 0 {
            // Before anything is asked of the kernel.
            connection.live(0)?;
            self.listeners.get(&connection.listener_key(), 0).ok()?
        } else {
            connection.place
        };
        let live = connection.live(place)?;
        // Another socket's by now, of which a part may have been read.
        (self.array.get(at).cookie == cookie).then_some(OnConnection {
            at,
            cookie,
            unix: connection.is_unix(),
            live,
        })
    }

    /// Gives the place of a socket back that is gone.
    pub(super) fn give_back(&self, gone: &OnConnection) {
        self.array.give_back(gone.at, gone.cookie, &gone.live);
    }
}
