//! Which cgroups have series where there are more than there may be.
//!
//! Who has a series keeps it until it goes: a series that came and went from scrape to scrape would be of no use. What becomes
//! free is given to parents before children, and to those that were seen earlier before others. So a child has none without its
//! parents, unless somebody asked for that.

use std::collections::{HashMap, HashSet};
use std::time::SystemTime;

use crate::host::usage::CgroupId;

/// Cgroups that have series unless somebody says otherwise: a machine with the 250 pods that the largest of the usual clusters
/// allow has 2 000. Each is some 5 series, so this is 50 000, as many as one target of Prometheus may well have.
pub const LIMIT: usize = 10_000;

/// Who has series.
#[derive(Debug)]
pub(super) struct Roll {
    limit: usize,
    /// Those that are there, and when they were seen first.
    seen: HashMap<CgroupId, Seen>,
    on: HashSet<CgroupId>,
    next: u64,
    left_out: usize,
}

/// When a cgroup was seen first.
#[derive(Debug, Clone, Copy)]
struct Seen {
    order: u64,
    /// It was not there at this moment; `None` for those that were there at the first look.
    since: Option<SystemTime>,
}

/// A cgroup that is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Present {
    pub(super) id: CgroupId,
    /// Levels below the root.
    pub(super) depth: usize,
}

impl Roll {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            seen: HashMap::new(),
            on: HashSet::new(),
            next: 0,
            left_out: 0,
        }
    }

    /// Takes in which cgroups there are; those that were not there before came after `since`.
    pub(super) fn call(&mut self, present: &[Present], since: Option<SystemTime>) {
        let there: HashSet<CgroupId> = present.iter().map(|cgroup| cgroup.id).collect();
        self.seen.retain(|id, _| there.contains(id));
        self.on.retain(|id| there.contains(id));
        for cgroup in present {
            let next = &mut self.next;
            self.seen.entry(cgroup.id).or_insert_with(|| {
                *next += 1;
                Seen { order: *next, since }
            });
        }
        let off = present.iter().filter(|cgroup| !self.on.contains(&cgroup.id));
        let mut waiting: Vec<(usize, u64, CgroupId)> = off
            .filter_map(|cgroup| Some((cgroup.depth, self.seen.get(&cgroup.id)?.order, cgroup.id)))
            .collect();
        waiting.sort_unstable();
        let free = self.limit.saturating_sub(self.on.len());
        self.left_out = waiting.len().saturating_sub(free);
        self.on
            .extend(waiting.into_iter().take(free).map(|(_, _, id)| id));
    }

    /// Whether a cgroup has series.
    pub(super) fn has(&self, id: CgroupId) -> bool {
        self.on.contains(&id)
    }

    /// A moment at which a cgroup was not there yet; `None` where none is known.
    pub(super) fn since(&self, id: CgroupId) -> Option<SystemTime> {
        self.seen.get(&id)?.since
    }

    /// How many have none, for want of room.
    pub(super) fn left_out(&self) -> usize {
        self.left_out
    }

    /// How many may have some.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn call(roll: &mut Roll, present: &[(CgroupId, usize)]) -> Vec<CgroupId> {
        let all: Vec<Present> = present
            .iter()
            .map(|(id, depth)| Present {
                id: *id,
                depth: *depth,
            })
            .collect();
        roll.call(&all, None);
        let mut on: Vec<CgroupId> = roll.on.iter().copied().collect();
        on.sort_unstable();
        on
    }

    #[test]
    fn parents_come_before_children_and_earlier_ones_before_later_ones() {
        let mut roll = Roll::new(3);
        assert_eq!(
            call(&mut roll, &[(1, 0), (2, 1), (3, 2), (4, 2), (5, 1)]),
            [1, 2, 5]
        );
        assert_eq!(roll.left_out(), 2);
    }

    #[test]
    fn who_has_series_keeps_them_and_the_next_come_when_one_goes() {
        let mut roll = Roll::new(3);
        assert_eq!(call(&mut roll, &[(1, 0), (2, 1), (3, 2), (4, 2)]), [1, 2, 3]);
        // One that would come before it, had it been there.
        assert_eq!(
            call(&mut roll, &[(1, 0), (9, 1), (2, 1), (3, 2), (4, 2)]),
            [1, 2, 3]
        );
        assert_eq!(call(&mut roll, &[(1, 0), (9, 1), (2, 1), (4, 2)]), [1, 2, 9]);
        assert_eq!(call(&mut roll, &[(1, 0), (9, 1), (2, 1)]), [1, 2, 9]);
        assert_eq!(roll.left_out(), 0);
    }

    #[test]
    fn only_what_came_later_is_known_not_to_have_been_there() {
        let mut roll = Roll::new(3);
        call(&mut roll, &[(1, 0)]);
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(7);
        let present = [1, 2].map(|id| Present { id, depth: 0 });
        roll.call(&present, Some(then));
        assert_eq!((roll.since(1), roll.since(2)), (None, Some(then)));
    }
}
