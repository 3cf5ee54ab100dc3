//! What was seen of each site.

use std::time::Duration;

use super::stage::Seen;
use crate::load::Tally;

/// What was seen of one site.
#[derive(Debug, Default)]
pub(in crate::demo) struct SiteRecord {
    /// The most workers.
    pub(in crate::demo) most: u32,
    /// The workers at the last look.
    pub(in crate::demo) last: u32,
    /// The highest CPU, percent.
    pub(in crate::demo) cpu: f64,
    /// The most requests that waited.
    pub(in crate::demo) waiting: u64,
    /// Time of all workers together.
    pub(in crate::demo) worker_time: Duration,
    /// What those who asked saw, by part of the course.
    parts: Vec<Tally>,
}

impl SiteRecord {
    /// Requests that were answered.
    pub(in crate::demo) fn answered(&self) -> u64 {
        self.parts.iter().map(Tally::answered).sum()
    }

    /// Requests that failed.
    pub(in crate::demo) fn failed(&self) -> u64 {
        self.parts.iter().map(Tally::failed).sum()
    }

    /// How long 99 of 100 requests that came in these parts of the course took at most, s.
    pub(in crate::demo) fn p99(&self, parts: impl IntoIterator<Item = usize>) -> f64 {
        let mut all = Tally::new();
        parts
            .into_iter()
            .filter_map(|part| self.parts.get(part))
            .for_each(|part| all.add(part));
        all.percentile(99.0).map_or(f64::NAN, |p99| p99.as_secs_f64())
    }

    /// The same of all.
    pub(in crate::demo) fn p99_of_all(&self) -> f64 {
        self.p99(0..self.parts.len())
    }
}

/// What was seen so far, of all sites.
#[derive(Debug)]
pub(super) struct Record(Vec<SiteRecord>);

impl Record {
    pub(super) fn new(sites: usize) -> Self {
        Self(std::iter::repeat_with(SiteRecord::default).take(sites).collect())
    }

    /// A second has passed.
    pub(super) fn see(&mut self, seen: &[Seen]) {
        for (site, seen) in self.0.iter_mut().zip(seen) {
            site.most = site.most.max(seen.workers);
            site.last = seen.workers;
            site.cpu = site.cpu.max(seen.cpu.unwrap_or(0.0));
            site.waiting = site.waiting.max(seen.waiting);
            site.worker_time += Duration::from_secs(u64::from(seen.workers));
        }
    }

    /// All of it; `told` is what those who asked saw.
    pub(super) fn told(mut self, told: Vec<Vec<Tally>>) -> Vec<SiteRecord> {
        for (site, parts) in self.0.iter_mut().zip(told) {
            site.parts = parts;
        }
        self.0
    }
}
