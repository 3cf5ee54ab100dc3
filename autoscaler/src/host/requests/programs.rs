//! The programs and their maps: loaded and attached. Nothing is pinned: all of it goes when the process ends.

use anyhow::{Context, Result};
use autoscaler_common::{BUCKETS, Field, Requests};
use aya::maps::{HashMap, MapData};
use aya::programs::Iter;
use aya::{Btf, Ebpf, EbpfLoader};

use crate::host::bpf::{Mapped, Offsets, failed, possible_cpus, raise_memlock, refused, relocated};
use crate::host::requests::attached::{self, Attached};
use crate::host::requests::live::LiveIterator;
use crate::host::usage::CgroupId;
use crate::model::{BtfFault, KernelStep, WhyNotEbpf};

/// The object that `cargo xtask build-ebpf` makes.
static OBJECT: &[u8] = aya::include_bytes_aligned!("../../../bpf/requests.bpf.o");

/// The programs, attached, with their maps.
pub(super) struct Programs {
    ebpf: Ebpf,
    wanted: HashMap<MapData, u64, u32>,
    requests: Mapped<Requests>,
    cpus: u32,
    indexes: u32,
}

impl Programs {
    /// Loads these programs and attaches them.
    pub(super) fn start(
        programs: &[Attached],
        offsets: &Offsets,
        indexes: u32,
        cgroups: u32,
    ) -> Result<Self, WhyNotEbpf> {
        raise_memlock();
        let cpus = possible_cpus().map_err(failed)?;
        let entries = indexes
            .checked_mul(cpus)
            .context(KernelStep::Room)
            .map_err(failed)?;
        let unix_address = offsets.of(Field::UnixAddress as u16).map(u64::from);
        let unix_address = unix_address.unwrap_or_default();
        let mut loader = EbpfLoader::new();
        loader
            .override_global("UNIX_ADDRESS", &unix_address, true)
            .map_max_entries("WANTED", cgroups)
            .map_max_entries("REQUESTS", entries);
        let mut ebpf = loader.load(&relocated(OBJECT, offsets)?).map_err(failed)?;
        load_programs(&mut ebpf, programs)?;
        let (wanted, requests) = take_maps(&mut ebpf, entries).map_err(failed)?;
        attached::attach(&mut ebpf, programs)?;
        Ok(Self {
            ebpf,
            wanted,
            requests,
            cpus,
            indexes,
        })
    }

    /// The iterator over the records of all connections.
    pub(super) fn live(&self) -> Result<LiveIterator, WhyNotEbpf> {
        let open = || -> Result<LiveIterator> {
            let program = self
                .ebpf
                .program("live")
                .context(KernelStep::Program("live".to_owned()))?;
            let program: &Iter = program.try_into()?;
            let map = self
                .ebpf
                .map("CONNECTIONS")
                .context(KernelStep::Map("CONNECTIONS".to_owned()))?;
            LiveIterator::open(program.fd()?, map)
        };
        open().map_err(failed)
    }

    /// Has the requests of this cgroup charged to `index`.
    pub(super) fn charge(&mut self, cgroup: CgroupId, index: u32) -> Result<()> {
        let place = self.place(index);
        self.wanted.insert(cgroup, place, 0).context(KernelStep::Room)
    }

    /// Where the counters of `index` begin: one for each CPU.
    pub(super) fn place(&self, index: u32) -> u32 {
        index * self.cpus
    }

    /// Has its requests charged no more.
    pub(super) fn charge_no_more(&mut self, cgroup: CgroupId) -> Result<()> {
        match self.wanted.remove(&cgroup) {
            Ok(()) | Err(aya::maps::MapError::KeyNotFound) => Ok(()),
            Err(error) => Err(error).context(KernelStep::Remove),
        }
    }

    /// What all CPUs have charged to `index`.
    pub(super) fn total(&self, index: u32) -> Requests {
        let mut total = Requests::default();
        if index >= self.indexes {
            return total;
        }
        for cpu in 0..self.cpus {
            let one = self.requests.get((self.place(index) + cpu) as usize);
            total.begun += one.begun;
            total.answered += one.answered;
            total.abandoned += one.abandoned;
            total.wait_ns += one.wait_ns;
            total.busy_ns += one.busy_ns;
            for bucket in 0..BUCKETS {
                total.waits[bucket] += one.waits[bucket];
                total.services[bucket] += one.services[bucket];
            }
        }
        total
    }
}

fn take_maps(ebpf: &mut Ebpf, entries: u32) -> Result<(HashMap<MapData, u64, u32>, Mapped<Requests>)> {
    let mut take = |name: &str| {
        ebpf.take_map(name)
            .with_context(|| KernelStep::Map(name.to_owned()))
    };
    let wanted = HashMap::try_from(take("WANTED")?)?;
    let requests = Mapped::new(take("REQUESTS")?, entries as usize)?;
    Ok((wanted, requests))
}

fn load_programs(ebpf: &mut Ebpf, programs: &[Attached]) -> Result<(), WhyNotEbpf> {
    let btf = Btf::from_sys_fs().map_err(|error| WhyNotEbpf::BadBtf {
        why: BtfFault::Words(error.to_string()),
    })?;
    attached::load(ebpf, programs, &btf)?;
    let live = ebpf
        .program_mut("live")
        .context(KernelStep::Program("live".to_owned()))
        .map_err(failed)?;
    let live: &mut Iter = live.try_into().map_err(|error| refused("live", &error))?;
    live.load("bpf_sk_storage_map", &btf)
        .map_err(|error| refused("live", &error))
}
