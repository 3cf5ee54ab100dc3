//! From what each cgroup used itself to what each asked one used with all below it. Pure.

use std::collections::{HashMap, HashSet};

use autoscaler_common::{Counters, Owner};

use crate::host::usage::CgroupId;

/// What cgroups that exist no more have used, kept for those above them that somebody asks about.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Each cgroup that was ever asked about → what removed cgroups (and itself, under an earlier set of
    /// kernel maps) have used.
    settled: HashMap<CgroupId, Counters>,
}

impl Ledger {
    /// From now on keeps what is removed below these cgroups.
    pub(super) fn watch(&mut self, asked: impl Iterator<Item = CgroupId>) {
        for id in asked {
            self.settled.entry(id).or_default();
        }
    }

    /// From now on keeps what is removed below these cgroups, and below no others.
    pub(super) fn watch_only(&mut self, asked: &[CgroupId]) {
        self.watch(asked.iter().copied());
        if self.settled.len() > asked.len() {
            let asked: HashSet<CgroupId> = asked.iter().copied().collect();
            self.settled.retain(|id, _| asked.contains(id));
        }
    }

    /// Forgets a cgroup that is gone for good.
    pub(super) fn forget(&mut self, id: CgroupId) {
        self.settled.remove(&id);
    }

    /// Adds what `owner` used to itself and to all above it that are watched, for good.
    pub(super) fn settle(&mut self, owner: &Owner, used: Counters) {
        for id in with_ancestors(owner) {
            if let Some(total) = self.settled.get_mut(&id) {
                add(total, used);
            }
        }
    }

    /// What each watched cgroup used with all below it, `living` being what each cgroup that still has an
    /// index used itself.
    pub(super) fn totals(
        &self,
        living: impl Iterator<Item = (Owner, Counters)>,
    ) -> HashMap<CgroupId, Counters> {
        let mut totals = self.settled.clone();
        for (owner, used) in living {
            for id in with_ancestors(&owner) {
                if let Some(total) = totals.get_mut(&id) {
                    add(total, used);
                }
            }
        }
        totals
    }
}

/// The ids of a cgroup and of all above it.
fn with_ancestors(owner: &Owner) -> impl Iterator<Item = CgroupId> {
    let depth = (owner.depth as usize).min(owner.ancestors.len());
    std::iter::once(owner.id).chain(owner.ancestors[..depth].iter().copied())
}

fn add(total: &mut Counters, used: Counters) {
    total.cpu_ns += used.cpu_ns;
    total.wait_ns += used.wait_ns;
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: u64 = 1;

    fn owner(id: u64, above: &[u64]) -> Owner {
        let mut owner = Owner {
            id,
            depth: u32::try_from(above.len()).unwrap(),
            ..Owner::default()
        };
        owner.ancestors[..above.len()].copy_from_slice(above);
        owner
    }

    fn used(cpu_ns: u64, wait_ns: u64) -> Counters {
        Counters { cpu_ns, wait_ns }
    }

    #[test]
    fn usage_contains_all_below() {
        let mut ledger = Ledger::default();
        ledger.watch([ROOT, 10].into_iter());
        let living = [
            (owner(10, &[ROOT]), used(5, 1)),
            (owner(11, &[10, ROOT]), used(7, 2)),
            (owner(20, &[ROOT]), used(100, 50)),
        ];
        let totals = ledger.totals(living.into_iter());
        assert_eq!(totals[&10], used(12, 3));
        assert_eq!(totals[&ROOT], used(112, 53));
        assert!(!totals.contains_key(&20), "not asked about");
    }

    #[test]
    fn what_a_removed_cgroup_used_stays_with_those_above() {
        let mut ledger = Ledger::default();
        ledger.watch([10].into_iter());
        ledger.settle(&owner(11, &[10, ROOT]), used(7, 2));
        let totals = ledger.totals([(owner(10, &[ROOT]), used(5, 1))].into_iter());
        assert_eq!(totals[&10], used(12, 3));
    }

    #[test]
    fn what_nobody_asks_about_any_more_is_forgotten() {
        let mut ledger = Ledger::default();
        ledger.watch_only(&[10, 11]);
        ledger.settle(&owner(12, &[10, 11, ROOT]), used(7, 2));
        ledger.watch_only(&[10]);
        let totals = ledger.totals(std::iter::empty());
        assert_eq!(totals[&10], used(7, 2));
        assert!(!totals.contains_key(&11));
    }

    #[test]
    fn a_cgroup_made_anew_begins_at_nothing() {
        let mut ledger = Ledger::default();
        ledger.watch([10].into_iter());
        ledger.settle(&owner(10, &[ROOT]), used(7, 2));
        ledger.forget(10);
        ledger.watch([12].into_iter());
        assert_eq!(ledger.totals(std::iter::empty())[&12], used(0, 0));
    }

    #[test]
    fn a_record_with_a_depth_beyond_its_room_is_cut() {
        let mut deep = owner(5, &[4]);
        deep.depth = u32::MAX;
        assert_eq!(with_ancestors(&deep).count(), 1 + deep.ancestors.len());
    }
}
