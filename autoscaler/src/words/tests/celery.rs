//! Faults of a broker and of a pool.

use std::time::Duration;

use crate::model::{
    FileFault, Language, Oddity, Place, PoolFault, QueueFault, Remedy, Silence, TaskQueue, TlsProblem,
    Uncounted, UrlFault,
};
use crate::words::tests::reasons::read_faults;
use crate::words::tests::{denied_fault, told};
use crate::words::{pool_fault, queue_fault, tls_problem, uncounted};

const AFTER: Duration = Duration::from_secs(3);

fn url_faults() -> Vec<UrlFault> {
    let variable = || "BROKER_URL".to_owned();
    let mut all = vec![
        UrlFault::NoScheme,
        UrlFault::Kind,
        UrlFault::NoManagementHost,
        UrlFault::NoSocketPath,
        UrlFault::NotUtf8,
        UrlFault::Database,
        UrlFault::NoCertificateName,
        UrlFault::NamesSocket { variable: variable() },
        UrlFault::NamesKey { variable: variable() },
        UrlFault::NoAuthorities,
        UrlFault::NoTls,
    ];
    let files = [
        denied_fault().into(),
        FileFault::NotAFile,
        FileFault::NoCertificate,
        FileFault::Unread,
        FileFault::NoKey,
        FileFault::OtherKey,
    ];
    all.extend(files.map(|why| UrlFault::File {
        key: "ssl_keyfile".into(),
        path: "/k.pem".into(),
        why,
    }));
    all
}

fn tls_problems() -> Vec<TlsProblem> {
    let names = |names: &[&str]| TlsProblem::OtherName {
        wanted: "h".into(),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    vec![
        TlsProblem::UnknownAuthority { authorities: None },
        TlsProblem::UnknownAuthority {
            authorities: Some("/ca.pem".into()),
        },
        names(&[]),
        names(&["a", "b"]),
        TlsProblem::Expired,
        TlsProblem::NotYetValid,
        TlsProblem::NoServersCertificate,
        TlsProblem::CertificateUnusable,
        TlsProblem::NotSpoken,
        TlsProblem::NothingInCommon,
        TlsProblem::ClientUnknown,
        TlsProblem::ClientRefused,
        TlsProblem::Broken,
    ]
}

pub(super) fn queue_faults() -> Vec<QueueFault> {
    let (at, why) = (|| "h:6379".to_owned(), || "NOPERM".to_owned());
    let mut all = vec![
        QueueFault::NoVariable {
            variable: "BROKER_URL".into(),
            pid: 7,
        },
        QueueFault::EnvironmentOverwritten { pid: 7 },
        QueueFault::EnvironmentForbidden { pid: 7 },
        QueueFault::NotSupported {
            kind: "Redis Cluster".into(),
        },
        QueueFault::SeveralBrokers,
        QueueFault::LoginRefused { at: at(), why: why() },
        QueueFault::NotPermitted { at: at(), why: why() },
        QueueFault::Blocked {
            at: at(),
            memory: true,
            disk: true,
        },
        QueueFault::NoSuchQueue {
            at: at(),
            queue: "celery".into(),
        },
        QueueFault::Answered { at: at(), why: why() },
    ];
    let silences = [
        denied_fault().into(),
        Silence::Late { after: AFTER },
        Silence::Lost,
        Silence::HungUp,
        "refused".into(),
    ];
    all.extend(silences.map(|why| QueueFault::Unreachable { at: at(), why }));
    all.extend(url_faults().into_iter().map(|why| QueueFault::BadUrl { why }));
    all.extend(
        read_faults()
            .into_iter()
            .map(|why| QueueFault::EnvironmentUnreadable { why }),
    );
    all.extend(
        tls_problems()
            .into_iter()
            .map(|problem| QueueFault::Tls { at: at(), problem }),
    );
    all
}

pub(super) fn pool_faults() -> Vec<PoolFault> {
    let node = || "celery@h".to_owned();
    let malformed = |why| PoolFault::Malformed {
        node: node(),
        method: "active".into(),
        why,
    };
    let mut all = vec![
        PoolFault::NobodyListens,
        PoolFault::ListensElsewhere { places: places() },
        PoolFault::NoAnswer {
            node: node(),
            method: "stats".into(),
            after: AFTER,
        },
        PoolFault::NotOurs { answered: Vec::new() },
        PoolFault::NotOurs {
            answered: vec![node()],
        },
        PoolFault::SameName { node: node() },
        PoolFault::SeveralNodes {
            nodes: vec![node(), node()],
        },
        PoolFault::NoProcesses {
            node: node(),
            pool: "gevent".into(),
        },
        PoolFault::OwnAutoscale { node: node() },
        PoolFault::NotConsumed {
            node: node(),
            queue: "celery".into(),
            consumed: vec!["mail".into()],
        },
        malformed(Oddity::NoList),
        malformed(Oddity::Words("KeyError".into())),
    ];
    all.extend(queue_faults().into_iter().map(PoolFault::Broker));
    all.extend(read_faults().into_iter().map(|why| PoolFault::Unreadable { why }));
    all
}

fn places() -> Vec<Place> {
    let place = |database| Place {
        database,
        key_prefix: "shop:".into(),
    };
    vec![place(Some(3)), place(None)]
}

pub(super) fn all_uncounted() -> Vec<Uncounted> {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let remedies = [
        Remedy::KeyPrefix("shop:".into()),
        Remedy::Separator(":".into()),
        Remedy::Steps(vec![0, 5]),
    ];
    let mut all = vec![
        Uncounted::Elsewhere { places: places() },
        Uncounted::Queues {
            node: "celery@h".into(),
            queues: names(&["mail"]),
            all: names(&["celery", "mail"]),
        },
        Uncounted::Prefetched {
            node: "celery@h".into(),
        },
        Uncounted::Unsearched,
        Uncounted::Absent {
            task_queue: TaskQueue::Rq,
            queues: vec!["mail".into()],
            key: "rq:queue:mail".into(),
        },
    ];
    for (tasks, remedy) in [1, 2, 3].into_iter().zip(remedies) {
        all.push(Uncounted::Lists {
            lists: names(&["shop:celery"]),
            tasks,
            remedy,
        });
    }
    all
}

#[test]
fn a_broker_and_a_pool_that_cannot_be_used_are_told_in_both_languages() {
    told(&queue_faults(), queue_fault);
    told(&tls_problems(), tls_problem);
    told(&pool_faults(), pool_fault);
    told(&all_uncounted(), uncounted);
}

#[test]
fn where_no_prefix_can_be_wrong_none_is_named() {
    let absent = |task_queue| Uncounted::Absent {
        task_queue,
        queues: vec!["mail".into()],
        key: "mail".into(),
    };
    for (task_queue, part) in [
        (TaskQueue::Arq, "database or \"queues\" is"),
        (TaskQueue::Rq, "database, \"queues\" or \"redis_key_prefix\" is"),
    ] {
        let told = uncounted(Language::En, &absent(task_queue));
        assert!(told.contains(part), "{told}");
    }
}
