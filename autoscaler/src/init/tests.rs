//! Whatever is found, what is proposed loads.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::config;
use crate::model::{Host, Language, Unobservable};
use crate::words::tests::told;

fn host(cpus: u32, available: u64) -> Host {
    Host {
        cpus,
        memory_total_mib: 18 * 1024,
        memory_available_mib: available,
        busy_percent: None,
    }
}

fn service(kind: Kind, workers: u32) -> Service {
    Service {
        name: "backdipro".into(),
        at: At::Unit("backdipro.service".into()),
        directory: "/sys/fs/cgroup/system.slice/backdipro.service".into(),
        kind,
        master: 812,
        workers,
        worker_mib: 41,
        workers_mib: 41 * u64::from(workers),
        master_mib: 22,
        allowed_cpus: 6.0,
        broker: Broker::Unknown,
        queues: Vec::new(),
        told_whole: true,
        watched: None,
    }
}

const WEB: Kind = Kind::Web("gunicorn");

fn found(services: Vec<Service>, host: Host) -> Found {
    Found {
        host,
        services,
        left_out: vec![LeftOut {
            pid: 7,
            kind: Kind::Celery,
            cgroup: "/odd\nname".into(),
            why: WhyLeftOut::Unobservable(Unobservable::SeveralMasters { pids: vec![7, 8] }),
        }],
        without_systemd: None,
    }
}

#[test]
fn with_one_worker_and_six_cpus_the_ladder_is_the_documented_one() {
    let proposal = propose(&service(WEB, 1), &host(6, 12_000), 1);
    assert_eq!((proposal.min.0, proposal.max.0), (1, 6));
    assert_eq!(proposal.rungs.up, [(2, 65), (3, 75), (4, 80), (5, 85), (6, 90)]);
    assert_eq!(proposal.rungs.down, [(1, 35), (2, 45)]);
    assert_eq!((proposal.per_worker_mib.0, proposal.base_mib.0), (500, 50));
}

#[test]
fn many_cpus_are_spread_over_five_rungs() {
    let many = Service {
        allowed_cpus: 64.0,
        ..service(WEB, 4)
    };
    let proposal = propose(&many, &host(64, 200_000), 1);
    assert_eq!((proposal.min.0, proposal.max.0), (2, 64));
    assert_eq!(
        proposal.rungs.up,
        [(15, 65), (27, 75), (40, 80), (52, 85), (64, 90)]
    );
}

#[test]
fn little_memory_bounds_the_workers_but_never_below_those_there_are() {
    let large = Service {
        worker_mib: 900,
        workers_mib: 1_800,
        ..service(WEB, 2)
    };
    let proposal = propose(&large, &host(6, 4_000), 2);
    assert_eq!(proposal.per_worker_mib.0, 1_800);
    assert_eq!((proposal.min.0, proposal.max.0), (2, 3), "{:?}", proposal.max.1);
    let none = propose(&large, &host(6, 0), 1);
    assert_eq!(none.max.0, 3);
    let crowded = propose(&service(WEB, 9), &host(6, 12_000), 1);
    assert_eq!(crowded.max.0, 9, "more workers than CPUs stay possible");
}

