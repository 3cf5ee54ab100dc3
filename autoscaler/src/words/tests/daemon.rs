//! What the daemon says and answers.

use std::path::Path;
use std::time::Duration;

use crate::model::{
    Action, Bounds, CgroupError, Changes, Decision, EventKind, Figures, HistoryNews, InstanceChange,
    KernelStep, MetricsNews, Notice, Order, Peer, Reason, SourceKind, SourceNews, UsageFault,
};
use crate::words::history::event;
use crate::words::tests::celery::{all_uncounted, queue_faults};
use crate::words::tests::faults::{
    host_errors, load_errors, memory_errors, scale_errors, socket_errors, store_errors, why_not_ebpf,
};
use crate::words::tests::reasons::{reasons, service_errors};
use crate::words::tests::{both, denied_fault, neutral, told};
use crate::words::{Done, Lasts, Message, Reply, StateFault, message, notice, reply};

const UNIT: &str = "web.service";

fn asks() -> Peer {
    Peer {
        uid: 0,
        pid: Some(4711),
        login: Some(4_000_000),
    }
}

fn decision(action: Action, reason: Reason) -> Decision {
    let figures = Figures {
        workers: Some(2),
        cpu_percent: Some(75.2),
        queue: Some(3),
        reserved: Some(7),
        oldest_waiting: Some(Duration::from_mins(3)),
        ..Figures::default()
    };
    Decision {
        action,
        reason,
        figures,
    }
}

fn notices() -> Vec<Notice> {
    let project = || "web".to_owned();
    vec![
        Notice::NoProjects,
        Notice::EarlierToolKeys {
            keys: vec!["venv_path".into()],
        },
        Notice::EnabledMissing { project: project() },
        Notice::RungNeverUsed {
            project: project(),
            thresholds: "cpu_thresholds",
            rung: "scale_up_9".into(),
        },
        Notice::RungBelowOnePercent {
            project: project(),
            rung: "scale_up_2".into(),
            threshold: 0.6,
            percent: 60.0,
        },
        Notice::MaximumUnreachable {
            project: project(),
            max: 6,
            highest: 4,
        },
        Notice::NeverScalesDown { project: project() },
        Notice::KeyWithoutEffect {
            project: project(),
            key: "memory_base_mb",
            without: "x",
        },
    ]
}

