//! The reasons of decisions, and the faults within them.

use std::time::Duration;

use crate::model::{
    Basis, BusFault, CgroupError, ContainerFault, Demand, Lack, Language, Measure, Next, ProcessError,
    ProcessFilter, ReadFault, Reason, RequestFault, Runtime, ServiceError, Silence, Unobservable,
};
use crate::words::tests::celery::{pool_faults, queue_faults};
use crate::words::tests::schedule::asked;
use crate::words::tests::{both, denied_fault, neutral, told};
use crate::words::{cgroup_error, outlook, process_error, read_fault, reason, service_error, unobservable};

const HELD: Duration = Duration::from_mins(4);

pub(super) fn reasons() -> Vec<Reason> {
    let crossed = (Measure::Cpu, 3, 75.0, HELD);
    let (measure, rung, threshold, held) = crossed;
    let needed = Duration::from_mins(3);
    let mut reasons = vec![
        Reason::AboveRung {
            measure,
            value: None,
            rung,
            threshold,
            held,
        },
        Reason::BelowRung {
            measure,
            value: None,
            rung,
            threshold,
            held,
        },
        Reason::NotHeldYet {
            measure: Measure::Queue,
            rung,
            threshold,
            held,
            needed,
            up: true,
        },
        Reason::OutsideBounds,
        Reason::Restore { held_before: 4 },
        Reason::ByHand { workers: 3 },
        Reason::WithinThresholds,
        Reason::NoFiguresYet,
        Reason::Booting,
        Reason::BootFailed,
        Reason::CodeNewer {
            path: "/srv/app".into(),
            held,
            needed,
        },
        Reason::Unsettled,
        Reason::WouldFlap {
            measure,
            to: 2,
            projected: 72.5,
            threshold,
        },
        Reason::Paused,
        Reason::Disabled,
        Reason::AtMaximum {
            max: 6,
            schedule: None,
        },
        Reason::OutsideSchedule {
            bound: 4,
            below: true,
            schedule: asked(),
        },
        Reason::MemoryPerWorker {
            workers: 3,
            per_worker_mib: 400,
            needed_mib: 500,
        },
        Reason::MemoryPromised { promised_mib: 500 },
        Reason::HostSaturated {
            wait_percent: 40.0,
            busy_percent: 99.0,
        },
        Reason::Quota {
            throttled_percent: 12.0,
        },
        Reason::MemoryThreshold { needed_mib: 4000 },
        Reason::MemoryForScaleDown { needed_mib: 8192 },
        Reason::PoolBusy,
    ];
    reasons.extend(over_requests());
    reasons.extend(queue_faults().into_iter().map(Reason::QueueUnreadable));
    reasons.extend(pool_faults().into_iter().map(Reason::PoolUnreachable));
    reasons.extend(unobservables().into_iter().map(Reason::Unobservable));
    let holds = [
        Reason::Booting,
        Reason::NoFiguresYet,
        Reason::Unsettled,
        Reason::PoolBusy,
        Reason::Paused,
    ];
    reasons.extend(holds.map(|why| Reason::Overdue {
        held,
        why: Box::new(why),
    }));
    reasons
}

/// Reasons over requests.
const DEMAND: Demand = Demand {
    by: Basis::Requests,
    busy: 3.24,
    waiting: 14,
    needed: 5,
};

