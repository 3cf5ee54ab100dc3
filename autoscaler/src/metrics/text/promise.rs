//! What was promised about requests, and how many of them were late.

use std::fmt;

use prometheus_client::encoding::DescriptorEncoder;

use super::{counter, gauge};
use crate::metrics::Scrape;

impl Scrape {
    /// The requests of the projects with a promise. They are there from the start, at 0, so that a rate misses none.
    pub(super) fn promises(&self, out: &mut DescriptorEncoder<'_>) -> fmt::Result {
        counter(
            out,
            "autoscaler_requests_promised",
            "Requests that were read, of projects that promise how long one waits",
            self.each(|project| {
                project.promise?;
                Some(project.counts.promised.begun as f64)
            }),
        )?;
        counter(
            out,
            "autoscaler_requests_late",
            "Those of them that had waited for longer than was promised",
            self.each(|project| {
                project.promise?;
                Some(project.counts.promised.late)
            }),
        )?;
        gauge(
            out,
            "autoscaler_request_wait_promised_seconds",
            "How long a request may wait without being late",
            self.each(|project| Some(project.promise?.wait.as_secs_f64())),
        )?;
        gauge(
            out,
            "autoscaler_requests_late_promised_ratio",
            "Share of the requests that may be late",
            self.each(|project| Some(project.promise?.percent / 100.0)),
        )
    }
}
