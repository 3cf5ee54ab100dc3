//! One cgroup that has series: what is kept of it from look to look.

use std::sync::Arc;

use crate::export::Name;
use crate::host::cgroup::{Buffer, CpuStat, Place, QuotaStat, StatFile};
use crate::host::usage::{CgroupId, Usage};
use crate::model::{CgroupError, Lack};

/// A cgroup that has series.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) id: CgroupId,
    pub(super) place: Arc<Place>,
    pub(super) name: Arc<Name>,
    memory: StatFile,
    stat: StatFile,
    /// On-CPU time that the kernel program has not counted, for it was before its time, ns.
    before_ns: Option<u64>,
    /// What cpu.stat last said of its quota.
    quota: Option<QuotaStat>,
    /// Nothing of it has been read yet.
    fresh: bool,
}

/// How a look reads files.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    /// Whether files that are read again next time stay open.
    pub(super) keep: bool,
    /// Whether it is the turn of this cgroup to be looked at for what seldom changes.
    pub(super) turn: bool,
    pub(super) buffer: &'a mut Buffer,
    /// The first thing that cannot be read. The rest stands.
    pub(super) fault: &'a mut Option<CgroupError>,
}

/// What cpu.stat and memory.current say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) cpu_ns: Option<u64>,
    pub(super) wait_ns: Option<u64>,
    pub(super) quota: Option<QuotaStat>,
    pub(super) memory: Option<u64>,
}

impl Watched {
    pub(super) fn new(id: CgroupId, place: Arc<Place>, name: Name) -> Self {
        Self {
            id,
            place,
            name: Arc::new(name),
            memory: StatFile::new("memory.current"),
            stat: StatFile::new("cpu.stat"),
            before_ns: None,
            quota: None,
            fresh: true,
        }
    }

    /// Whether nothing of it has been read before; from now on something has.
    pub(super) fn is_fresh(&mut self) -> bool {
        std::mem::take(&mut self.fresh)
    }

    /// How many of its files are open.
    pub(super) fn open_files(&self) -> usize {
        usize::from(self.memory.is_open()) + usize::from(self.stat.is_open())
    }

    /// Its figures where the kernel program has counted `usage`; `None` where it has gone. cpu.stat is read where it can say
    /// more: of those that have, or had, a quota; and of the others in turn, for they may be given one.
    pub(super) fn by_program(&mut self, usage: &Usage, reading: &mut Reading<'_>) -> Option<Figures> {
        let had_memory = self.memory.is_open();
        let memory = self.read_memory(reading);
        if had_memory && !self.memory.is_open() {
            return None;
        }
        let has_quota = self.quota.is_some_and(|quota| quota.periods > 0);
        if has_quota || reading.turn || self.before_ns.is_none() {
            let stat = self.read_stat(reading.keep && has_quota, reading);
            self.quota = stat.and_then(|stat| stat.quota);
            // The two accounts of what it uses now are read a moment apart: one difference for good, so that the sum only grows.
            self.before_ns.get_or_insert_with(|| {
                let all_ns = stat.map_or(0, |stat| stat.usage_us.saturating_mul(1000));
                all_ns.saturating_sub(usage.cpu_ns)
            });
        }
        Some(Figures {
            cpu_ns: Some(self.before_ns.unwrap_or(0).saturating_add(usage.cpu_ns)),
            wait_ns: usage.wait_ns,
            quota: self.quota.filter(|quota| quota.periods > 0),
            memory,
        })
    }

    /// Its figures without the kernel program; `None` where it has gone.
    pub(super) fn by_stat(&mut self, reading: &mut Reading<'_>) -> Option<Figures> {
        let had_stat = self.stat.is_open();
        let stat = self.read_stat(reading.keep, reading);
        if had_stat && !self.stat.is_open() {
            return None;
        }
        Some(Figures {
            cpu_ns: stat.map(|stat| stat.usage_us.saturating_mul(1000)),
            wait_ns: None,
            quota: stat.and_then(|stat| stat.quota).filter(|quota| quota.periods > 0),
            memory: self.read_memory(reading),
        })
    }

    fn read_stat(&mut self, keep: bool, reading: &mut Reading<'_>) -> Option<CpuStat> {
        let directory = &self.place.dir;
        let read = self.stat.read(directory, keep, reading.buffer);
        let parsed = read.and_then(|text| {
            text.map(|text| {
                let lack = || self.stat.lacks(directory, Lack::key("usage_usec"), text);
                CpuStat::parse(text).ok_or_else(lack)
            })
            .transpose()
        });
        told(parsed, reading.fault)
    }

    /// Where the memory controller is not enabled, there is no such file until somebody enables it.
    fn read_memory(&mut self, reading: &mut Reading<'_>) -> Option<u64> {
        if !self.memory.is_open() && !reading.turn && reading.keep {
            return None;
        }
        let directory = &self.place.dir;
        let read = self.memory.read(directory, reading.keep, reading.buffer);
        let parsed = read.and_then(|text| {
            text.map(|text| {
                let lack = |_| self.memory.lacks(directory, Lack::Bytes, text);
                text.trim_end().parse().map_err(lack)
            })
            .transpose()
        });
        told(parsed, reading.fault)
    }
}

/// What was read; what is in its way goes into `fault`.
fn told<T>(read: Result<Option<T>, CgroupError>, fault: &mut Option<CgroupError>) -> Option<T> {
    read.unwrap_or_else(|error| {
        fault.get_or_insert(error);
        None
    })
}
