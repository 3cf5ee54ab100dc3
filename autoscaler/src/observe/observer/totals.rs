//! The counters themselves, for those who take their own differences: metrics.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::Observer;
use crate::host::cgroup::Cgroup;
use crate::host::service::ServiceManager;
use crate::model::{Config, RequestLook};

/// What one project's cgroup used since it was made, or since the daemon started: the counters begin anew then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// On-CPU time.
    pub on_cpu: Duration,
    /// Run-queue wait; `None` where the source cannot tell (cpu.stat).
    pub wait: Option<Duration>,
    /// Time for which `cpu.max` held it back; `None` where the cpu controller is not on.
    pub throttled: Option<Duration>,
}

impl<S: ServiceManager> Observer<S> {
    /// Reads the counters of requests, by project: they begin when the programs are loaded. Has no part in the means of the
    /// next look. Empty where none is seen.
    pub fn request_totals(&self) -> BTreeMap<String, RequestLook> {
        self.requests.totals()
    }

    /// Reads the counters of the cgroups that the last look found, by project of `config`. Has no part in the means of the
    /// next look. Left out are projects that cannot be read, and those that are one of several servers in a cgroup: its
    /// counters are of all of them.
    pub fn totals(&mut self, config: &Config) -> BTreeMap<String, Totals> {
        let whole = |name: &str| {
            config
                .projects
                .get(name)
                .is_none_or(|project| project.process.is_none())
        };
        let cgroups: Vec<(&String, &Cgroup)> = self.cgroups.iter().filter(|(name, _)| whole(name)).collect();
        let paths: Vec<PathBuf> = cgroups
            .iter()
            .map(|(_, cgroup)| cgroup.path().to_owned())
            .collect();
        let Ok(reading) = self.source.read(&paths) else {
            return BTreeMap::new();
        };
        let read = cgroups.into_iter().zip(reading.usage);
        read.filter_map(|((name, cgroup), usage)| {
            let usage = usage.filter(|usage| usage.id == cgroup.id())?;
            let throttled = cgroup.throttling().ok().flatten();
            Some((
                name.clone(),
                Totals {
                    on_cpu: Duration::from_nanos(usage.cpu_ns),
                    wait: usage.wait_ns.map(Duration::from_nanos),
                    throttled: throttled.map(|counters| Duration::from_micros(counters.time_us)),
                },
            ))
        })
        .collect()
    }
}
