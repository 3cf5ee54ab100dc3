//! Tasks that come to a CPU by a switch that is never reported. Such switches cannot be had for the asking: what the CPU
//! has noted of who runs there is overwritten while the task runs, which is what a missing report leaves behind.

use std::fs;
use std::mem::offset_of;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use autoscaler::host::usage::{EbpfSource, UsageSource as _};
use autoscaler_common::Cpu;
use autoscaler_tests::affinity::{keep_to, two_cpus};
use autoscaler_tests::{Burner, ScratchCgroup, require_root_bpf, until};
use aya::maps::{Array, Map, MapData, MapInfo, loaded_maps};
use nix::unistd::Pid;

use crate::accounting::measure::{Moment, assert_same, moment, open, run_for};

/// A record of the map `CPUS` as words, the first of which is the address of the task that runs.
type Words = [u64; size_of::<Cpu>() / 8];

/// A record of the map `LEFT`.
type Left = [u64; 2];

/// The two real-time loops would take each other's CPU.
static ALONE: Mutex<()> = Mutex::new(());

/// One source, and its maps as seen from outside.
struct Observed {
    source: EbpfSource,
    cpus: Array<MapData, Words>,
    left: Array<MapData, Left>,
}

impl Observed {
    /// Opens a source. Its maps are those that were not there before.
    fn open() -> Result<Self> {
        let before = maps();
        let source = open()?;
        let new: Vec<MapInfo> = maps()
            .into_iter()
            .filter(|map| before.iter().all(|earlier| earlier.id() != map.id()))
            .collect();
        let find = |name: &str| -> Result<Map> {
            let found = new.iter().find(|map| map.name_as_str() == Some(name));
            let map = found.with_context(|| format!("no map {name}"))?;
            Ok(Map::Array(MapData::from_id(map.id())?))
        };
        Ok(Self {
            cpus: Array::try_from(find("CPUS")?)?,
            left: Array::try_from(find("LEFT")?)?,
            source,
        })
    }

    /// Has `cpu` believe that another task runs there than `pid`, which does.
    fn hide(&mut self, cpu: u32, pid: u32) -> Result<()> {
        let mut words = until("the loop to have its CPU", Duration::from_secs(10), || {
            let words = self.cpus.get(&cpu, 0).ok()?;
            let running = words[offset_of!(Cpu, slot.pid) / 8].to_ne_bytes();
            running.starts_with(&pid.to_ne_bytes()).then_some(words)
        })?;
        words[offset_of!(Cpu, slot.task) / 8] = 1;
        Ok(self.cpus.set(cpu, words, 0)?)
    }

    /// Has other tasks take every place where a task's counters are kept while it is away.
    fn take_every_place(&mut self) -> Result<()> {
        for entry in 0..self.left.len() {
            self.left.set(entry, [1, 1], 0)?;
        }
        Ok(())
    }
}

/// All maps of the host. One that goes while they are listed, as those of a source that has just been closed, is none.
fn maps() -> Vec<MapInfo> {
    loaded_maps().filter_map(Result::ok).collect()
}

/// How much CPU time a loop uses.
const SECONDS: u32 = 2;

/// What a loop used, from just before it was hidden until it had ended.
struct Stint {
    from: Moment,
    to: Moment,
    /// How long that was.
    took: Duration,
}

/// Runs a loop on one CPU for [`SECONDS`] of CPU time, from its birth under `policy` (what chrt(1) takes), and hides it
/// from the source on the way, right after a reading and `before`. `None` where there are no two CPUs.
fn hidden_on_the_way(
    policy: &str,
    before: impl FnOnce(&mut Observed) -> Result<()>,
) -> Result<Option<Stint>> {
    let Some([ours, cpu]) = two_cpus()? else {
        return Ok(None);
    };
    keep_to(Pid::from_raw(0), ours)?;
    let cpu = u32::try_from(cpu)?;

    let cgroup = ScratchCgroup::new("unseen")?;
    let mut observed = Observed::open()?;
    let script = format!(
        "taskset -cp {cpu} $$ >/dev/null; chrt {policy} $$; (ulimit -t {SECONDS}; while :; do :; done); exit 0"
    );
    let load = Burner::script(cgroup.path(), &script)?;
    run_for(cgroup.path(), Duration::from_millis(600))?;
    let pids = fs::read_to_string(cgroup.path().join("cgroup.procs"))?;
    // The youngest is the loop.
    let pid = pids.lines().filter_map(|pid| pid.parse().ok()).max();
    let pid = pid.context("the loop has ended")?;

    let since = Instant::now();
    let from = moment(&mut observed.source, cgroup.path())?;
    let lost = observed.source.health().lost_switches;
    before(&mut observed)?;
    observed.hide(cpu, pid)?;
    load.finish()?;
    let to = moment(&mut observed.source, cgroup.path())?;
    ensure!(
        observed.source.health().lost_switches > lost,
        "no task came unseen"
    );
    let took = since.elapsed();
    Ok(Some(Stint { from, to, took }))
}

/// The scheduler's mark of when a task came is not kept for these: as far as it tells, this one has been running since it
/// was born.
#[test]
fn a_real_time_task_is_charged_once() -> Result<()> {
    if !require_root_bpf() {
        return Ok(());
    }
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(stint) = hidden_on_the_way("--fifo -p 1", |_| Ok(()))? else {
        return Ok(());
    };
    assert_same("a real-time task that came unseen", stint.from, stint.to, 0.005)
}

/// With nothing left to tell what it has been charged for, it is charged at most what passed since the last reading.
#[test]
fn a_task_whose_place_was_taken_is_charged_no_more_than_passed() -> Result<()> {
    if !require_root_bpf() {
        return Ok(());
    }
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for policy in ["--fifo -p 1", "--other -p 0"] {
        let Some(stint) = hidden_on_the_way(policy, Observed::take_every_place)? else {
            return Ok(());
        };
        let Stint { from, to, took } = stint;
        let charged = to.ours.cpu_ns - from.ours.cpu_ns;
        println!("{policy}: charged {charged} ns, {took:?} passed");
        ensure!(
            charged <= u64::try_from(took.as_nanos())?,
            "{policy}: charged {charged} ns in {took:?}"
        );
    }
    Ok(())
}
