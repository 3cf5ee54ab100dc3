//! What `autoscaler check` finds.

use std::net::Ipv6Addr;
use std::time::Duration;

use crate::model::{
    Bounds, CgroupError, Container, Fact, Finding, Grade, Host, KernelStep, ListenQueue, Notice,
    RequestFault, RequestSummary, RequestsWay, Runtime, SourceFault, SourceKind, Taken, TaskQueue,
    UsageFault,
};
use crate::words::tests::celery::{all_uncounted, pool_faults, queue_faults};
use crate::words::tests::faults::{
    client_errors, host_errors, load_errors, refusals, store_errors, why_not_ebpf,
};
use crate::words::tests::reasons::{service_errors, unobservables};
use crate::words::tests::schedule::office;
use crate::words::tests::{both, denied_fault};
use crate::words::{finding, host_heading, sum};

fn of_the_host() -> Vec<Fact> {
    let path = || "/cg".into();
    let at = || "http://127.0.0.1:9919/metrics".to_owned();
    let mut facts = vec![
        Fact::ConfigLoaded {
            path: path(),
            projects: 2,
            enabled: 1,
        },
        Fact::Notice(Notice::NoProjects),
        Fact::Host(Host {
            cpus: 4,
            memory_total_mib: 8000,
            memory_available_mib: 4000,
            busy_percent: None,
        }),
        Fact::NotRoot { uid: 1000 },
        Fact::CgroupTree { path: path() },
        Fact::NoCgroupTree(CgroupError::NotFound { path: path() }),
        Fact::TreeWithoutMemory { path: path() },
        Fact::Pressure,
        Fact::NoPressure,
        Fact::RequestsSeen(RequestsWay::Tracepoints),
        Fact::RequestsSeen(RequestsWay::Functions),
        Fact::RequestsSeen(RequestsWay::ListenQueues),
        Fact::Listens(ListenQueue {
            inode: 7,
            address: "127.0.0.1:8000".into(),
            waiting: 3,
            limit: 2048,
            dropped: None,
        }),
        Fact::KernelTypes { path: path() },
        Fact::NoKernelTypes { path: path() },
        Fact::Source {
            kind: SourceKind::Ebpf,
            used_cpus: 1.5,
            waiting_cpus: Some(0.2),
        },
        Fact::Source {
            kind: SourceKind::CpuStat,
            used_cpus: 1.5,
            waiting_cpus: None,
        },
        Fact::Systemd {
            version: "257".into(),
        },
        Fact::Daemon {
            pid: 42,
            version: "0.1.0".into(),
        },
        Fact::NoDaemon { socket: path() },
        Fact::History { path: path() },
        Fact::NoHistory,
        Fact::HistoryNotWritable {
            path: path(),
            why: denied_fault(),
        },
        Fact::NoMetrics,
        Fact::MetricsServed { at: at() },
        Fact::MetricsFree { at: at() },
    ];
    let sources = [
        SourceFault::Usage(UsageFault::Kernel(KernelStep::Room.into())),
        SourceFault::NoFigures { path: path() },
        SourceFault::Nothing,
    ];
    facts.extend(sources.map(|why| Fact::SourceUnreadable {
        kind: SourceKind::Ebpf,
        why,
    }));
    facts.extend(taken().map(|why| Fact::MetricsTaken { at: at(), why }));
    facts.extend(load_errors().into_iter().map(Fact::ConfigUnreadable));
    facts.extend(host_errors().into_iter().map(Fact::HostUnreadable));
    facts.extend(why_not_ebpf().into_iter().map(Fact::WithoutEbpf));
    facts.extend(why_not_ebpf().into_iter().map(Fact::RequestsUnseen));
    facts.extend(client_errors().into_iter().map(Fact::DaemonSilent));
    for why in service_errors() {
        facts.push(Fact::NoSystemd {
            why: why.clone(),
            needed: true,
        });
        facts.push(Fact::NoSystemd { why, needed: false });
    }
    for why in store_errors() {
        facts.push(Fact::HistoryDamaged {
            path: path(),
            why: why.clone(),
        });
        facts.push(Fact::HistoryUnusable { path: path(), why });
    }
    facts
}

fn taken() -> [Taken; 6] {
    [
        Taken::Another,
        Taken::NoHttp { why: "EOF".into() },
        Taken::Silent {
            after: Duration::from_secs(5),
        },
        Taken::Elsewhere {
            host: [10, 0, 0, 5].into(),
        },
        Taken::Elsewhere {
            host: Ipv6Addr::LOCALHOST.into(),
        },
        Taken::Refused { why: denied_fault() },
    ]
}

