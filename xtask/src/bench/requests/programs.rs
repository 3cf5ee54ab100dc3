//! The request programs beside an empty one on each of their tracepoints, all attached, with the kernel's statistics on.

use std::collections::HashSet;

use anyhow::{Context as _, Result};
use autoscaler::host::requests::RequestSource;

use super::open;
use crate::bench::programs::{Comparison, Ran, Statistics, all, new_one};
use crate::build_ebpf;

/// Each program, and its tracepoint.
pub(super) const PROGRAMS: [(&str, &str); 4] = [
    ("ready", "sk_data_ready"),
    ("read", "sock_recv_length"),
    ("sent", "sock_send_length"),
    ("gone", "tcp_destroy_sock"),
];

pub(super) struct Attached {
    pub(super) source: RequestSource,
    /// Ours and the empty one on each tracepoint.
    ids: [(u32, u32); PROGRAMS.len()],
    _empty: Vec<Comparison>,
    _statistics: Statistics,
}

/// What one load made a program and the empty one beside it run.
#[derive(Clone, Copy)]
pub(super) struct Both {
    pub(super) ours: Ran,
    pub(super) empty: Ran,
}

impl Both {
    /// Mean time of a run, ns: ours and the empty one's.
    pub(super) fn mean(self) -> (f64, f64) {
        let mean = |ran: Ran| ran.time.as_nanos() as f64 / ran.count as f64;
        (mean(self.ours), mean(self.empty))
    }
}

impl Attached {
    pub(super) fn new() -> Result<Self> {
        let object = build_ebpf::comparison()?;
        let before = all();
        let source = open()?;
        let mut known = all();
        let mut empty = Vec::new();
        let mut ids = [(0, 0); PROGRAMS.len()];
        for (pair, (name, event)) in ids.iter_mut().zip(PROGRAMS) {
            let mut comparison = Comparison::load(&object)?;
            comparison.attach("bench_empty", event)?;
            *pair = (id_of(name, &before)?, id_of("bench_empty", &known)?);
            known.insert(pair.1);
            empty.push(comparison);
        }
        Ok(Self {
            source,
            ids,
            _empty: empty,
            _statistics: Statistics::on()?,
        })
    }

    /// What each program took while `load` ran.
    pub(super) fn during(&self, load: impl FnOnce() -> Result<()>) -> Result<[Both; PROGRAMS.len()]> {
        let before = self.now()?;
        load()?;
        let mut ran = self.now()?;
        for (now, before) in ran.iter_mut().zip(before) {
            now.ours = now.ours.since(before.ours);
            now.empty = now.empty.since(before.empty);
        }
        Ok(ran)
    }

    fn now(&self) -> Result<[Both; PROGRAMS.len()]> {
        let mut now = [Both {
            ours: Ran::default(),
            empty: Ran::default(),
        }; PROGRAMS.len()];
        for (both, (ours, empty)) in now.iter_mut().zip(self.ids) {
            *both = Both {
                ours: Ran::of(ours)?,
                empty: Ran::of(empty)?,
            };
        }
        Ok(now)
    }
}

fn id_of(name: &str, before: &HashSet<u32>) -> Result<u32> {
    new_one(name, before).with_context(|| format!("`{name}` is not in the kernel"))
}
