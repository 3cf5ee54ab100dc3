//! Samples of a host that never was, for tests.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::model::{Model, Source};
use super::sample::{CgroupSample, Detail, HostSample, Place, Sample};
use crate::config::Project;
use crate::observe::CgroupMemory;
use crate::observe::usage::{Health, SourceKind, Usage};

/// One cgroup after `n` seconds: path, CPU and wait in ms for each second. Its number in the list is its id.
pub(super) type Load = (&'static str, u64, Option<u64>);

/// A quiet systemd host.
pub(super) const HOST: &[Load] = &[
    ("/", 900, Some(1_600)),
    ("/system.slice", 700, Some(1_500)),
    ("/system.slice/db.service", 100, Some(0)),
    ("/system.slice/web.service", 600, Some(1_500)),
    ("/user.slice", 150, Some(100)),
    ("/user.slice/session-1.scope", 150, Some(100)),
];

/// The `second`th sample of a host whose cgroups are as busy as `loads` says all the time.
pub(super) fn sample(loads: &[Load], second: u64) -> Sample {
    let taken_at = Duration::from_secs(1_000 + second);
    let cgroups: Vec<CgroupSample> = loads
        .iter()
        .enumerate()
        .map(|(index, (path, cpu_ms, wait_ms))| CgroupSample {
            place: Arc::new(Place {
                dir: PathBuf::from(format!("/sys/fs/cgroup{path}")),
                path: (*path).to_owned(),
            }),
            parent: parent(loads, path),
            id: index as u64 + 1,
            usage: Some(Usage {
                id: index as u64 + 1,
                cpu_ns: cpu_ms * second * 1_000_000,
                wait_ns: wait_ms.map(|ms| ms * second * 1_000_000),
            }),
            detail: Some(Detail {
                read_at: taken_at,
                cpu_total_ns: Some(cpu_ms * second * 1_000_000),
                memory: CgroupMemory {
                    current: Some((index as u64 + 1) * (300 << 20)),
                    max: Some(if index == 3 { 2 << 30 } else { u64::MAX }),
                },
                tasks: Some(10 * (index as u64 + 1)),
                throttled: None,
                cpu_pressure: Some(1.5),
            }),
        })
        .collect();
    Sample {
        taken_at,
        wall: SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + second),
        host: HostSample {
            online: "0-3".parse().unwrap(),
            memory_total: 16 << 30,
            memory_available: 12 << 30,
            switches: 5_000 * second,
            busy_ns: 900_000_000 * second,
            tasks: 321,
        },
        cgroups,
        focus: None,
        projects: Vec::new(),
        source: if loads.iter().any(|(_, _, wait)| wait.is_some()) {
            SourceKind::Ebpf
        } else {
            SourceKind::CpuStat
        },
        health: Health::default(),
        own_cpu: Duration::from_millis(4 * second),
        troubles: Vec::new(),
    }
}

fn parent(loads: &[Load], path: &str) -> Option<usize> {
    let (above, _) = path.rsplit_once('/').filter(|_| path != "/")?;
    let above = if above.is_empty() { "/" } else { above };
    loads.iter().position(|(other, _, _)| *other == above)
}

/// A model that has seen such a host for some seconds.
pub(super) fn model(loads: &[Load], seconds: u64) -> Model {
    model_of(loads, seconds, Vec::new())
}

/// The same with a configuration.
pub(super) fn model_of(loads: &[Load], seconds: u64, projects: Vec<Project>) -> Model {
    let mut model = Model::new(
        Source {
            kind: SourceKind::CpuStat,
            why_not_ebpf: None,
            health: Health::default(),
        },
        projects,
    );
    for second in 0..=seconds {
        model.apply(sample(loads, second));
    }
    model
}
