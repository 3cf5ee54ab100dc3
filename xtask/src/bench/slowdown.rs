//! What the loads of `perf bench` lose while the programs are attached: pairs, one with and one without, in
//! turns, so that whatever else the machine does hits both alike.

use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use super::perf::{Bench, MESSAGING, ONE_CPU_PIPE, PIPE};
use super::programs::{Comparison, ours};
use super::report::Section;
use super::series::Series;
use crate::build_ebpf;

/// Pairs for each round that the other tables take: what is looked for here is smaller than the noise.
const PAIRS: u32 = 5;

/// After the programs come or go, so that loading them is not a part of either.
const SETTLE: Duration = Duration::from_millis(200);

pub(super) fn measure(rounds: u32) -> Result<Section> {
    let pairs = rounds * PAIRS;
    let object = build_ebpf::comparison()?;
    let mut rows = Vec::new();
    let mut data = serde_json::Map::new();
    for bench in [PIPE, ONE_CPU_PIPE, MESSAGING] {
        let measured = [
            ("ours", Pairs::measure(bench, pairs, ours)?),
            (
                "an empty program",
                Pairs::measure(bench, pairs, || empty(&object))?,
            ),
        ];
        for (burden, measured) in measured {
            rows.push(vec![
                format!("perf bench {}", bench.name),
                burden.to_owned(),
                measured.without.show(3),
                measured.with.show(3),
                measured.wall.show(4),
                measured.cpu.show(4),
            ]);
            data.insert(format!("{}, {burden}", bench.name), measured.json());
        }
    }
    Ok(Section {
        title: "Slow-down",
        note: format!(
            "{pairs} pairs; the ratios are taken within each pair (1 = no difference): of the time by the clock, and of \
             the CPU time of the load's own processes, which other work on the machine disturbs less. What an empty \
             program costs is the kernel's own price for a tracepoint that anybody listens to."
        ),
        columns: vec![
            "load",
            "attached",
            "without, s",
            "with, s",
            "clock ratio",
            "CPU ratio",
        ],
        rows,
        data: Value::Object(data),
    })
}

/// The empty program, attached.
fn empty(object: &Path) -> Result<Comparison> {
    let mut programs = Comparison::load(object)?;
    programs.attach("bench_empty", "sched_switch")?;
    Ok(programs)
}

#[derive(Default)]
struct Pairs {
    without: Series,
    with: Series,
    wall: Series,
    cpu: Series,
}

impl Pairs {
    /// `attach` returns what keeps the programs attached until it is dropped.
    fn measure<A>(bench: Bench, pairs: u32, attach: impl Fn() -> Result<A>) -> Result<Self> {
        let plain = || {
            sleep(SETTLE);
            bench.run()
        };
        let burdened = || {
            let _attached = attach()?;
            plain()
        };
        let mut all = Self::default();
        // The first run of all warms the machine up.
        bench.run()?;
        for pair in 0..pairs {
            let (without, with) = if pair % 2 == 0 {
                let without = plain()?;
                (without, burdened()?)
            } else {
                let with = burdened()?;
                (plain()?, with)
            };
            all.without.add(without.wall);
            all.with.add(with.wall);
            all.wall.add(with.wall / without.wall);
            all.cpu.add(with.cpu / without.cpu);
        }
        Ok(all)
    }

    fn json(&self) -> Value {
        json!({
            "without_s": self.without.json(),
            "with_s": self.with.json(),
            "clock_ratio": self.wall.json(),
            "cpu_ratio": self.cpu.json(),
        })
    }
}