fn over_requests() -> Vec<Reason> {
    vec![
        Reason::AboveRung {
            measure: Measure::Wait,
            value: Some(480.0),
            rung: 3,
            threshold: 200.0,
            held: HELD,
        },
        Reason::BelowRung {
            measure: Measure::Busy,
            value: Some(31.0),
            rung: 3,
            threshold: 40.0,
            held: HELD,
        },
        Reason::WouldFlap {
            measure: Measure::Busy,
            to: 2,
            projected: 72.5,
            threshold: 75.0,
        },
        Reason::WorkersBusy {
            to: 2,
            projected: 110.0,
            limit: 75.0,
        },
        Reason::RequestsWait {
            wait: Duration::from_millis(480),
            limit: Duration::from_millis(100),
        },
        Reason::SlowerNotBusier {
            workers_before: 2,
            answers_before: 10.0,
            answers: 10.1,
            service_before: Duration::from_millis(200),
            service: Duration::from_millis(1240),
        },
        Reason::Demand(DEMAND),
        Reason::Demand(Demand {
            by: Basis::LearnedCpu,
            waiting: 0,
            ..DEMAND
        }),
        Reason::DemandMet(Demand {
            by: Basis::Cpu,
            waiting: 0,
            ..DEMAND
        }),
        Reason::DemandPending(DEMAND),
        Reason::BudgetSpent(DEMAND),
        Reason::BudgetYields(DEMAND),
        Reason::MemoryPressure {
            waiting_percent: 14.2,
        },
        Reason::TooManySteps {
            steps: 120,
            within: Duration::from_hours(1),
        },
        Reason::RequestsUnseen(RequestFault::NotSeen),
        Reason::RequestsUnseen(RequestFault::EventLoop),
        Reason::RequestsUnseen(RequestFault::ReadsAhead),
        Reason::RequestsUnseen(RequestFault::Untold {
            serving: 8,
            workers: 2,
        }),
    ]
}

pub(super) fn unobservables() -> Vec<Unobservable> {
    let unit = || "web.service".to_owned();
    let mut all = vec![
        Unobservable::UnitNotFound { unit: unit() },
        Unobservable::UnitInactive {
            unit: unit(),
            state: "failed".into(),
        },
        Unobservable::UnitWithoutCgroup {
            unit: unit(),
            state: "active".into(),
        },
        Unobservable::CgroupNotFound {
            path: "/cg/web".into(),
        },
        Unobservable::CgroupEmpty {
            path: "/cg/web".into(),
        },
        Unobservable::Frozen {
            path: "/cg/web".into(),
        },
        Unobservable::NotAWorkerServer {
            pid: 7,
            command: "flask".into(),
        },
        Unobservable::NotAWorkerServer {
            pid: 7,
            command: "docker".into(),
        },
        Unobservable::NoSuchProcess {
            filter: ProcessFilter {
                command: Some("shop.wsgi".into()),
                user: Some("ann".into()),
                pidfile: Some("/run/shop.pid".into()),
            },
        },
        Unobservable::SeveralMasters { pids: vec![7, 8] },
        Unobservable::Forking { pid: 7 },
        Unobservable::MasterElsewhere {
            pid: 7,
            cgroup: "/other".into(),
        },
        Unobservable::SharedCgroup {
            others: vec!["shop".into()],
        },
    ];
    all.extend(
        service_errors()
            .into_iter()
            .map(|why| Unobservable::NoServiceManager { why }),
    );
    all.extend(
        read_faults()
            .into_iter()
            .map(|why| Unobservable::Unreadable { why }),
    );
    all.extend(container_faults().into_iter().map(Unobservable::from));
    all
}

pub(super) fn container_faults() -> Vec<ContainerFault> {
    let name = || "shop".to_owned();
    vec![
        ContainerFault::NotFound {
            name: name(),
            user: None,
            asked: Runtime::ALL.to_vec(),
        },
        ContainerFault::NotFound {
            name: name(),
            user: Some("ann".into()),
            asked: vec![Runtime::Podman],
        },
        ContainerFault::NotRunning {
            name: name(),
            state: "exited".into(),
        },
        ContainerFault::Several {
            name: name(),
            runtimes: Runtime::ALL.to_vec(),
        },
        ContainerFault::Unreachable {
            runtime: Runtime::Docker,
            at: "/run/docker.sock".into(),
            why: Silence::HungUp,
        },
        ContainerFault::Refused {
            runtime: Runtime::Podman,
            why: "no room".into(),
        },
        ContainerFault::NoCgroup {
            name: name(),
            cgroup: "/system.slice/other.service".into(),
        },
        ContainerFault::NoUser { user: "ann".into() },
    ]
}

