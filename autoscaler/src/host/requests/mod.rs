//! Requests seen in the kernel: for each connection that a server has accepted, when data came, was read and was answered.
//!
//! The kernel programs keep a record with each connection and charge what happens to the cgroup of the task that reads
//! (`autoscaler-ebpf/src/requests`). What they have charged lies in an array of their own for each CPU; what waits or is
//! served at this moment is read from the records, which are an array too.

mod attached;
mod gone;
mod live;
mod places;
mod ports;
mod programs;
mod serving;

pub use serving::{ROOM, Serving, servers};

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use anyhow::Result;
use autoscaler_common::Live;
use live::LiveIterator;
use programs::Programs;

use crate::host::bpf::{self, KERNEL_TYPES, KernelTypes, Offsets, REQUESTS};
use crate::host::cgroup::Tree;
use crate::host::process::Procfs;
use crate::host::usage::{CgroupId, monotonic};
use crate::model::{RequestLook, RequestsWay, WhyNotEbpf};

/// Where requests are seen.
pub trait RequestWatch: Send {
    /// By what the kernel tells of them.
    fn way(&self) -> RequestsWay;

    /// Has the requests of the cgroup in this directory, and of all below it, charged to `index` from now on, and those of no
    /// others. A connection is known from its next data on.
    ///
    /// # Errors
    /// When the kernel refuses, or has no room for as many.
    fn want(&mut self, index: u32, service: &Path) -> Result<()>;

    /// How the requests stand that are charged to each of `indexes`, at one moment.
    ///
    /// # Errors
    /// When the kernel cannot tell what is live.
    fn look(&self, indexes: &[u32]) -> Result<Vec<RequestLook>>;
}

/// Cgroups of one service that there is room for, itself and those below it, in the mean.
const CGROUPS_EACH: u32 = 64;

/// Loads and attaches the programs, with room for the requests of `services`.
///
/// # Errors
/// What this host lacks for it.
pub fn open(services: u32) -> Result<Box<dyn RequestWatch>, WhyNotEbpf> {
    let source = RequestSource::open(services, services.saturating_mul(CGROUPS_EACH))?;
    Ok(Box::new(source))
}

/// Whether one of these processes listens at a TCP port of its own network, or of ours: known of any network without leave to go
/// there.
#[must_use]
pub fn listens(procfs: &Procfs, pids: &[u32]) -> bool {
    !ports::of(procfs, pids).is_empty()
}

/// The kernel programs as a source of requests. Dropped, the kernel forgets them.
pub struct RequestSource {
    way: RequestsWay,
    programs: Programs,
    /// Where the kernel does not tell the end of a Unix connection, it is asked for.
    unix_ends: bool,
    /// What is live on connections without a place; `None` where the kernel does not let it be seen.
    others: Option<LiveIterator>,
    /// The cgroups whose requests are charged, and to which index.
    wanted: HashMap<CgroupId, u32>,
    /// The ports of each index.
    ports: HashMap<u32, BTreeSet<u16>>,
    /// The cgroup of each index.
    services: HashMap<u32, PathBuf>,
    procfs: Procfs,
}

impl RequestSource {
    /// Loads and attaches the programs, on tracepoints, or at functions where the kernel has not all of those, with room for
    /// the requests of `indexes` services, in `cgroups` cgroups together.
    ///
    /// # Errors
    /// What this host lacks for it.
    pub fn open(indexes: u32, cgroups: u32) -> Result<Self, WhyNotEbpf> {
        bpf::check()?;
        let types = KernelTypes::read(Path::new(KERNEL_TYPES))?;
        let offsets = Offsets::of_kernel(&types, REQUESTS)?;
        let start = |way, unix_ends| {
            let programs = attached::of(way, unix_ends, &types);
            if let Some(lack) = attached::lack(&programs, &types) {
                return Err(lack);
            }
            let programs = Programs::start(&programs, unix_ends, &offsets, indexes, cgroups);
            let programs = programs.map_err(bpf::explain)?;
            Ok(Self {
                way,
                unix_ends,
                others: programs.others(),
                programs,
                wanted: HashMap::new(),
                ports: HashMap::new(),
                services: HashMap::new(),
                procfs: Procfs::default(),
            })
        };
        // Some kernels take programs at tracepoints alone, which do not tell the end of a Unix connection.
        let seen_by = |way| start(way, true).or_else(|_| start(way, false));
        seen_by(RequestsWay::Tracepoints).or_else(|why| {
            seen_by(RequestsWay::Functions).map_err(|other| match why {
                // What there is beside it says more.
                WhyNotEbpf::NoEvent { .. } => other,
                why => why,
            })
        })
    }
}

impl RequestWatch for RequestSource {
    fn way(&self) -> RequestsWay {
        self.way
    }

    fn want(&mut self, index: u32, service: &Path) -> Result<()> {
        let Tree { ids: cgroups, pids } = Tree::read(service);
        if self.services.get(&index).is_none_or(|known| known != service) {
            self.services.insert(index, service.to_owned());
        }
        // One that has just ended may come back at the same port.
        if !pids.is_empty() {
            self.ports.insert(index, ports::of(&self.procfs, &pids));
        }
        self.programs
            .serve(&self.ports.values().flatten().copied().collect())?;
        let stale = |(id, of): (&CgroupId, &u32)| (*of == index && !cgroups.contains(id)).then_some(*id);
        let stale: Vec<CgroupId> = self.wanted.iter().filter_map(stale).collect();
        for id in stale {
            self.programs.charge_no_more(id)?;
            self.wanted.remove(&id);
        }
        for id in cgroups {
            if self.wanted.get(&id) != Some(&index) {
                self.programs.charge(id, index)?;
                self.wanted.insert(id, index);
            }
        }
        Ok(())
    }

    fn look(&self, indexes: &[u32]) -> Result<Vec<RequestLook>> {
        let mut placed = self.programs.live();
        if !self.unix_ends {
            placed = self.still_there(placed);
        }
        let mut live: Vec<Live> = placed.iter().map(|one| one.live).collect();
        if let Some(others) = &self.others {
            live.extend(others.read()?);
        }
        let at = monotonic();
        let look = |index: &u32| RequestLook {
            at,
            counted: self.programs.total(*index),
            live: live
                .iter()
                .filter(|live| live.place == self.programs.place(*index))
                .copied()
                .collect(),
        };
        Ok(indexes.iter().map(look).collect())
    }
}