fn every(say: impl Fn(&Message<'_>)) {
    for (source, dry_run) in [(SourceKind::Ebpf, true), (SourceKind::CpuStat, false)] {
        let interval = Duration::from_mins(2);
        say(&Message::Started {
            version: "0.1.0",
            enabled: 1,
            projects: 2,
            interval,
            source,
            dry_run,
        });
    }
    for why in &why_not_ebpf() {
        say(&Message::WithoutEbpf { why });
    }
    say(&Message::Stopped);
    say(&Message::Status {
        enabled: 1,
        acting: 0,
    });
    for why in &host_errors() {
        say(&Message::CheckFailed { why });
    }
    say(&Message::StepBroken {
        why: "task 7 panicked",
    });
    say(&Message::CheckRecovered);
    let faults = [
        UsageFault::Cgroup(CgroupError::NotFound {
            path: "/cg/web".into(),
        }),
        UsageFault::Kernel(KernelStep::Flush(3).into()),
    ];
    for why in &faults {
        say(&Message::NoCpuFigures { why });
    }
    for why in why_not_ebpf() {
        say(&Message::Source {
            news: &SourceNews::NoRoom { why },
        });
    }
    say(&Message::Source {
        news: &SourceNews::Room { capacity: 1024 },
    });
    say(&Message::CpuFiguresBack);
    let added = vec!["web".to_owned()];
    let changes = Changes {
        added: added.clone(),
        removed: added.clone(),
        changed: added,
        global: true,
    };
    for changes in [&changes, &Changes::default()] {
        say(&Message::Reloaded { changes });
    }
    for why in &load_errors() {
        say(&Message::ConfigKept { why });
    }
    say(&Message::ConfigGone {
        path: Path::new("/etc/autoscaler/config.json"),
    });
    for notice in &notices() {
        say(&Message::Notice { notice });
    }
}

fn every_of_files(say: impl Fn(&Message<'_>)) {
    let path = Path::new("/run/autoscaler/state.json");
    let states = [
        StateFault::System(denied_fault()),
        StateFault::Format("EOF".into()),
        StateFault::Version { found: 9, known: 2 },
    ];
    for why in &states {
        say(&Message::StateIgnored { path, why });
        say(&Message::StateNotSaved { path, why });
    }
    for why in store_errors() {
        let (path, to) = ("/h.db".into(), "/h.db.damaged".into());
        say(&Message::History {
            news: &HistoryNews::SetAside {
                path,
                to,
                why: why.clone(),
            },
        });
        say(&Message::History {
            news: &HistoryNews::Unavailable {
                path: "/h.db".into(),
                why,
            },
        });
    }
    say(&Message::History {
        news: &HistoryNews::Available {
            path: "/h.db".into(),
            lost: 3,
        },
    });
    let at = || "http://127.0.0.1:9919/metrics".to_owned();
    say(&Message::Metrics {
        news: &MetricsNews::Serving { at: at() },
    });
    say(&Message::Metrics {
        news: &MetricsNews::Unavailable {
            at: at(),
            why: denied_fault(),
        },
    });
}

fn every_of_a_project(say: impl Fn(&Message<'_>)) {
    let unit = UNIT;
    for action in [
        Action::ScaleUp { from: 2, to: 3 },
        Action::ScaleDown { from: 2, to: 1 },
        Action::Hold,
        Action::Blocked,
    ] {
        let decision = decision(action, Reason::Paused);
        say(&Message::Step {
            unit,
            decision: &decision,
        });
        say(&Message::Verdict {
            unit,
            decision: &decision,
        });
    }
    for reason in reasons() {
        let decision = decision(Action::Blocked, reason);
        say(&Message::Blocked {
            unit,
            decision: &decision,
        });
    }
    for (limit_per_worker_mib, dry_run) in [(None, false), (Some(500), false), (None, true)] {
        let done = Done {
            workers: 3,
            limit_per_worker_mib,
            dry_run,
        };
        say(&Message::Scaled { unit, done });
    }
    for error in &scale_errors() {
        say(&Message::StepFailed { unit, error });
        say(&Message::StepWithdrawn { unit, error });
    }
    say(&Message::StepEndless {
        unit,
        since: Duration::from_hours(1),
    });
    say(&Message::StepForgotten { unit });
    say(&Message::Unblocked { unit });
    for came in [true, false] {
        let change = InstanceChange {
            project: "sites@shop".into(),
            unit: "gunicorn@shop.service".into(),
            came,
        };
        say(&Message::Instance { change: &change });
    }
    for why in &service_errors() {
        say(&Message::InstancesUnknown { why });
    }
    say(&Message::InstancesKnown);
    say(&Message::CountReset {
        unit,
        before: 4,
        now: 1,
    });
    for error in &memory_errors() {
        say(&Message::LimitUnavailable { unit, error });
    }
    say(&Message::LimitInUse {
        unit,
        wanted_mib: 500,
        current_mib: 480,
    });
    say(&Message::LimitRestored { unit });
    let by = &asks();
    for order in [Order::Pause, Order::Scale(3)] {
        for lasts in [
            Lasts::Once,
            Lasts::For(Duration::from_hours(2)),
            Lasts::UntilResumed,
        ] {
            say(&Message::Ordered {
                unit,
                order,
                lasts,
                by,
            });
        }
    }
    say(&Message::OrderEnded { unit, by: Some(by) });
    say(&Message::OrderEnded { unit, by: None });
    for why in &socket_errors() {
        say(&Message::NoControl { why });
    }
    for fault in &queue_faults() {
        say(&Message::UnacknowledgedUnknown { unit, fault });
    }
    say(&Message::UnacknowledgedKnown { unit });
    for what in &all_uncounted() {
        say(&Message::Uncounted { unit, what });
    }
    say(&Message::AllCounted { unit });
}

#[test]
fn every_line_is_told_in_both_languages() {
    let say = |said: &Message<'_>| {
        let [en, es] = both(|language| message(language, said));
        assert_ne!(en, es);
    };
    every(say);
    every_of_files(say);
    every_of_a_project(say);
    told(&notices(), notice);
}

#[test]
fn every_answer_is_told_in_both_languages() {
    let known = ["web".to_owned()];
    let known = &known;
    told(
        &[
            Reply::UnknownProject {
                name: "wbe",
                nearest: Some("web"),
                known,
            },
            Reply::UnknownProject {
                name: "mail",
                nearest: None,
                known,
            },
            Reply::Disabled { project: "web" },
            Reply::OutsideBounds {
                project: "web",
                workers: 9,
                bounds: Bounds { min: 1, max: 6 },
            },
            Reply::Replaced { by: &asks() },
            Reply::TakenOut { project: "web" },
            Reply::Stays {
                unit: UNIT,
                workers: 2,
                reason: &Reason::Paused,
            },
            Reply::Blocked {
                project: "web",
                reason: &Reason::Paused,
            },
            Reply::NoOrder { project: Some("web") },
            Reply::NoOrder { project: None },
            Reply::NotPermitted { by: &asks() },
            Reply::Ending,
            Reply::NoEnd,
        ],
        reply,
    );
}

#[test]
fn what_the_history_keeps_is_told_in_both_languages() {
    told(
        &[
            (EventKind::Scaled, "3"),
            (EventKind::StepFailed, "E2BIG"),
            (EventKind::StepWithdrawn, "3"),
        ],
        |language, (kind, text)| event(language, *kind, text),
    );
    neutral(&["✋ web"], |language, text| {
        event(language, EventKind::ByHand, text)
    });
}
