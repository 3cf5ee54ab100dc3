//! The kernel programs and their maps: loaded, attached, and run on demand. Nothing is pinned: all of it goes
//! when the process ends, however it ends.

use anyhow::{Context, Result};
use autoscaler_common::{Counters, Cpu, NOWHERE, Owner};
use aya::maps::{HashMap, MapData, Queue};
use aya::programs::RawTracePoint;
use aya::{Btf, Ebpf, EbpfLoader, RawTracePointRunOptions, TestRun};
use aya_log::EbpfLogger;

use crate::host::bpf::{
    Mapped, Offsets, failed, online_cpus, possible_cpus, raise_memlock, refused, relocated, tracepoint,
};
use crate::host::usage::RunCost;
use crate::host::usage::ebpf::log::ToTracing;
use crate::model::{BtfFault, KernelStep, WhyNotEbpf};

/// The object that `cargo xtask build-ebpf` makes.
static OBJECT: &[u8] = aya::include_bytes_aligned!("../../../../bpf/autoscaler.bpf.o");

/// Program in the object → tracepoint that it is attached to.
const ATTACHED: [(&str, &str); 3] = [
    ("removed", "cgroup_rmdir"),
    ("moved", "cgroup_attach_task"),
    ("switched", "sched_switch"),
];

/// The programs, attached, with their maps.
pub(super) struct Programs {
    /// Holds the attachments; dropped, the kernel forgets the programs.
    ebpf: Ebpf,
    logger: EbpfLogger<ToTracing>,
    index: HashMap<MapData, u64, u32>,
    free: Queue<MapData, u32>,
    pub(super) cpus: Mapped<Cpu>,
    pub(super) counters: Mapped<Counters>,
    pub(super) owners: Mapped<Owner>,
    /// Entries that the kernel took out of `free` or that stand in it: the size of all of it.
    pub(super) capacity: usize,
}

impl Programs {
    /// Loads and attaches the programs, with room for `capacity` cgroups.
    pub(super) fn start(offsets: &Offsets, capacity: usize) -> Result<Self, WhyNotEbpf> {
        let mut programs = Self::load(offsets, capacity)?;
        programs.attach()?;
        // From here on each CPU's slot holds the task that runs there.
        programs.flush().map_err(failed)?;
        Ok(programs)
    }

    fn load(offsets: &Offsets, capacity: usize) -> Result<Self, WhyNotEbpf> {
        raise_memlock();
        let cpus = possible_cpus().map_err(failed)?;
        // Index 0 is NOWHERE.
        let indexes = u32::try_from(capacity + 1).map_err(failed)?;
        let per_cpu = indexes
            .checked_mul(cpus)
            .context(KernelStep::Room)
            .map_err(failed)?;
        let mut loader = EbpfLoader::new();
        loader
            .map_max_entries("CPUS", cpus)
            .map_max_entries("COUNTERS", per_cpu)
            .map_max_entries("OWNERS", indexes)
            .map_max_entries("INDEX", indexes)
            .map_max_entries("FREE", indexes);
        let mut ebpf = loader.load(&relocated(OBJECT, offsets)?).map_err(failed)?;
        load_programs(&mut ebpf)?;

        Self::take_maps(ebpf, capacity, cpus as usize).map_err(failed)
    }

    fn take_maps(mut ebpf: Ebpf, capacity: usize, cpus: usize) -> Result<Self> {
        let logger = EbpfLogger::init_with_logger(&mut ebpf, ToTracing)?;
        let mut take = |name: &str| {
            ebpf.take_map(name)
                .with_context(|| KernelStep::Map(name.to_owned()))
        };
        let index = HashMap::try_from(take("INDEX")?)?;
        let mut free = Queue::try_from(take("FREE")?)?;
        let cpus: Mapped<Cpu> = Mapped::new(take("CPUS")?, cpus)?;
        for cpu in 0..cpus.len() {
            let base = u32::try_from(cpu * (capacity + 1))?;
            cpus.set(
                cpu,
                Cpu {
                    base,
                    ..Cpu::default()
                },
            );
        }
        let counters = Mapped::new(take("COUNTERS")?, cpus.len() * (capacity + 1))?;
        let owners = Mapped::new(take("OWNERS")?, capacity + 1)?;
        for index in (NOWHERE + 1)..=u32::try_from(capacity)? {
            free.push(index, 0)?;
        }
        Ok(Self {
            ebpf,
            logger,
            index,
            free,
            cpus,
            counters,
            owners,
            capacity,
        })
    }

