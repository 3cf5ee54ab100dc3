//! Usage from the kernel program on the scheduler's tracepoint: on-CPU time and run-queue wait, exact.
//!
//! The programs give each cgroup that runs an index, and each CPU its own counters for each index
//! (`autoscaler-common` says how they lie). A reading is one run of `flush` on each CPU and a walk over
//! mapped memory.

mod cost;
mod ledger;
mod log;
mod programs;

use std::collections::{HashMap, HashSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::Result;
use autoscaler_common::{Counters, NOWHERE, Owner};
use cost::Meter;
use ledger::Ledger;
use programs::Programs;

use crate::host::bpf::{self, ACCOUNTING, KERNEL_TYPES, Offsets, failed, relocated};
use crate::host::cgroup::CgroupMount;
use crate::host::process::Procfs;
use crate::host::usage::{CgroupId, Health, Reading, RunCost, Usage, UsageSource, monotonic};
use crate::model::{SourceKind, SourceNews, WhyNotEbpf};

/// An object of this project's kernel programs as the running kernel takes it.
///
/// # Errors
/// When the kernel does not tell where its fields are, or the bytes are no object.
pub fn for_this_kernel(object: &[u8]) -> Result<Vec<u8>, WhyNotEbpf> {
    relocated(object, &Offsets::read(Path::new(KERNEL_TYPES), ACCOUNTING)?)
}

/// Room for this many cgroups at least: 1 MiB, and 64 KiB for each CPU, all of it resident.
const LEAST_CAPACITY: usize = 4 * 1024;

/// The kernel program as a source of usage.
pub struct EbpfSource {
    offsets: Offsets,
    programs: Programs,
    ledger: Ledger,
    /// The id that each directory had when it was last asked about.
    known: HashMap<PathBuf, CgroupId>,
    /// Removed cgroups that whoever lists the directories has not heard of yet.
    gone: HashSet<CgroupId>,
    /// What earlier sets of maps had lost.
    lost_before: Health,
    meter: Meter,
    /// Whether the maps could not be tended after the last reading. Said once.
    untended: bool,
    /// What there is to tell.
    news: Vec<SourceNews>,
}

impl EbpfSource {
    /// Loads and attaches the kernel programs.
    ///
    /// # Errors
    /// What this host lacks for it.
    pub fn open() -> Result<Self, WhyNotEbpf> {
        Self::with_room_for(LEAST_CAPACITY.max(4 * cgroups_now()))
    }

    /// As [`Self::open`], with room for `capacity` cgroups at first.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn with_room_for(capacity: usize) -> Result<Self, WhyNotEbpf> {
        bpf::check()?;
        let offsets = Offsets::read(Path::new(KERNEL_TYPES), ACCOUNTING)?;
        let programs = Programs::start(&offsets, capacity).map_err(bpf::explain)?;
        let (ledger, known, gone, lost_before, meter, untended, news) = Default::default();
        Ok(Self {
            offsets,
            programs,
            ledger,
            known,
            gone,
            lost_before,
            meter,
            untended,
            news,
        })
    }

    /// The ids of the directories, and what changed about them since they were last asked about.
    ///
    /// A cgroup that has run and is not marked as removed still has its directory, and cannot have been renamed:
    /// only the others are looked up in the file system.
    fn identify(&mut self, cgroups: &[PathBuf]) -> Vec<Option<CgroupId>> {
        let there: HashSet<CgroupId> = self
            .owners()
            .filter(|(_, owner)| owner.removed == 0)
            .map(|(_, owner)| owner.id)
            .collect();
        let id = |path: &PathBuf| match self.known.get(path) {
            Some(id) if there.contains(id) => Some(*id),
            _ => fs::metadata(path).ok().map(|found| found.ino()),
        };
        let ids: Vec<_> = cgroups.iter().map(id).collect();
        for (path, id) in cgroups.iter().zip(&ids) {
            let before = self.known.get(path).copied();
            if before == *id {
                continue;
            }
            match id {
                Some(id) => self.known.insert(path.clone(), *id),
                None => self.known.remove(path),
            };
            if let Some(before) = before {
                self.ledger.forget(before);
            }
        }
        self.ledger.watch(ids.iter().flatten().copied());
        ids
    }

    /// Every index in use, with its owner.
    fn owners(&self) -> impl Iterator<Item = (usize, Owner)> {
        let owners = &self.programs.owners;
        let first = NOWHERE as usize + 1;
        (first..owners.len())
            .filter(|index| owners.id(*index) != 0)
            .map(|index| (index, owners.get(index)))
    }

    /// Reads what these used; `None` for what is not there.
    fn read_ids(&mut self, ids: Vec<Option<CgroupId>>) -> Result<Reading> {
        self.programs.flush()?;
        let taken_at = monotonic();
        let living = self
            .owners()
            .map(|(index, owner)| (owner, self.programs.total(index)));
        let totals = self.ledger.totals(living);
        let usage = ids.into_iter().map(|id| {
            let id = id?;
            let Counters { cpu_ns, wait_ns } = totals.get(&id).copied().unwrap_or_default();
            Some(Usage {
                id,
                cpu_ns,
                wait_ns: Some(wait_ns),
            })
        });
        let reading = Reading {
            taken_at,
            usage: usage.collect(),
        };
        // The figures are good all the same; what finds no room meanwhile is counted.
        match self.tend() {
            Ok(()) => self.untended = false,
            Err(why) if !self.untended => {
                self.untended = true;
                self.news.push(SourceNews::NoRoom { why });
            }
            Err(_) => {}
        }
        Ok(reading)
    }

    /// Takes the indexes of removed cgroups back, and makes room where it gets tight.
    fn tend(&mut self) -> Result<(), WhyNotEbpf> {
        let used = self.owners().count();
        let removed: Vec<usize> = self
            .owners()
            .filter(|(_, owner)| owner.removed != 0)
            .map(|(index, _)| index)
            .collect();
        if !removed.is_empty() {
            self.gone
                .extend(removed.iter().map(|index| self.programs.owners.id(*index)));
            let ledger = &mut self.ledger;
            self.programs
                .recycle(&removed, |owner, used| ledger.settle(owner, used))
                .map_err(failed)?;
        }
        let living = used - removed.len();
        if living * 4 > self.programs.capacity * 3 {
            self.grow()
        } else {
            Ok(())
        }
    }

    /// Puts a set of programs with twice the room in the place of the present one.
    fn grow(&mut self) -> Result<(), WhyNotEbpf> {
        let capacity = 2 * self.programs.capacity;
        // Attached before the old set is read for the last time: in the fraction of a millisecond between,
        // both count, and neither misses anything.
        let new = Programs::start(&self.offsets, capacity)?;
        self.programs.flush().map_err(failed)?;
        for (index, owner) in self.owners().collect::<Vec<_>>() {
            self.ledger.settle(&owner, self.programs.total(index));
        }
        self.lost_before = self.health();
        self.programs = new;
        self.news.push(SourceNews::Room { capacity });
        Ok(())
    }
}

