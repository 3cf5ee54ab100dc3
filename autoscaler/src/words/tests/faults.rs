//! What stands in the way of a step, of a command and of the daemon's start.

use std::time::Duration;

use rusqlite::ErrorCode;

use crate::model::{
    AfterBoot, Behind, Bounds, BtfFault, Cause, CgroupError, ClientError, Distrust, HostError, KernelFault,
    KernelStep, Lack, ListenFault, LoadError, ManagerError, MemoryError, ProcessError, ProtocolFault,
    ReadError, Refusal, ScaleError, SocketError, Step, StopFault, StoreError, TaskQueue, WhyNotEbpf,
};
use crate::words::tests::celery::{pool_faults, queue_faults};
use crate::words::tests::reasons::{service_errors, unobservables};
use crate::words::tests::{denied, denied_fault, neutral, told};
use crate::words::{
    NotInHistory, StartFault, Tried, client_error, host_error, listen_fault, load_error, memory_error,
    not_in_history, read_error, refused, scale_error, socket_error, start_fault, store_error, without_ebpf,
};

const AFTER: Duration = Duration::from_secs(90);

pub(super) fn memory_errors() -> Vec<MemoryError> {
    let path = || "/cg/web/memory.max".into();
    vec![
        MemoryError::Unavailable {
            cgroup: "/cg/web".into(),
        },
        CgroupError::NotFound {
            path: "/cg/web".into(),
        }
        .into(),
        MemoryError::Unwritable {
            path: path(),
            source: denied_fault(),
        },
        MemoryError::NotKept {
            path: path(),
            wanted: 10,
            seen: 9,
        },
        ManagerError {
            unit: "web.service".into(),
            why: "no bus".into(),
        }
        .into(),
    ]
}

pub(super) fn refusals() -> Vec<Refusal> {
    let unit = || "mail@1.service".to_owned();
    let stops = [
        StopFault::OtherSignal {
            signal: 15,
            wanted: "SIGINT",
        },
        StopFault::NotCaught {
            pid: 7,
            signal: "SIGTERM",
        },
        StopFault::NoSignal,
        StopFault::GroupNotCaught {
            pid: 7,
            signal: "SIGTERM",
        },
        StopFault::AllTold {
            task_queue: TaskQueue::Rq,
        },
        StopFault::WouldBeKilled { after: AFTER },
    ];
    let mut all = vec![
        Refusal::Gone { pid: 7 },
        Refusal::Reused { pid: 7 },
        Refusal::Elsewhere {
            pid: 7,
            cgroup: "/a".into(),
            expected: "/b".into(),
        },
        Refusal::WouldStop {
            pid: 7,
            command: "flask".into(),
        },
        Refusal::Stopped { pid: 7 },
        Refusal::Frozen {
            cgroup: "/web".into(),
        },
        Refusal::SeveralMasters { pids: vec![7, 8] },
        Refusal::Forking { pid: 7 },
        Refusal::NotPermitted { pid: 7 },
        Refusal::PoolBusy,
        Refusal::PoolUnsettled,
        Refusal::LastPoolProcess,
        Refusal::CommandRefused {
            node: "celery@h".into(),
            method: "pool_grow",
            why: "KeyError".into(),
        },
        Refusal::InstanceFailed { unit: unit() },
        Refusal::InstanceStarting { unit: unit() },
        Refusal::NoFreeNumber {
            template: "mail@.service".into(),
        },
        Refusal::NoServiceManager,
        Refusal::Manager(ManagerError {
            unit: unit(),
            why: "no bus".into(),
        }),
        Refusal::Pidfd {
            pid: 7,
            error: denied_fault(),
        },
        Refusal::Unreadable {
            why: ProcessError::Gone { pid: 7 }.into(),
        },
    ];
    all.extend(stops.map(|fault| Refusal::Unstoppable { unit: unit(), fault }));
    all.extend(service_errors().into_iter().map(Refusal::Service));
    all.extend(unobservables().into_iter().map(Refusal::Unobservable));
    all.extend(queue_faults().into_iter().map(Refusal::from));
    all.extend(pool_faults().into_iter().map(Refusal::Pool));
    all
}