    fn attach(&mut self) -> Result<(), WhyNotEbpf> {
        for (name, _) in ATTACHED {
            tracepoint(&mut self.ebpf, name)?
                .attach()
                .map_err(|error| refused(name, &error))?;
        }
        Ok(())
    }

    /// How often the program at every switch ran, and for how long, while the kernel was asked to measure that.
    pub(super) fn ran(&self) -> Result<RunCost> {
        let program = self
            .ebpf
            .program("switched")
            .context(KernelStep::Program("switched".to_owned()))?;
        let info = program.info()?;
        Ok(RunCost {
            time: info.run_time(),
            runs: info.run_count(),
        })
    }

    /// Charges what the running tasks have used so far, on every CPU, and makes every CPU forget which index
    /// it had for a cgroup.
    pub(super) fn flush(&mut self) -> Result<()> {
        let program = self
            .ebpf
            .program("flush")
            .context(KernelStep::Program("flush".to_owned()))?;
        let program: &RawTracePoint = program.try_into()?;
        for cpu in online_cpus()?.iter() {
            let options = RawTracePointRunOptions {
                cpu: Some(cpu),
                ..Default::default()
            };
            // On a CPU that has gone offline since it was listed nothing runs that could be charged.
            if let Err(error) = program.test_run(options)
                && online_cpus()?.iter().any(|online| online == cpu)
            {
                return Err(error).context(KernelStep::Flush(cpu));
            }
        }
        self.logger.flush();
        Ok(())
    }

    /// What all CPUs have charged to `index`.
    pub(super) fn total(&self, index: usize) -> Counters {
        let stride = self.capacity + 1;
        let mut total = Counters::default();
        for cpu in 0..self.cpus.len() {
            let Counters { cpu_ns, wait_ns } = self.counters.get(cpu * stride + index);
            total.cpu_ns += cpu_ns;
            total.wait_ns += wait_ns;
        }
        total
    }

    /// Takes the indexes of removed cgroups out of use, runs `settle` while nothing charges to them any
    /// more, and gives them back.
    pub(super) fn recycle(
        &mut self,
        indexes: &[usize],
        mut settle: impl FnMut(&Owner, Counters),
    ) -> Result<()> {
        for &index in indexes {
            match self.index.remove(&self.owners.id(index)) {
                Ok(()) | Err(aya::maps::MapError::KeyNotFound) => {}
                Err(error) => return Err(error).context(KernelStep::Remove),
            }
        }
        // No CPU finds these indexes in INDEX any more; after this none remembers them. Should a task that
        // is still dying in such a cgroup be switched again, it gets a new index.
        self.flush()?;
        let stride = self.capacity + 1;
        for &index in indexes {
            settle(&self.owners.get(index), self.total(index));
            for cpu in 0..self.cpus.len() {
                self.counters.set(cpu * stride + index, Counters::default());
            }
            self.owners.set(index, Owner::default());
            self.free
                .push(u32::try_from(index)?, 0)
                .context(KernelStep::GiveBack)?;
        }
        Ok(())
    }
}

fn load_programs(ebpf: &mut Ebpf) -> Result<(), WhyNotEbpf> {
    let btf = Btf::from_sys_fs().map_err(|error| WhyNotEbpf::BadBtf {
        why: BtfFault::Words(error.to_string()),
    })?;
    for (name, event) in ATTACHED {
        tracepoint(ebpf, name)?
            .load(event, &btf)
            .map_err(|error| refused(name, &error))?;
    }
    let flush = ebpf
        .program_mut("flush")
        .context(KernelStep::Program("flush".to_owned()))
        .map_err(failed)?;
    let flush: &mut RawTracePoint = flush.try_into().map_err(|error| refused("flush", &error))?;
    flush.load().map_err(|error| refused("flush", &error))
}

/// Everything that is taken out of the object is of the kind that `load` says.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_object_holds_the_programs_and_maps() {
        let object = aya_obj_names();
        for name in [
            "switched", "flush", "moved", "removed", "INDEX", "FREE", "CPUS", "COUNTERS", "OWNERS",
        ] {
            assert!(object.iter().any(|found| found == name), "{name} in {object:?}");
        }
    }

    fn aya_obj_names() -> Vec<String> {
        // Symbol names stand in the object as plain strings, each ended by a zero.
        OBJECT
            .split(|byte| *byte == 0)
            .filter_map(|part| std::str::from_utf8(part).ok())
            .filter(|name| !name.is_empty() && name.len() < 32)
            .map(str::to_owned)
            .collect()
    }
}
