//! The programs and their maps: loaded and attached. Nothing is pinned: all of it goes when the process ends.

use anyhow::{Context, Result};
use autoscaler_common::{BUCKETS, Requests};
use aya::maps::{HashMap, MapData};
use aya::programs::{Iter, ProgramError};
use aya::{Btf, BtfError, Ebpf, EbpfLoader};

use crate::host::bpf::{
    Mapped, Offsets, failed, possible_cpus, raise_memlock, refused, relocated, tracepoint,
};
use crate::host::requests::live::LiveIterator;
use crate::host::usage::CgroupId;
use crate::model::{BtfFault, KernelStep, WhyNotEbpf};

/// The object that `cargo xtask build-ebpf` makes.
static OBJECT: &[u8] = aya::include_bytes_aligned!("../../../bpf/requests.bpf.o");

/// Program in the object, the tracepoint that it is attached to, and the first release that has that.
const ATTACHED: [(&str, &str, &str); 4] = [
    ("state", "inet_sock_set_state", "4.16"),
    ("read", "sock_recv_length", "6.3"),
    ("sent", "sock_send_length", "6.3"),
    ("ready", "sk_data_ready", "6.3"),
];

/// The programs, attached, with their maps.
pub(super) struct Programs {
    ebpf: Ebpf,
    wanted: HashMap<MapData, u64, u32>,
    requests: Mapped<Requests>,
    cpus: u32,
    indexes: u32,
}

impl Programs {
    /// Loads and attaches the programs.
    pub(super) fn start(offsets: &Offsets, indexes: u32, cgroups: u32) -> Result<Self, WhyNotEbpf> {
        raise_memlock();
        let cpus = possible_cpus().map_err(failed)?;
        let entries = indexes
            .checked_mul(cpus)
            .context(KernelStep::Room)
            .map_err(failed)?;
        let mut loader = EbpfLoader::new();
        loader
            .map_max_entries("WANTED", cgroups)
            .map_max_entries("REQUESTS", entries);
        let mut ebpf = loader.load(&relocated(OBJECT, offsets)?).map_err(failed)?;
        load_programs(&mut ebpf)?;
        let (wanted, requests) = take_maps(&mut ebpf, entries).map_err(failed)?;
        for (name, ..) in ATTACHED {
            tracepoint(&mut ebpf, name)?
                .attach()
                .map_err(|error| refused(name, &error))?;
        }
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

fn load_programs(ebpf: &mut Ebpf) -> Result<(), WhyNotEbpf> {
    let btf = Btf::from_sys_fs().map_err(|error| WhyNotEbpf::BadBtf {
        why: BtfFault::Words(error.to_string()),
    })?;
    for (name, event, since) in ATTACHED {
        tracepoint(ebpf, name)?
            .load(event, &btf)
            .map_err(|error| match error {
                // Each tracepoint has a type of its own: `btf_trace_…`.
                ProgramError::Btf(BtfError::UnknownBtfTypeName { .. }) => {
                    WhyNotEbpf::NoEvent { event, since }
                }
                error => refused(name, &error),
            })?;
    }
    let live = ebpf
        .program_mut("live")
        .context(KernelStep::Program("live".to_owned()))
        .map_err(failed)?;
    let live: &mut Iter = live.try_into().map_err(|error| refused("live", &error))?;
    live.load("bpf_sk_storage_map", &btf)
        .map_err(|error| refused("live", &error))
}
