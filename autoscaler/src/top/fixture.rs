//! Samples of a host that never was, for tests.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::model::Model;
use super::sample::{CgroupSample, Detail, HostSample, ProjectState, Sample, Source};
use crate::control::{DecisionStatus, NextStep, OrderStatus, ProjectStatus, Status};
use crate::host::cgroup::Place;
use crate::host::usage::{Health, RunCost, Usage};
use crate::model::{CgroupMemory, SourceKind, Unobservable};

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
        requests: None,
        projects: Vec::new(),
        daemon: None,
        source: Some(source(loads.iter().any(|(_, _, wait)| wait.is_some()))),
        own_cpu: Duration::from_millis(4 * second),
        troubles: Vec::new(),
    }
}

fn source(ebpf: bool) -> Source {
    Source {
        kind: if ebpf {
            SourceKind::Ebpf
        } else {
            SourceKind::CpuStat
        },
        why_not_ebpf: None,
        health: Health::default(),
        cost: ebpf.then_some(RunCost {
            time: Duration::from_micros(130),
            runs: 1_000,
        }),
    }
}

fn parent(loads: &[Load], path: &str) -> Option<usize> {
    let (above, _) = path.rsplit_once('/').filter(|_| path != "/")?;
    let above = if above.is_empty() { "/" } else { above };
    loads.iter().position(|(other, _, _)| *other == above)
}

/// A model that has seen such a host for some seconds.
pub(super) fn model(loads: &[Load], seconds: u64) -> Model {
    let mut model = Model::default();
    for second in 0..=seconds {
        model.apply(sample(loads, second));
    }
    model
}

/// The host of [`HOST`] with a daemon that serves three projects: one about to get a worker, one ordered by hand, one
/// whose service is down.
pub(super) fn with_daemon(second: u64) -> Sample {
    let mut sample = sample(HOST, second);
    let now = 1_800_000_000 + i64::try_from(second).unwrap();
    let told = |action: &str, reason: &str, words: &str| {
        Some(DecisionStatus {
            at: now - 12,
            action: action.to_owned(),
            workers_to: None,
            reason: reason.to_owned(),
            words: words.to_owned(),
        })
    };
    let step = |workers_to, threshold, held_seconds, words: &str| NextStep {
        measure: "cpu".to_owned(),
        rung: workers_to,
        workers_to,
        threshold,
        held_seconds,
        needed_seconds: if words.starts_with("up") { 180.0 } else { 900.0 },
        against: None,
        words: words.to_owned(),
    };
    let project = |name: &str, workers| ProjectStatus {
        name: name.to_owned(),
        unit: format!("{name}.service"),
        enabled: true,
        workers,
        min_workers: 1,
        max_workers: 6,
        cpu_basis: Some("workers".to_owned()),
        server: Some("signalled".to_owned()),
        ..ProjectStatus::default()
    };
    let web = ProjectStatus {
        decision: told(
            "hold",
            "not_held_yet",
            "CPU > 25% (scale_up_3) for 1m20s of 3m00s",
        ),
        up: vec![step(
            3,
            25.0,
            80.0,
            "up to 3: CPU > 25% (scale_up_3) for another 1m40s",
        )],
        down: vec![step(
            1,
            10.0,
            0.0,
            "down to 1: CPU < 10% (scale_down_1) for 15m00s",
        )],
        ..project("web", Some(2))
    };
    let db = ProjectStatus {
        scaling_to: Some(4),
        decision: told("scale_up", "ordered", "4 workers ordered by root"),
        order: Some(OrderStatus {
            workers: Some(4),
            until: Some(now + 840),
            by: "root".to_owned(),
        }),
        ..project("db", Some(3))
    };
    let mail = ProjectStatus {
        decision: told("blocked", "unobservable", "mail.service is inactive: start it"),
        ..project("mail", None)
    };
    let state = |name: &str, cgroup, workers| ProjectState {
        name: name.to_owned(),
        cgroup,
        workers,
        rules: None,
    };
    let inactive = Unobservable::UnitInactive {
        unit: "mail.service".to_owned(),
        state: "no such cgroup".to_owned(),
    };
    sample.projects = vec![
        state("db", Some(3), Ok((3, 4.0))),
        state("mail", None, Err(inactive)),
        state("web", Some(4), Ok((2, 4.0))),
    ];
    sample.daemon = Some(Arc::new(Status {
        checked_at: Some(now - 12),
        check_interval_seconds: 120.0,
        projects: vec![db, mail, web],
        ..Status::default()
    }));
    sample
}