pub(super) fn service_errors() -> Vec<ServiceError> {
    let mut all = vec![
        ServiceError::NotFound {
            unit: "web.service".into(),
        },
        ServiceError::NotBooted {
            path: "/run/systemd/system".into(),
        },
        ServiceError::Refused {
            why: "Unit name !.service".into(),
        },
    ];
    let types = BusFault::Type {
        interface: "org.a.B".into(),
        property: "MainPID".into(),
    };
    let whys = [
        BusFault::Silent { after: HELD },
        types,
        denied_fault().into(),
        "no bus".into(),
    ];
    all.extend(whys.map(|why| ServiceError::Unreachable { why }));
    all
}

fn lacks() -> Vec<Lack> {
    vec![
        Lack::line("`cpu`"),
        Lack::CgroupLine,
        Lack::CpuLine,
        Lack::CommandName,
        Lack::State,
        Lack::Parent,
        Lack::Flags,
        Lack::CpuTime,
        Lack::Threads,
        Lack::StartTime,
        Lack::ResidentPages,
        Lack::Uptime,
        Lack::NetworkId,
        Lack::Bytes,
        Lack::CpuList,
        Lack::Quota,
        Lack::Averages,
        Lack::key("usage_usec"),
    ]
}

fn cgroup_errors() -> Vec<CgroupError> {
    let path = || "/cg/web/cpu.max".into();
    let mut all = vec![
        CgroupError::NotMounted {
            mountinfo: "/proc/self/mountinfo".into(),
        },
        CgroupError::Outside {
            path: "/..".into(),
            mount: "/cg".into(),
        },
        CgroupError::NotFound { path: path() },
        CgroupError::Unreadable {
            path: path(),
            source: denied_fault(),
        },
    ];
    all.extend(lacks().into_iter().map(|what| CgroupError::Malformed {
        path: path(),
        what,
        text: "\u{7}lots".into(),
    }));
    all
}

fn process_errors() -> Vec<ProcessError> {
    let path = || "/proc/7/stat".into();
    let mut all = vec![
        ProcessError::Gone { pid: 7 },
        ProcessError::Unreadable {
            path: path(),
            source: denied_fault(),
        },
    ];
    all.extend(
        lacks()
            .into_iter()
            .map(|what| ProcessError::Malformed { path: path(), what }),
    );
    all
}

pub(super) fn read_faults() -> Vec<ReadFault> {
    let template = || "mail@.service".to_owned();
    let mut all = vec![
        ReadFault::Ended { pid: 7 },
        ReadFault::TwoSlices {
            template: template(),
            slices: ["/cg/a".into(), "/cg/b".into()],
        },
        ReadFault::SharedSlice {
            template: template(),
            slice: "/cg/a".into(),
            name: "web.service".into(),
        },
        ReadFault::NoMainProcess {
            unit: "mail@1.service".into(),
        },
        ReadFault::NotCounted,
    ];
    all.extend(cgroup_errors().into_iter().map(ReadFault::Cgroup));
    all.extend(process_errors().into_iter().map(ReadFault::Process));
    all
}

#[test]
fn a_reason_and_each_fault_in_it_are_told_in_both_languages() {
    told(&reasons(), reason);
    told(&unobservables(), unobservable);
    told(&service_errors(), service_error);
    told(&read_faults(), read_fault);
    told(&cgroup_errors(), cgroup_error);
    told(&process_errors(), process_error);
}

#[test]
fn what_an_earlier_version_kept_as_a_sentence_stays_one() {
    neutral(&[ReadFault::Words("/proc/7".into())], |language, it| {
        read_fault(language, it)
    });
}