pub(super) fn scale_errors() -> Vec<ScaleError> {
    let timed_out = |step| Cause::TimedOut {
        step,
        after: AFTER,
        workers: Vec::new(),
    };
    let boot_failed = |pid, server| Cause::BootFailed { pid, server };
    let mut causes = vec![
        timed_out(Step::Up),
        timed_out(Step::Down),
        Cause::Unanswered {
            step: Step::Up,
            since: AFTER,
        },
        boot_failed(None, AfterBoot::Ended),
        boot_failed(Some(7), AfterBoot::StartsAgain),
        boot_failed(Some(7), AfterBoot::TakenBack),
        boot_failed(Some(7), AfterBoot::GoesOn),
        Cause::NotServing { pid: 7, after: AFTER },
        Cause::Moved { expected: 2, seen: 4 },
        Cause::Reloaded,
        Cause::Withdrawn,
        Cause::OutsideBounds {
            next: 9,
            bounds: Bounds { min: 1, max: 6 },
        },
    ];
    causes.extend(refusals().into_iter().map(Cause::Refused));
    causes.extend(memory_errors().into_iter().map(|why| Cause::NoRoom { why }));
    let failed = |cause| ScaleError {
        from: 1,
        reached: 3,
        wanted: 6,
        cause,
    };
    causes.into_iter().map(failed).collect()
}

pub(super) fn kernel_faults() -> Vec<KernelFault> {
    let file = || "/sys/devices/system/cpu/online".into();
    let steps = [
        KernelStep::Map("INDEX".into()),
        KernelStep::Program("flush".into()),
        KernelStep::Section,
        KernelStep::Offset(70_000),
        KernelStep::Room,
        KernelStep::MapArray,
        KernelStep::Flush(3),
        KernelStep::Remove,
        KernelStep::GiveBack,
        KernelStep::Read(file()),
        KernelStep::CpuList(file()),
    ];
    let mut all: Vec<KernelFault> = steps.into_iter().map(KernelFault::from).collect();
    all.push(KernelFault {
        step: Some(KernelStep::Flush(3)),
        behind: Behind::System(denied_fault()),
    });
    all
}

pub(super) fn listen_faults() -> Vec<ListenFault> {
    vec![
        ListenFault::NoNetlink {
            error: denied_fault(),
        },
        ListenFault::OtherNetwork {
            pid: 7,
            error: denied_fault(),
        },
        ListenFault::NoModule { module: "unix_diag" },
        ListenFault::Broken {
            error: denied_fault(),
        },
        ListenFault::Process(ProcessError::Gone { pid: 7 }),
    ]
}

pub(super) fn why_not_ebpf() -> Vec<WhyNotEbpf> {
    let mut all = vec![
        WhyNotEbpf::NoCgroup2,
        WhyNotEbpf::NoBtf {
            path: "/sys/kernel/btf/vmlinux".into(),
        },
        WhyNotEbpf::BadBtf {
            why: BtfFault::Words("EOF".into()),
        },
        WhyNotEbpf::BadBtf {
            why: BtfFault::System {
                path: "/btf".into(),
                error: denied_fault(),
            },
        },
        WhyNotEbpf::BadBtf {
            why: BtfFault::Malformed {
                path: "/btf".into(),
                words: "EOF".into(),
            },
        },
        WhyNotEbpf::BadBtf {
            why: BtfFault::SeveralPlaces {
                field: "a.b".into(),
                count: 2,
            },
        },
        WhyNotEbpf::BadBtf {
            why: BtfFault::PartOfItself { structure: "a" },
        },
        WhyNotEbpf::NoField {
            field: "a.b".into(),
            needs: None,
        },
        WhyNotEbpf::NoField {
            field: "a.b".into(),
            needs: Some("CONFIG_X=y".into()),
        },
        WhyNotEbpf::NoFunction {
            function: "unix_release",
        },
        WhyNotEbpf::NoEvent {
            event: "sk_data_ready",
            since: "6.3",
        },
        WhyNotEbpf::NoHelper {
            helper: "bpf_x",
            since: "5.11",
        },
        WhyNotEbpf::NotPermitted {
            missing: vec!["CAP_BPF", "CAP_PERFMON"],
        },
        WhyNotEbpf::Lockdown {
            refusal: Box::new(WhyNotEbpf::Failed {
                why: KernelStep::Room.into(),
            }),
        },
        WhyNotEbpf::Refused {
            program: "switched".into(),
            error: denied_fault(),
            log: "R1 !read_ok".into(),
        },
    ];
    let kernel = kernel_faults().into_iter();
    all.extend(kernel.map(|why| WhyNotEbpf::Failed { why }));
    all
}

pub(super) fn host_errors() -> Vec<HostError> {
    let path = || "/proc/stat".into();
    vec![
        HostError::Unreadable {
            path: path(),
            source: denied(),
        },
        HostError::Malformed {
            path: path(),
            what: Lack::line("`cpu`"),
        },
    ]
}

