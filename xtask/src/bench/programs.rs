//! Kernel programs and the kernel's own statistics of them.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use autoscaler::host::usage::{EbpfSource, for_this_kernel};
use aya::programs::{BtfTracePoint, loaded_programs};
use aya::{Btf, Ebpf};

/// Opens ours.
pub(super) fn ours() -> Result<EbpfSource> {
    EbpfSource::open().map_err(|why| anyhow::anyhow!("{why}"))
}

/// The programs to compare with, not yet attached.
pub(super) struct Comparison(Ebpf);

impl Comparison {
    pub(super) fn load(object: &Path) -> Result<Self> {
        let bytes = fs::read(object).with_context(|| format!("cannot read {}", object.display()))?;
        let bytes = for_this_kernel(&bytes).map_err(|why| anyhow::anyhow!("{why}"))?;
        let ebpf = Ebpf::load(&bytes).with_context(|| format!("cannot load {}", object.display()))?;
        Ok(Self(ebpf))
    }

    /// Attaches one program to a tracepoint; it stays until this is dropped.
    pub(super) fn attach(&mut self, program: &str, event: &str) -> Result<()> {
        let btf = Btf::from_sys_fs()?;
        let found = self
            .0
            .program_mut(program)
            .with_context(|| format!("no program `{program}`"))?;
        let found: &mut BtfTracePoint = found.try_into()?;
        found.load(event, &btf)?;
        found.attach()?;
        Ok(())
    }
}

/// The ids of all programs in the kernel.
pub(super) fn all() -> HashSet<u32> {
    loaded_programs().flatten().map(|program| program.id()).collect()
}

/// The program of this name that is not among `before`: other processes may have some of the same name.
pub(super) fn new_one(name: &str, before: &HashSet<u32>) -> Option<u32> {
    loaded_programs()
        .flatten()
        .find(|program| program.name_as_str() == Some(name) && !before.contains(&program.id()))
        .map(|program| program.id())
}

/// How long a program has run and how often, while statistics were on.
#[derive(Clone, Copy, Default)]
pub(super) struct Ran {
    pub(super) time: Duration,
    pub(super) count: u64,
}

impl Ran {
    pub(super) fn of(id: u32) -> Result<Self> {
        let found = loaded_programs().flatten().find(|program| program.id() == id);
        let program = found.with_context(|| format!("program {id} is gone"))?;
        Ok(Self {
            time: program.run_time(),
            count: program.run_count(),
        })
    }

    /// Mean time of a run, ns.
    pub(super) fn mean(self) -> f64 {
        self.time.as_nanos() as f64 / self.count as f64
    }

    pub(super) fn since(self, earlier: Self) -> Self {
        Self {
            time: self.time.saturating_sub(earlier.time),
            count: self.count - earlier.count,
        }
    }
}

/// Has the kernel measure programs for as long as it lives. That costs some 20 ns a run: never on otherwise.
pub(super) struct Statistics(String);

const SWITCH: &str = "/proc/sys/kernel/bpf_stats_enabled";

impl Statistics {
    pub(super) fn on() -> Result<Self> {
        let before = fs::read_to_string(SWITCH).with_context(|| format!("cannot read {SWITCH}"))?;
        fs::write(SWITCH, "1").with_context(|| format!("cannot write {SWITCH}"))?;
        Ok(Self(before))
    }
}

impl Drop for Statistics {
    fn drop(&mut self) {
        if let Err(error) = fs::write(SWITCH, self.0.trim()) {
            eprintln!("{SWITCH} stays on: {error}");
        }
    }
}