#[test]
fn what_comes_next_is_told_in_both_languages() {
    for held in [0, 100, 240] {
        for against in [None, Some(Reason::Paused)] {
            let next = Next {
                measure: Measure::Cpu,
                rung: 3,
                to: 3,
                threshold: 75.0,
                held: Duration::from_secs(held),
                needed: Duration::from_mins(3),
                against,
            };
            for up in [true, false] {
                let [en, es] = both(|language| outlook(language, &next, up));
                assert_ne!(en, es);
            }
        }
    }
}

/// Version 0.1.0 kept each of these as a text in `why`.
#[test]
fn what_version_0_1_0_kept_is_read() {
    let read = |json: &str| -> Reason { serde_json::from_str(json).unwrap() };
    let told = |json: &str, language| reason(language, &read(json));
    let kept = r#"{"unobservable":{"unreadable":{"why":"cannot read /cg/web/cpu.max: Permission denied (os error 13)"}}}"#;
    let words = "cannot read /cg/web/cpu.max: Permission denied (os error 13)";
    assert_eq!(
        read(kept),
        Reason::Unobservable(ReadFault::Words(words.to_owned()).into())
    );
    assert_eq!(told(kept, Language::En), format!("cannot be read: {words}"));
    let systemd = r#"{"unobservable":{"no_service_manager":{"why":"this host does not run systemd (/run/systemd/system does not exist): give the project a `cgroup`"}}}"#;
    let path = "/run/systemd/system".to_owned();
    let why = ServiceError::NotBooted { path };
    assert_eq!(
        read(systemd),
        Reason::Unobservable(Unobservable::NoServiceManager { why })
    );
    for json in [
        r#"{"unobservable":{"no_service_manager":{"why":"cannot ask systemd over D-Bus: no answer within 5 s"}}}"#,
        r#"{"unobservable":{"no_service_manager":{"why":"systemd does not tell: Access denied"}}}"#,
        r#"{"queue_unreadable":{"bad_url":{"why":"it has no scheme such as redis://"}}}"#,
        r#"{"queue_unreadable":{"environment_unreadable":{"why":"process 7 is gone"}}}"#,
        r#"{"queue_unreadable":{"unreachable":{"at":"h:6379","why":"Connection refused (os error 111)"}}}"#,
        r#"{"pool_unreachable":{"malformed":{"node":"n","method":"active","why":"no list"}}}"#,
        r#"{"pool_unreachable":{"unreadable":{"why":"process 7 is gone"}}}"#,
        r#"{"pool_unreachable":{"broker":{"unreachable":{"at":"h","why":"no answer within 3 s"}}}}"#,
    ] {
        let why: &str = json
            .split("\"why\":\"")
            .nth(1)
            .unwrap()
            .trim_end_matches(['}', '"']);
        let english = told(json, Language::En);
        assert!(english.contains(why), "{english}");
    }
}

/// The sentence stands where 0.1.0 wrote it, for whoever reads the file; the data beside it.
#[test]
fn a_fault_is_kept_as_a_sentence_and_as_data() {
    for reason in reasons() {
        let json = serde_json::to_value(&reason).unwrap();
        assert_eq!(serde_json::from_value::<Reason>(json).unwrap(), reason);
    }
    let source = denied_fault();
    let path = "/cg/web/cpu.max".into();
    let why = ReadFault::from(CgroupError::Unreadable { path, source });
    let json = serde_json::to_value(Unobservable::from(why)).unwrap();
    assert_eq!(
        json["unreadable"]["why"],
        "cannot read /cg/web/cpu.max: Permission denied"
    );
    assert_eq!(
        json["unreadable"]["fault"]["cgroup"]["unreadable"]["source"]["errno"],
        13
    );
}

/// Data of a version to come is no reason to lose the sentence.
#[test]
fn of_data_that_is_not_understood_the_sentence_is_left() {
    let json = r#"{"unreadable":{"why":"the moon is new","fault":{"moon":{"phase":0}}}}"#;
    let fault: Unobservable = serde_json::from_str(json).unwrap();
    assert_eq!(fault, ReadFault::Words("the moon is new".to_owned()).into());
}
