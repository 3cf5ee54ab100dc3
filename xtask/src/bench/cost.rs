//! Run time of each program per event, all attached at once and driven by the same switches.

use std::collections::HashSet;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use autoscaler_tests::until;
use serde_json::{Value, json};

use super::perf::{Bench, ONE_CPU_PIPE, TWO_CPU_PIPE};
use super::programs::{Comparison, Ran, Statistics, all, new_one, ours};
use super::report::Section;
use super::series::Series;
use crate::build_ebpf;

/// bpftrace's one line for on-CPU time by cgroup (it has none for the wait).
const ONE_LINER: &str =
    "tracepoint:sched:sched_switch { @ns[cgroup] = sum(nsecs - @last[cpu]); @last[cpu] = nsecs; }";

/// What the two directions of a switch cost is told apart by where the two processes run.
const LOADS: [Bench; 2] = [ONE_CPU_PIPE, TWO_CPU_PIPE];

struct Measured {
    label: &'static str,
    id: u32,
    /// By load.
    series: [Series; LOADS.len()],
}

impl Measured {
    fn new(label: &'static str, id: u32) -> Self {
        let series = Default::default();
        Self { label, id, series }
    }
}

pub(super) fn measure(rounds: u32) -> Result<Section> {
    let object = build_ebpf::comparison()?;
    let before = all();
    let _ours = ours()?;
    let mut others = Comparison::load(&object)?;
    others.attach("bench_empty", "sched_switch")?;
    others.attach("bench_textbook", "sched_switch")?;
    others.attach("bench_wakeup", "sched_wakeup")?;
    let known = all();
    let mut one_liner = OneLiner::start();
    let mut programs = Vec::new();
    for (label, name) in [
        ("empty program", "bench_empty"),
        ("**ours**: on-CPU time and wait", "switched"),
        ("textbook, per switch", "bench_textbook"),
        ("textbook, per wakeup", "bench_wakeup"),
    ] {
        let id = new_one(name, &before).with_context(|| format!("`{name}` is not in the kernel"))?;
        programs.push(Measured::new(label, id));
    }
    let mut note = format!(
        "Run time per event in ns by the kernel's own `bpf_stats`, {rounds} rounds of `perf bench sched pipe`, all programs \
         attached at once: with both processes on one CPU, where each switch is from task to task, and on two, where each \
         is from idle or to idle. Most of the empty program's figure is the clock of `bpf_stats` itself: net is without it."
    );
    match &mut one_liner {
        Ok(running) => {
            let id = running.wait_for_program(&known)?;
            programs.push(Measured::new("bpftrace one-liner: on-CPU time", id));
        }
        Err(error) => note = format!("{note} No bpftrace: {error:#}."),
    }

    let statistics = Statistics::on()?;
    for _ in 0..rounds {
        for (number, load) in LOADS.into_iter().enumerate() {
            let start = programs
                .iter()
                .map(|program| Ran::of(program.id))
                .collect::<Result<Vec<_>>>()?;
            load.run()?;
            for (program, start) in programs.iter_mut().zip(start) {
                let ran = Ran::of(program.id)?.since(start);
                program.series[number].add(ran.time.as_nanos() as f64 / ran.count as f64);
            }
        }
    }
    drop(statistics);

    let empty = programs[0].series.each_ref().map(Series::median);
    let row = |program: &Measured| {
        let figures = program.series.iter().zip(empty);
        let cells = figures.flat_map(|(series, empty)| {
            let net = series.median() - empty;
            [series.show(1), format!("{net:.1}")]
        });
        std::iter::once(program.label.to_owned()).chain(cells).collect()
    };
    let data = programs.iter().map(|program| {
        let loads = LOADS.iter().zip(&program.series);
        let loads = loads.map(|(load, series)| (load.name.to_owned(), series.json()));
        (program.label.replace('*', ""), Value::Object(loads.collect()))
    });
    Ok(Section {
        title: "Cost per event",
        note,
        columns: vec!["program", "task to task, ns", "net", "from or to idle, ns", "net"],
        rows: programs.iter().map(row).collect(),
        data: json!(data.collect::<serde_json::Map<_, _>>()),
    })
}

/// A running bpftrace.
struct OneLiner(Child);

impl OneLiner {
    /// Starts it in a mount namespace of its own: it wants tracefs, which need not be mounted here.
    fn start() -> Result<Self> {
        let script = "mount -t debugfs none /sys/kernel/debug 2>/dev/null; mount -t tracefs none /sys/kernel/tracing \
                      2>/dev/null; exec bpftrace -e \"$1\"";
        Command::new("bpftrace")
            .arg("--version")
            .stdout(Stdio::null())
            .status()
            .context("it is not installed (Debian: bpftrace)")?;
        let child = Command::new("unshare")
            .args(["-m", "sh", "-c", script, "sh", ONE_LINER])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start it")?;
        Ok(Self(child))
    }

    /// Its program's id, once it is in the kernel.
    fn wait_for_program(&mut self, known: &HashSet<u32>) -> Result<u32> {
        until("bpftrace to attach", Duration::from_secs(30), || {
            // Ended already: no need to wait for it.
            let running = self.0.try_wait().is_ok_and(|ended| ended.is_none());
            if running {
                new_one("sched_switch", known).map(Some)
            } else {
                Some(None)
            }
        })?
        .context("bpftrace ended by itself: it could not attach")
    }
}

impl Drop for OneLiner {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