impl UsageSource for EbpfSource {
    fn kind(&self) -> SourceKind {
        SourceKind::Ebpf
    }

    fn read(&mut self, cgroups: &[PathBuf]) -> Result<Reading> {
        let ids = self.identify(cgroups);
        self.gone.clear();
        self.read_ids(ids)
    }

    /// A cgroup that never ran is not marked when it goes: there is nothing that could be told wrong of it.
    fn read_listed(&mut self, _cgroups: &[PathBuf], ids: &[CgroupId]) -> Result<Reading> {
        let marked = self.owners().filter(|(_, owner)| owner.removed != 0);
        let marked: Vec<CgroupId> = marked.map(|(_, owner)| owner.id).collect();
        self.gone.extend(marked);
        if !self.gone.is_empty() {
            // Those that are listed no more have been heard of.
            let listed: HashSet<CgroupId> = ids.iter().copied().collect();
            self.gone.retain(|id| listed.contains(id));
        }
        self.ledger.watch_only(ids);
        let there = |id: &CgroupId| Some(*id).filter(|id| !self.gone.contains(id));
        self.read_ids(ids.iter().map(there).collect())
    }

    fn news(&mut self) -> Vec<SourceNews> {
        std::mem::take(&mut self.news)
    }

    fn health(&self) -> Health {
        let mut health = self.lost_before;
        for cpu in 0..self.programs.cpus.len() {
            let cpu = self.programs.cpus.get(cpu);
            health.lost_switches += cpu.lost_switches;
            health.map_full += cpu.full;
            health.discarded += cpu.discarded;
        }
        health
    }

    fn cost(&mut self) -> Option<RunCost> {
        let programs = &self.programs;
        self.meter.look(|| programs.ran().ok())
    }
}

/// How many cgroups there are now: `nr_descendants` of the root's cgroup.stat.
fn cgroups_now() -> usize {
    let count = || {
        let root = CgroupMount::discover(&Procfs::default()).ok()?;
        let text = fs::read_to_string(root.path().join("cgroup.stat")).ok()?;
        text.lines()
            .find_map(|line| line.strip_prefix("nr_descendants ")?.trim().parse().ok())
    };
    count().unwrap_or(0)
}