pub(super) fn store_errors() -> Vec<StoreError> {
    let path = || "/var/lib/autoscaler".into();
    let sqlite = |code| StoreError::Sqlite {
        code: Some(code),
        words: String::new(),
    };
    vec![
        StoreError::Directory {
            path: path(),
            error: denied_fault(),
        },
        StoreError::NotSetAside {
            path: path(),
            error: denied_fault(),
        },
        StoreError::NoThread(denied_fault()),
        StoreError::Older { found: 1, known: 2 },
        StoreError::Newer { found: 3, known: 2 },
        StoreError::Foreign,
        StoreError::Damaged("page 3".into()),
        StoreError::Reason("EOF".into()),
        sqlite(ErrorCode::DiskFull),
        sqlite(ErrorCode::DatabaseBusy),
        sqlite(ErrorCode::ReadOnly),
    ]
}

pub(super) fn socket_errors() -> Vec<SocketError> {
    let path = || "/run/autoscaler/control.sock".into();
    vec![
        SocketError::Taken { path: path() },
        SocketError::NotASocket { path: path() },
        SocketError::Io {
            path: path(),
            source: denied(),
        },
    ]
}

pub(super) fn client_errors() -> Vec<ClientError> {
    let path = || "/run/autoscaler/control.sock".into();
    let mut all = vec![
        ClientError::NoDaemon { path: path() },
        ClientError::NotPermitted { path: path() },
        ClientError::Io {
            path: path(),
            source: denied(),
        },
        ClientError::Closed { path: path() },
    ];
    let odd = [
        ProtocolFault::Version(9),
        ProtocolFault::OtherAnswer("status"),
        ProtocolFault::Words("EOF".into()),
    ];
    all.extend(odd.map(|why| ClientError::Protocol { why }));
    all
}

pub(super) fn load_errors() -> Vec<LoadError> {
    let path = || "/etc/autoscaler/config.json".into();
    let distrusts = [
        Distrust::Owner {
            path: path(),
            uid: 1000,
        },
        Distrust::Writable {
            path: path(),
            mode: 0o666,
        },
        Distrust::Replaced { path: path() },
        Distrust::Directory {
            path: path(),
            directory: "/etc".into(),
            uid: 1000,
            mode: 0o777,
        },
    ];
    let mut all = vec![
        LoadError::NotFound { path: path() },
        LoadError::NotAFile { path: path() },
        LoadError::Unreadable {
            path: path(),
            source: denied(),
        },
        LoadError::TooLarge {
            path: path(),
            most_kib: 1024,
        },
        LoadError::Empty { path: path() },
        LoadError::NotUtf8 {
            path: path(),
            line: 3,
        },
    ];
    all.extend(distrusts.map(LoadError::Distrusted));
    all
}

#[test]
fn a_step_that_fails_is_told_in_both_languages() {
    told(&scale_errors(), scale_error);
    told(&refusals(), refused);
    told(&memory_errors(), memory_error);
}

#[test]
fn the_hosts_faults_are_told_in_both_languages() {
    told(&why_not_ebpf(), without_ebpf);
    told(&listen_faults(), listen_fault);
    told(&host_errors(), host_error);
    told(&load_errors(), load_error);
}

#[test]
fn what_a_command_finds_is_told_in_both_languages() {
    told(&client_errors(), client_error);
    told(&socket_errors(), socket_error);
    told(&store_errors(), store_error);
    let path = || "/var/lib/autoscaler/history.db".into();
    let mut reads = vec![
        ReadError::Missing { path: path() },
        ReadError::Unreadable {
            path: path(),
            error: denied(),
        },
    ];
    reads.extend(
        store_errors()
            .into_iter()
            .map(|why| ReadError::Unusable { path: path(), why }),
    );
    told(&reads, read_error);
    let not_there = |names: &[&str]| NotInHistory {
        project: "shop".into(),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    let missing = [not_there(&[]), not_there(&["shopp"]), not_there(&["mail"])];
    told(&missing, not_in_history);
}

#[test]
fn sqlites_own_words_stay_as_they_are() {
    let words = StoreError::Sqlite {
        code: None,
        words: "SQL logic error".into(),
    };
    neutral(&[words], store_error);
}

#[test]
fn why_the_daemon_does_not_start_is_told_in_both_languages() {
    let lock = || "/run/autoscaler/daemon.lock".into();
    let mut faults = vec![
        StartFault::Running {
            pid: "42".into(),
            lock: lock(),
        },
        StartFault::Directory {
            path: "/run/autoscaler".into(),
            source: denied(),
        },
    ];
    faults.push(StartFault::Signals(denied()));
    let tries = [Tried::Open, Tried::Write, Tried::Lock];
    faults.extend(tries.map(|tried| StartFault::Lock {
        path: lock(),
        tried,
        source: denied(),
    }));
    told(&faults, start_fault);
}
