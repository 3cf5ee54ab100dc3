//! The source of CPU figures: opened as the daemon opens it, and read.

use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::host::bpf::KERNEL_TYPES;
use crate::host::cgroup::CgroupMount;
use crate::host::process::Procfs;
use crate::host::usage::{self, UsageSource};
use crate::model::{Fact, SourceFault, SourceKind};

/// Time between the two readings.
const WINDOW: Duration = Duration::from_millis(250);

/// Opens the source that the daemon would use, and reads what the whole host uses.
pub(super) fn open(procfs: &Procfs) -> (Box<dyn UsageSource>, Vec<Fact>) {
    let types = Path::new(KERNEL_TYPES);
    let mut facts = vec![if types.exists() {
        Fact::KernelTypes {
            path: types.to_owned(),
        }
    } else {
        Fact::NoKernelTypes {
            path: types.to_owned(),
        }
    }];
    let (mut source, without_ebpf) = usage::open();
    facts.extend(without_ebpf.map(Fact::WithoutEbpf));
    let kind = source.kind();
    // Without a hierarchy there is nothing to read, and that has been said.
    if let Ok(mount) = CgroupMount::discover(procfs) {
        facts.push(match measure(source.as_mut(), mount.path()) {
            Ok((used_cpus, waiting_cpus)) => Fact::Source {
                kind,
                used_cpus,
                waiting_cpus,
            },
            Err(why) => Fact::SourceUnreadable { kind, why },
        });
    }
    (source, facts)
}

/// CPUs that the tasks of `root` and all below it used, and waited for, over [`WINDOW`].
fn measure(source: &mut dyn UsageSource, root: &Path) -> Result<(f64, Option<f64>), SourceFault> {
    let root = [root.to_owned()];
    let mut read = || {
        let reading = source
            .read(&root)
            .map_err(|error| SourceFault::Usage(error.into()))?;
        let usage = reading.usage.first().copied().flatten();
        let usage = usage.ok_or_else(|| SourceFault::NoFigures {
            path: root[0].clone(),
        })?;
        Ok((reading.taken_at, usage))
    };
    let (from, first) = read()?;
    thread::sleep(WINDOW);
    let (until, last) = read()?;
    let covered = until.saturating_sub(from).as_nanos() as f64;
    let used = last.cpu_ns.saturating_sub(first.cpu_ns);
    // This very process ran meanwhile. The root's cpu.stat counts in ticks (`root_cgroup_cputime` in
    // kernel/cgroup/rstat.c) and may well stand still.
    if used == 0 && source.kind() == SourceKind::Ebpf {
        return Err(SourceFault::Nothing);
    }
    let waited = last.wait_ns.zip(first.wait_ns);
    let waited = waited.map(|(last, first)| last.saturating_sub(first) as f64 / covered);
    Ok((used as f64 / covered, waited))
}
