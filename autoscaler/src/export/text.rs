//! A look as Prometheus takes it.
//!
//! The names begin with `autoscaler_host_cgroup_`: those that begin with `autoscaler_cgroup_` are the daemon's, of its projects.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

use crate::export::{CgroupScrape, Scrape};
use crate::host::cgroup::QuotaStat;
use crate::metrics::{Label, Times, build_info, counter, family, gauge, health, plain, process};
use crate::model::RequestLook;

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let out = &mut encoder;
        build_info(out, self.source)?;
        gauge(
            out,
            "autoscaler_cgroups",
            "Cgroups that have series",
            [plain(self.cgroups.len() as f64)],
        )?;
        gauge(
            out,
            "autoscaler_cgroups_left_out",
            "Cgroups that have none, for want of room: --limit",
            [plain(self.left_out as f64)],
        )?;
        self.usage(out)?;
        self.requests(out)?;
        health(out, self.source, self.health)?;
        process(out, &self.process)
    }
}

impl Scrape {
    fn usage(&self, out: &mut DescriptorEncoder<'_>) -> fmt::Result {
        counter(
            out,
            "autoscaler_host_cgroup_cpu_seconds",
            "Time that the tasks of the cgroup, and of all below it, were on a CPU",
            self.each(|cgroup| cgroup.cpu_ns.map(seconds)),
        )?;
        counter(
            out,
            "autoscaler_host_cgroup_runqueue_wait_seconds",
            "Time that they could run but had no CPU",
            self.each(|cgroup| cgroup.wait_ns.map(seconds)),
        )?;
        counter(
            out,
            "autoscaler_host_cgroup_throttled_seconds",
            "Time for which the cgroup's own cpu.max held them back; left out where it never had one",
            self.quotas(|quota| quota.throttled_us as f64 / 1e6),
        )?;
        counter(
            out,
            "autoscaler_host_cgroup_throttled_periods",
            "Periods of cpu.max in which it held them back",
            self.quotas(|quota| quota.throttled as f64),
        )?;
        counter(
            out,
            "autoscaler_host_cgroup_periods",
            "Periods of cpu.max in which they ran",
            self.quotas(|quota| quota.periods as f64),
        )?;
        gauge(
            out,
            "autoscaler_host_cgroup_memory_bytes",
            "Memory in use; left out where the memory controller is not enabled",
            self.each(|cgroup| Some(cgroup.memory? as f64)),
        )
    }

    fn requests(&self, out: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let seen = self.requests_way.map(|way| {
            let by = vec![("by", way.code().to_owned())];
            (by, 1.0)
        });
        gauge(
            out,
            "autoscaler_requests_seen",
            "Whether requests can be seen, and by what the kernel tells of them",
            seen,
        )?;
        counter(
            out,
            "autoscaler_host_cgroup_requests_begun",
            "Requests that the cgroup, or one below it, has read",
            self.counted(|look| look.counted.begun as f64),
        )?;
        counter(
            out,
            "autoscaler_host_cgroup_requests_answered",
            "Requests that were answered",
            self.counted(|look| look.counted.answered as f64),
        )?;
        counter(
            out,
            "autoscaler_host_cgroup_requests_abandoned",
            "Requests whose connection was closed without an answer",
            self.counted(|look| look.counted.abandoned as f64),
        )?;
        counter(
            out,
            "autoscaler_host_cgroup_requests_busy_seconds",
            "Time of service of all requests together",
            self.counted(|look| seconds(look.counted.busy_ns)),
        )?;
        let waits = self.looks().map(|(labels, look)| {
            let counted = &look.counted;
            (labels, Times::of(&counted.waits, counted.wait_ns))
        });
        family(
            out,
            "autoscaler_host_cgroup_request_wait_seconds",
            "How long requests waited before they were read",
            waits,
            std::convert::identity,
        )?;
        gauge(
            out,
            "autoscaler_host_cgroup_requests_waiting",
            "Requests that wait now",
            self.counted(|look| waiting(look) as f64),
        )?;
        gauge(
            out,
            "autoscaler_host_cgroup_requests_serving",
            "Requests that are served now",
            self.counted(|look| serving(look) as f64),
        )
    }

    fn each(&self, figure: impl Fn(&CgroupScrape) -> Option<f64>) -> impl Iterator<Item = (&[Label], f64)> {
        let cgroups = self.cgroups.iter();
        cgroups.filter_map(move |cgroup| Some((cgroup.name.labels(), figure(cgroup)?)))
    }

    fn quotas(&self, figure: fn(&QuotaStat) -> f64) -> impl Iterator<Item = (&[Label], f64)> {
        self.each(move |cgroup| cgroup.quota.as_ref().map(figure))
    }

    fn looks(&self) -> impl Iterator<Item = (&[Label], &RequestLook)> {
        let cgroups = self.cgroups.iter();
        cgroups.filter_map(|cgroup| Some((cgroup.name.labels(), cgroup.requests.as_deref()?)))
    }

    fn counted(&self, figure: fn(&RequestLook) -> f64) -> impl Iterator<Item = (&[Label], f64)> {
        self.looks().map(move |(labels, look)| (labels, figure(look)))
    }
}

/// Requests that wait at the moment of a look.
pub(super) fn waiting(look: &RequestLook) -> usize {
    look.live.iter().filter(|live| live.waiting_since > 0).count()
}

/// Requests that are served at the moment of a look.
pub(super) fn serving(look: &RequestLook) -> usize {
    look.live.iter().filter(|live| live.served_since > 0).count()
}

/// ns as s.
pub(super) fn seconds(ns: u64) -> f64 {
    std::time::Duration::from_nanos(ns).as_secs_f64()
}

#[cfg(test)]
pub(super) mod tests;
