//! The programs and their maps: loaded and attached. Nothing is pinned: all of it goes when the process ends.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result};
use autoscaler_common::{BUCKETS, Field, Requests, SEATS_EACH};
use aya::maps::{Array, HashMap, Map, MapData, MapError};
use aya::programs::Iter;
use aya::{Btf, Ebpf, EbpfLoader};

use crate::host::bpf::{Mapped, Offsets, failed, possible_cpus, raise_memlock, relocated};
use crate::host::requests::attached::{self, Attached};
use crate::host::requests::live::LiveIterator;
use crate::host::requests::places::{OnConnection, Places};
use crate::host::usage::CgroupId;
use crate::model::{BtfFault, KernelStep, WhyNotEbpf};

/// The object that `cargo xtask build-ebpf` makes.
static OBJECT: &[u8] = aya::include_bytes_aligned!("../../../bpf/requests.bpf.o");

/// The programs, attached, with their maps.
pub(super) struct Programs {
    ebpf: Ebpf,
    wanted: HashMap<MapData, u64, u32>,
    ports: Array<MapData, u64>,
    /// What `ports` holds.
    served: Box<[u64; WORDS]>,
    changes: Array<MapData, u64>,
    changed: u64,
    requests: Mapped<Requests>,
    places: Places,
    cpus: u32,
    indexes: u32,
}

impl Programs {
    /// Loads these programs and attaches them; `unix_ends`: whether the end of a Unix connection is told by them.
    pub(super) fn start(
        programs: &[Attached],
        unix_ends: bool,
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
        let (unix_address, unix_ends) = (unix_address.unwrap_or_default(), u64::from(unix_ends));
        let mut loader = EbpfLoader::new();
        loader
            .override_global("UNIX_ADDRESS", &unix_address, true)
            .override_global("UNIX_ENDS", &unix_ends, true)
            .map_max_entries("SEATS", cpus.saturating_mul(SEATS_EACH))
            .map_max_entries("WANTED", cgroups)
            .map_max_entries("REQUESTS", entries);
        let mut ebpf = loader.load(&relocated(OBJECT, offsets)?).map_err(failed)?;
        load_programs(&mut ebpf, programs)?;
        let requests = Mapped::new(taken(&mut ebpf, "REQUESTS").map_err(failed)?, entries as usize);
        let requests = requests.map_err(failed)?;
        let [places, listeners] = ["PLACES", "LISTENERS"].map(|name| taken(&mut ebpf, name).map_err(failed));
        let places = Places::new(places?, listeners?).map_err(failed)?;
        let wanted = map(&mut ebpf, "WANTED")?;
        let (ports, changes) = (map(&mut ebpf, "PORTS")?, map(&mut ebpf, "CHANGES")?);
        attached::attach(&mut ebpf, programs)?;
        Ok(Self {
            ebpf,
            wanted,
            ports,
            served: Box::new([0; WORDS]),
            changes,
            changed: 0,
            requests,
            places,
            cpus,
            indexes,
        })
    }

    /// What waits or is served now on connections with a place in the array.
    pub(super) fn live(&self) -> Vec<OnConnection> {
        self.places.live()
    }

    /// The socket of `gone` is no more: what was live on it ends at `now`, `CLOCK_MONOTONIC`.
    pub(super) fn abandon(&self, gone: &OnConnection, now: Duration) {
        self.places.give_back(gone);
        let served = gone.live.served_since;
        if served != 0 {
            let busy = now.saturating_sub(Duration::from_nanos(served)).as_nanos();
            self.requests
                .abandon(gone.live.place as usize, u64::try_from(busy).unwrap_or(u64::MAX));
        }
    }

    /// The iterator over the records of all other connections; `None` where the kernel takes none. Then those are counted,
    /// and what is live on them is not seen.
    pub(super) fn others(&self) -> Option<LiveIterator> {
        let program: &Iter = self.ebpf.program(ITERATOR)?.try_into().ok()?;
        LiveIterator::open(program.fd().ok()?, self.ebpf.map("CONNECTIONS")?).ok()
    }

    /// Has the requests of this cgroup charged to `index`.
    pub(super) fn charge(&mut self, cgroup: CgroupId, index: u32) -> Result<()> {
        let place = self.place(index);
        self.wanted.insert(cgroup, place, 0).context(KernelStep::Room)?;
        self.changed()
    }

    /// Where the counters of `index` begin: one for each CPU.
    pub(super) fn place(&self, index: u32) -> u32 {
        index * self.cpus
    }

    /// Has its requests charged no more.
    pub(super) fn charge_no_more(&mut self, cgroup: CgroupId) -> Result<()> {
        match self.wanted.remove(&cgroup) {
            Ok(()) | Err(MapError::KeyNotFound) => self.changed(),
            Err(error) => Err(error).context(KernelStep::Remove),
        }
    }

    /// Has connections to these ports seen from their next data on, and to no others. Those that are known stay so.
    pub(super) fn serve(&mut self, ports: &BTreeSet<u16>) -> Result<()> {
        let mut words = [0_u64; WORDS];
        for port in ports {
            words[usize::from(port >> 6)] |= 1 << (port & 63);
        }
        for ((index, word), served) in (0..).zip(words).zip(self.served.iter_mut()) {
            if *served != word {
                self.ports.set(index, word, 0).context(KernelStep::Room)?;
                *served = word;
            }
        }
        Ok(())
    }

    /// Has connections looked at again that were nobody's.
    fn changed(&mut self) -> Result<()> {
        self.changed += 1;
        self.changes.set(0, self.changed, 0).context(KernelStep::Room)
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
            total.busy_ns += one.busy_ns + one.abandoned_ns;
            for bucket in 0..BUCKETS {
                total.waits[bucket] += one.waits[bucket];
                total.services[bucket] += one.services[bucket];
            }
        }
        total
    }
}

/// The program that is an iterator.
const ITERATOR: &str = "live";

/// 64 ports to a word.
const WORDS: usize = 1024;

fn taken(ebpf: &mut Ebpf, name: &str) -> Result<Map> {
    ebpf.take_map(name)
        .with_context(|| KernelStep::Map(name.to_owned()))
}

fn map<M: TryFrom<Map, Error = MapError>>(ebpf: &mut Ebpf, name: &str) -> Result<M, WhyNotEbpf> {
    let map = taken(ebpf, name).map_err(failed)?;
    M::try_from(map).map_err(failed)
}

fn load_programs(ebpf: &mut Ebpf, programs: &[Attached]) -> Result<(), WhyNotEbpf> {
    let btf = Btf::from_sys_fs().map_err(|error| WhyNotEbpf::BadBtf {
        why: BtfFault::Words(error.to_string()),
    })?;
    attached::load(ebpf, programs, &btf)?;
    // Without it the programs do: see `Programs::others`.
    if let Some(program) = ebpf.program_mut(ITERATOR)
        && let Ok(program) = <&mut Iter>::try_from(program)
    {
        let _ = program.load("bpf_sk_storage_map", &btf);
    }
    Ok(())
}
