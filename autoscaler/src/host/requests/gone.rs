//! Unix connections whose end nobody tells.
//!
//! Where the kernel takes no program at a function, a server that is killed in a request leaves its place in the array as it
//! was. So the kernel is asked which Unix sockets there are, once something has been live for a while on one.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::host::cgroup::Tree;
use crate::host::listen;
use crate::host::requests::RequestSource;
use crate::host::requests::places::OnConnection;
use crate::host::usage::monotonic;

/// What is live for a shorter time is not asked about.
const ASKED_AFTER: Duration = Duration::from_secs(1);

impl RequestSource {
    /// Of what is live on connections, that whose socket is still there. A request that was being served on another is
    /// abandoned. Where the kernel does not tell, all stay.
    pub(super) fn still_there(&self, live: Vec<OnConnection>) -> Vec<OnConnection> {
        let now = monotonic();
        let is_old = |since: u64| now.saturating_sub(Duration::from_nanos(since)) > ASKED_AFTER;
        let old: BTreeSet<u32> = live
            .iter()
            .filter(|one| one.unix && is_old(one.since()))
            .map(|one| one.live.place)
            .collect();
        let (mut places, mut pids) = (BTreeSet::new(), Vec::new());
        for (index, service) in &self.services {
            let place = self.programs.place(*index);
            if old.contains(&place) {
                places.insert(place);
                pids.extend(Tree::read(service).pids);
            }
        }
        if places.is_empty() {
            return live;
        }
        let Ok(sockets) = listen::unix_sockets(&self.procfs, &pids) else {
            return live;
        };
        let may_be_gone =
            |one: &OnConnection| one.unix && is_old(one.since()) && places.contains(&one.live.place);
        let (gone, there): (Vec<_>, Vec<_>) = live
            .into_iter()
            .partition(|one| may_be_gone(one) && !sockets.contains(&one.cookie));
        for one in gone {
            self.programs.abandon(&one, now);
        }
        there
    }
}