fn of_a_project() -> Vec<Fact> {
    let bounds = Bounds { min: 1, max: 6 };
    let unit = || "web.service".to_owned();
    let mut facts = vec![
        Fact::Disabled,
        Fact::Place {
            unit: Some(unit()),
            container: None,
            cgroup: "/cg/web".into(),
        },
        Fact::Place {
            unit: None,
            container: None,
            cgroup: "/cg/web".into(),
        },
        Fact::Place {
            unit: None,
            container: Some(Container {
                runtime: Runtime::Podman,
                id: "0123456789abcdef".repeat(4),
                rootless: false,
            }),
            cgroup: "/cg/web".into(),
        },
        Fact::OutsideBounds { workers: 9, bounds },
        Fact::Schedule {
            schedule: Box::new(office()),
            in_force: false,
            next: Some("2026-12-01 08:00".into()),
        },
        Fact::Workers {
            pid: 7,
            command: "gunicorn".into(),
            workers: 2,
            bounds,
        },
        Fact::Signals { pid: 7 },
        Fact::BootsFromMaster { pid: 7 },
        Fact::BootsFromDisk { gunicorn: true },
        Fact::BootsFromDisk { gunicorn: false },
        Fact::CodeNewer {
            path: "/srv/app".into(),
        },
        Fact::Cpu {
            percent: 50.0,
            wait_percent: Some(3.0),
            allowed_cpus: 2.0,
        },
        Fact::NoCpu,
        Fact::MemoryLimit {
            limit_mib: None,
            current_mib: 300,
        },
        Fact::MemoryLimit {
            limit_mib: Some(500),
            current_mib: 300,
        },
        Fact::NoMemoryLimit {
            cgroup: "/cg/web".into(),
            unit: Some(unit()),
        },
        Fact::LimitNotWritable {
            path: "/cg/web/memory.max".into(),
            why: denied_fault(),
        },
    ];
    facts.extend(unobservables().into_iter().map(Fact::Unobservable));
    facts.extend(refusals().into_iter().map(Fact::Refused));
    let seen = |slots| RequestSummary {
        per_second: 12.4,
        busy: 3.1,
        slots,
        wait_p95: Some(Duration::from_millis(480)),
        ..RequestSummary::default()
    };
    facts.extend([None, Some(4)].map(seen).map(Fact::Requests));
    facts.push(Fact::RequestsSayNothing(RequestFault::EventLoop));
    facts
}

fn of_a_queue() -> Vec<Fact> {
    let mut facts = vec![
        Fact::Queue {
            task_queue: TaskQueue::Celery,
            queues: vec!["celery".into()],
            waiting: 3,
            empty: Vec::new(),
        },
        Fact::Queue {
            task_queue: TaskQueue::Dramatiq,
            queues: vec!["mail".into()],
            waiting: 0,
            empty: vec!["dramatiq:mail".into()],
        },
        Fact::Consumes {
            node: "celery@h".into(),
        },
        Fact::Pool { active: Some(2) },
        Fact::Pool { active: None },
    ];
    for task_queue in TaskQueue::ALL {
        facts.extend([Some(2), None].map(|active| Fact::Busy { task_queue, active }));
    }
    facts.extend(queue_faults().into_iter().map(Fact::QueueUnreadable));
    facts.extend(queue_faults().into_iter().map(Fact::UnacknowledgedUnknown));
    facts.extend(all_uncounted().into_iter().map(Fact::Uncounted));
    facts.extend(pool_faults().into_iter().map(Fact::PoolUnreachable));
    facts
}

fn of_a_template() -> [Fact; 2] {
    [Vec::new(), vec!["sites@shop".into(), "sites@blog".into()]].map(|instances| Fact::Instances {
        project: "sites".into(),
        pattern: "gunicorn@*.service".into(),
        instances,
    })
}

#[test]
fn every_finding_and_its_advice_are_told_in_both_languages() {
    let facts = of_the_host().into_iter().chain(of_a_template());
    for fact in facts.chain(of_a_project()).chain(of_a_queue()) {
        let found = Finding {
            project: None,
            grade: Grade::Warning,
            fact,
        };
        let [en, es] = both(|language| finding(language, &found).says);
        assert_ne!(en, es);
        let [en, es] = both(|language| finding(language, &found).advice.unwrap_or("-".into()));
        let command_alone = en.starts_with("sudo systemctl");
        assert!(en != es || en == "-" || command_alone, "{en}");
    }
}

#[test]
fn the_kernels_release_is_the_same_in_both_languages() {
    let found = Finding {
        project: None,
        grade: Grade::Ok,
        fact: Fact::Kernel {
            release: "6.12.0".into(),
        },
    };
    let [en, es] = both(|language| finding(language, &found).says);
    assert_eq!(en, es);
}

#[test]
fn the_head_and_the_sum_are_told_in_both_languages() {
    let [en, es] = both(host_heading);
    assert_ne!(en, es);
    for (errors, warnings) in [(0, 0), (1, 1), (2, 2)] {
        let [en, es] = both(|language| sum(language, errors, warnings));
        assert_ne!(en, es);
    }
}
