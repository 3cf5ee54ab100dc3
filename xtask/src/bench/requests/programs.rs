//! The request programs, and empty ones on the same tracepoints, with the kernel's statistics of them.

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Context as _, Result};
use autoscaler::host::requests::RequestSource;

use super::open;
use crate::bench::programs::{Comparison, Ran, all, new_one};

/// Each program, and its tracepoint.
pub(super) const PROGRAMS: [(&str, &str); 4] = [
    ("ready", "sk_data_ready"),
    ("read", "sock_recv_length"),
    ("sent", "sock_send_length"),
    ("gone", "tcp_destroy_sock"),
];

/// How long each of [`PROGRAMS`] ran, and how often.
pub(super) type AllRan = [Ran; PROGRAMS.len()];

/// A program on each tracepoint, for as long as `held` is kept.
pub(super) struct Attached<T> {
    pub(super) held: T,
    ids: [u32; PROGRAMS.len()],
}

impl Attached<RequestSource> {
    /// Ours.
    pub(super) fn ours() -> Result<Self> {
        let before = all();
        let held = open()?;
        let mut ids = [0; PROGRAMS.len()];
        for (id, (name, _)) in ids.iter_mut().zip(PROGRAMS) {
            *id = id_of(name, &before)?;
        }
        Ok(Self { held, ids })
    }
}

impl Attached<Vec<Comparison>> {
    /// Programs that do nothing, of the `object` to compare with.
    pub(super) fn empty(object: &Path) -> Result<Self> {
        let mut known = all();
        let mut held = Vec::new();
        let mut ids = [0; PROGRAMS.len()];
        for (id, (_, event)) in ids.iter_mut().zip(PROGRAMS) {
            let mut comparison = Comparison::load(object)?;
            comparison.attach("bench_empty", event)?;
            *id = id_of("bench_empty", &known)?;
            known.insert(*id);
            held.push(comparison);
        }
        Ok(Self { held, ids })
    }
}

impl<T> Attached<T> {
    /// What each of them took while `load` ran, with the kernel's statistics on.
    pub(super) fn during(&self, load: impl FnOnce() -> Result<()>) -> Result<AllRan> {
        let before = self.so_far()?;
        load()?;
        let mut ran = self.so_far()?;
        for (ran, before) in ran.iter_mut().zip(before) {
            *ran = ran.since(before);
        }
        Ok(ran)
    }

    fn so_far(&self) -> Result<AllRan> {
        let mut ran = AllRan::default();
        for (ran, id) in ran.iter_mut().zip(self.ids) {
            *ran = Ran::of(id)?;
        }
        Ok(ran)
    }
}

fn id_of(name: &str, before: &HashSet<u32>) -> Result<u32> {
    new_one(name, before).with_context(|| format!("`{name}` is not in the kernel"))
}