#[test]
fn each_choice_stands_beside_its_reason_and_nothing_is_enabled() {
    let celery = Service {
        name: "tasks".into(),
        at: At::Cgroup("/demo/tasks \"x\"".into()),
        broker: Broker::Stripped("redis://localhost:6379/0".into()),
        queues: vec!["fast".into(), "slow".into()],
        ..service(Kind::Celery, 4)
    };
    let text = text(&found(vec![service(WEB, 3), celery], host(6, 12_000)));
    let loaded = config::parse("the proposal", &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert!(loaded.notices.is_empty(), "{:?}", loaded.notices);
    let projects = &loaded.config.projects;
    assert!(projects.values().all(|project| !project.enabled), "{text}");
    assert_eq!(projects["backdipro"].service_name, "backdipro.service");
    let rule = projects["tasks"].queue.as_ref().unwrap();
    assert_eq!(rule.queues, ["fast", "slow"]);
    assert!(projects["tasks"].target.cgroup().is_some());
    for part in [
        "// one for each of the 6 CPUs that it may use",
        "not printed here: write them in",
        "// Left out: Celery in /odd?name, process 7: ",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

proptest! {
    #[test]
    fn whatever_runs_the_proposal_loads_without_a_notice(
        workers in 0_u32..1500,
        cpus in 0.05_f64..300.0,
        worker_mib in 0_u64..20_000,
        available in 0_u64..500_000,
        services in 1_usize..40,
        celery: bool,
        name in "[a-z0-9_][a-zA-Z0-9._@:-]{0,20}",
        cgroup in "/[^\\x00/]{1,20}/[^\\x00-\\x1f\\x7f-\\x9f/.]{1,20}",
    ) {
        let kind = if celery { Kind::Celery } else { WEB };
        let one = Service {
            name,
            at: At::Cgroup(cgroup.replace(|c: char| c.is_control(), "x")),
            worker_mib,
            workers_mib: worker_mib * u64::from(workers),
            allowed_cpus: cpus,
            ..service(kind, workers)
        };
        let host = host(8, available);
        let proposal = propose(&one, &host, services);
        prop_assert!(proposal.min.0 < proposal.max.0);
        let text = text(&found(vec![one], host));
        match config::parse("the proposal", &text) {
            Ok(loaded) => prop_assert!(loaded.notices.is_empty(), "{:?}\n{text}", loaded.notices),
            Err(error) => prop_assert!(false, "{error}\n{text}"),
        }
    }
}

#[test]
fn what_is_left_out_is_told_in_both_languages() {
    let left_out = |kind, why| LeftOut {
        pid: 7,
        kind,
        cgroup: "/system.slice/web.service".into(),
        why,
    };
    let whys = [
        WhyLeftOut::RootCgroup,
        WhyLeftOut::NoService {
            unit: "user.slice".into(),
        },
        WhyLeftOut::SeveralKinds,
        WhyLeftOut::NoPool,
        WhyLeftOut::Broker { scheme: "sqs".into() },
        WhyLeftOut::Supervised { by: "supervisord" },
        WhyLeftOut::SeveralNodes { pids: vec![7, 8] },
        Unobservable::SeveralMasters { pids: vec![7, 8] }.into(),
        Unobservable::Forking { pid: 7 }.into(),
    ];
    told(&whys.map(|why| left_out(Kind::Web("gunicorn"), why)), words);
    // Several servers in one place can each be a project.
    for why in [
        WhyLeftOut::SeveralKinds,
        WhyLeftOut::Supervised { by: "supervisord" },
        WhyLeftOut::SeveralNodes { pids: vec![7, 8] },
        Unobservable::SeveralMasters { pids: vec![7, 8] }.into(),
    ] {
        let left_out = left_out(Kind::Web("gunicorn"), why);
        for language in [Language::En, Language::Es] {
            let told = words(language, &left_out);
            assert!(told.contains("\"process\""), "{told}");
        }
    }
    let servers = [
        "uvicorn",
        "puma",
        "waitress",
        "daphne",
        "uwsgi",
        "hypercorn",
        "RQ",
        "Dramatiq",
        "arq",
        "Huey",
    ];
    let fixed = servers.map(|server| left_out(Kind::Fixed(server), WhyLeftOut::Fixed));
    told(&fixed, words);
}

#[test]
fn a_server_that_waits_more_than_it_computes_is_proposed_to_follow_its_requests() {
    let watched = |busy, cpus, has_slots| Service {
        watched: Some(Watched {
            covered: Duration::from_secs(5),
            answered: 90,
            busy,
            cpus,
            has_slots,
        }),
        ..service(WEB, 2)
    };
    for (service, key, max) in [
        (watched(1.8, 0.04, true), "\"busy_thresholds\"", 12),
        (watched(1.8, 0.04, false), "\"wait_thresholds\"", 12),
        (watched(0.5, 0.4, true), "\"requests\": true", 6),
        (watched(0.0, 0.0, true), "\"requests\": true", 6),
    ] {
        let proposal = text(&found(vec![service], host(6, 24_000)));
        assert!(proposal.contains(key), "{proposal}");
        assert!(
            proposal.contains(&format!("\"max_workers\": {max}")),
            "{proposal}"
        );
        let loaded = config::parse("proposal", &proposal).unwrap();
        assert!(loaded.notices.is_empty(), "{:?}", loaded.notices);
        assert!(loaded.config.projects["backdipro"].requests.wanted);
    }
}
