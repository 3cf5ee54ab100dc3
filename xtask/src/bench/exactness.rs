//! Our figures against the kernel's own, for loads of every kind.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use autoscaler::host::usage::{CpuStatSource, EbpfSource, UsageSource};
use autoscaler_tests::burner::run_delay;
use autoscaler_tests::{Burner, ScratchCgroup};
use serde_json::{Value, json};

use super::programs::ours;
use super::report::Section;

/// How long a load of endless loops is watched.
const WATCHED: Duration = Duration::from_secs(5);

const HACKBENCH: &str = "perf bench sched messaging -g 5 -l 400 >/dev/null";
const SHORT_LIVED: &str = "i=0; while [ $i -lt 2000 ]; do /bin/true; i=$((i+1)); done";

/// The differences of both figures over one load, ns.
struct Compared {
    ours: u64,
    theirs: u64,
    wait: Option<(u64, u64)>,
}

pub(super) fn measure() -> Result<Section> {
    let mut source = ours()?;
    let cases: [(&str, Compared); 6] = [
        ("one busy loop", loops(&mut source, 1)?),
        (
            "two busy loops for each CPU",
            loops(&mut source, 2 * std::thread::available_parallelism()?.get())?,
        ),
        ("hackbench: forks and exits", script(&mut source, HACKBENCH)?),
        ("2000 short-lived processes", script(&mut source, SHORT_LIVED)?),
        ("60 cgroups made and removed", removed(&mut source)?),
        ("a loop moved between two cgroups", moved(&mut source)?),
    ];
    let ratio = |(ours, theirs): (u64, u64)| ours as f64 / theirs as f64;
    let ms = |ns: u64| format!("{:.1}", ns as f64 / 1e6);
    let row = |(label, case): &(&str, Compared)| {
        let wait = case
            .wait
            .map_or(["-".to_owned(), "-".to_owned(), "-".to_owned()], |wait| {
                [ms(wait.0), ms(wait.1), format!("{:.4}", ratio(wait))]
            });
        let mut cells = vec![
            (*label).to_owned(),
            ms(case.ours),
            ms(case.theirs),
            format!("{:.5}", ratio((case.ours, case.theirs))),
        ];
        cells.extend(wait);
        cells
    };
    let json = |(label, case): &(&str, Compared)| {
        let value: Value = json!({ "ours_ns": case.ours, "cpu_stat_ns": case.theirs,
            "wait_ns": case.wait.map(|wait| wait.0), "schedstat_wait_ns": case.wait.map(|wait| wait.1) });
        ((*label).to_owned(), value)
    };
    let health = source.health();
    Ok(Section {
        title: "Exactness",
        note: format!(
            "Milliseconds of on-CPU time against `cpu.stat`, and of wait against the sum over \
             /proc/PID/task/TID/schedstat. Meanwhile {} switches were never reported and recovered; {} slices found \
             the table full.",
            health.lost_switches, health.map_full
        ),
        columns: vec![
            "load",
            "ours",
            "cpu.stat",
            "ratio",
            "our wait",
            "schedstat",
            "ratio",
        ],
        rows: cases.iter().map(row).collect(),
        data: json!(cases.iter().map(json).collect::<serde_json::Map<_, _>>()),
    })
}

/// Both figures of now: ours, cpu.stat's, our wait.
fn now(source: &mut EbpfSource, cgroup: &Path) -> Result<(u64, u64, u64)> {
    let paths = [PathBuf::from(cgroup)];
    let mut best = None;
    // The pair whose two readings lie closest together, as the bench may lose its CPU between them.
    for _ in 0..20 {
        let before = CpuStatSource::default().read(&paths)?.usage[0]
            .context("the cgroup is gone")?
            .cpu_ns;
        let ours = source.read(&paths)?.usage[0].context("the cgroup is gone")?;
        let after = CpuStatSource::default().read(&paths)?.usage[0]
            .context("the cgroup is gone")?
            .cpu_ns;
        let spread = after - before;
        if best.is_none_or(|(least, _)| spread < least) {
            best = Some((
                spread,
                (ours.cpu_ns, before + spread / 2, ours.wait_ns.unwrap_or(0)),
            ));
        }
    }
    best.map(|(_, figures)| figures).context("never read")
}

fn loops(source: &mut EbpfSource, count: usize) -> Result<Compared> {
    let cgroup = ScratchCgroup::new("bench-loops")?;
    let _loops = (0..count)
        .map(|_| Burner::busy(cgroup.path()))
        .collect::<Result<Vec<_>>>()?;
    std::thread::sleep(Duration::from_millis(300));
    let (start, delay) = (now(source, cgroup.path())?, run_delay(cgroup.path())?);
    std::thread::sleep(WATCHED);
    let (end, delay_end) = (now(source, cgroup.path())?, run_delay(cgroup.path())?);
    Ok(Compared {
        ours: end.0 - start.0,
        theirs: end.1 - start.1,
        wait: Some((end.2 - start.2, delay_end - delay)),
    })
}

fn script(source: &mut EbpfSource, script: &str) -> Result<Compared> {
    let cgroup = ScratchCgroup::new("bench-script")?;
    around(source, cgroup.path(), || {
        Burner::script(cgroup.path(), script)?.finish()
    })
}

fn around(source: &mut EbpfSource, cgroup: &Path, load: impl FnOnce() -> Result<()>) -> Result<Compared> {
    let start = now(source, cgroup)?;
    load()?;
    let end = now(source, cgroup)?;
    Ok(Compared {
        ours: end.0 - start.0,
        theirs: end.1 - start.1,
        wait: None,
    })
}

fn removed(source: &mut EbpfSource) -> Result<Compared> {
    let unit = ScratchCgroup::new("bench-removed")?;
    around(source, unit.path(), || {
        for _ in 0..60 {
            let child = unit.child("short")?;
            Burner::script(&child, "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done")?.finish()?;
            fs::remove_dir(&child)?;
        }
        Ok(())
    })
}

/// The figures of the first of two cgroups that one loop is moved between.
fn moved(source: &mut EbpfSource) -> Result<Compared> {
    let parent = ScratchCgroup::new("bench-moved")?;
    let sides = [parent.child("a")?, parent.child("b")?];
    let _loop = Burner::busy(&sides[0])?;
    around(source, &sides[0], || {
        for round in 0..20 {
            std::thread::sleep(Duration::from_millis(200));
            for pid in fs::read_to_string(sides[round % 2].join("cgroup.procs"))?.lines() {
                fs::write(sides[(round + 1) % 2].join("cgroup.procs"), pid)?;
            }
        }
        Ok(())
    })
}
