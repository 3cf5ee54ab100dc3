//! What `autoscaler check` found, in English, and what to do about it.

use super::celery;
use super::config::notice;
use super::reason::unobservable;
use super::source_name;
use crate::act::Refusal;
use crate::check::{Fact, Grade, Taken};
use crate::host::usage::WhyNotEbpf;
use crate::model::{PoolFault, QueueFault, Unobservable};
use crate::report::mebibytes;

pub(in crate::report) fn grade(grade: Grade) -> &'static str {
    match grade {
        Grade::Ok => "ok",
        Grade::Warning => "warning",
        Grade::Error => "ERROR",
    }
}

pub(in crate::report) fn host_heading() -> &'static str {
    "configuration and host"
}

pub(in crate::report) fn sum(errors: usize, warnings: usize) -> String {
    let count = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    format!("{}, {}", count(errors, "error"), count(warnings, "warning"))
}

pub(in crate::report) fn says(fact: &Fact) -> String {
    match fact {
        Fact::ConfigLoaded {
            path,
            projects,
            enabled,
        } => format!("{}: {enabled} of {projects} projects enabled", path.display()),
        Fact::ConfigUnreadable(error) => error.to_string(),
        Fact::ConfigFault { path, fault } => {
            fault.placed(&path.display().to_string(), &fault.wrong.to_string())
        }
        Fact::HostUnreadable(error) => error.to_string(),
        Fact::NoCgroupTree(error) => error.to_string(),
        Fact::DaemonSilent(error) => error.to_string(),
        Fact::NoSystemd { why, needed: true } => why.to_string(),
        Fact::Notice(found) => notice(found),
        Fact::Kernel { release } => format!("kernel {release}"),
        Fact::Host(host) => format!(
            "{} CPUs, {} MB of memory, {} MB available",
            host.cpus, host.memory_total_mib, host.memory_available_mib
        ),
        Fact::NotRoot { uid } => {
            format!("this is user {uid}, not root: the daemon may do more than this check")
        }
        Fact::CgroupTree { path } => format!("cgroup v2 at {}", path.display()),
        Fact::TreeWithoutMemory { path } => format!(
            "cgroup v2 at {} has no memory controller: no memory limit can be kept; scaling works without",
            path.display()
        ),
        Fact::Pressure => "pressure figures (PSI) are there for `autoscaler top`".into(),
        Fact::NoPressure => "no pressure figures (PSI): `autoscaler top` leaves them out".into(),
        Fact::KernelTypes { path } => format!("the kernel's types (BTF) at {}", path.display()),
        Fact::NoKernelTypes { path } => format!("no kernel types (BTF) at {}", path.display()),
        Fact::Source {
            kind,
            used_cpus,
            waiting_cpus,
        } => {
            let wait = waiting_cpus.map_or_else(
                || "run-queue wait is not known".to_owned(),
                |waiting| format!("tasks of {waiting:.2} CPUs waited"),
            );
            format!(
                "CPU by {}, loaded and read: {used_cpus:.2} CPUs in use just now, {wait}",
                source_name(*kind)
            )
        }
        Fact::WithoutEbpf(why) => format!("no eBPF: {why}; CPU comes from cpu.stat, without run-queue wait"),
        Fact::SourceUnreadable { kind, why } => {
            format!("CPU by {} cannot be read: {why}", source_name(*kind))
        }
        Fact::Systemd { version } => format!("systemd {version} answers over D-Bus"),
        Fact::NoSystemd { needed: false, .. } => {
            "systemd cannot be asked, and no enabled project needs it".into()
        }
        Fact::Daemon { pid, version } => format!("the daemon runs: pid {pid}, version {version}"),
        Fact::NoDaemon { socket } => format!("no daemon answers at {}", socket.display()),
        Fact::History { path } => format!("the history is kept in {}", path.display()),
        Fact::NoHistory => "no history is kept, as configured".into(),
        Fact::HistoryUnusable { path, why } => {
            let (path, why) = (path.display(), why);
            format!("the history cannot be kept in {path}: {why}")
        }
        Fact::HistoryNotWritable { path, why } => {
            format!("the history cannot be kept in {}: {why}", path.display())
        }
        Fact::HistoryDamaged { path, why } => {
            let path = path.display();
            format!(
                "the history {path} is damaged ({why}): the daemon moves it aside when it starts, and begins anew"
            )
        }
        Fact::NoMetrics => "no metrics are served, as configured".into(),
        Fact::MetricsServed { at } => format!("metrics are served at {at}"),
        Fact::MetricsFree { at } => format!("{at} is free for metrics"),
        Fact::MetricsTaken { at, why } => format!("metrics cannot be served at {at}: {}", taken(why)),
        _ => of_project(fact),
    }
}

fn taken(why: &Taken) -> String {
    match why {
        Taken::Another => "another program answers there".into(),
        Taken::NoHttp { why } => format!("another program listens there: {why}"),
        Taken::Silent { after } => {
            format!("what listens there did not answer within {} s", after.as_secs())
        }
        Taken::Refused { why } => why.clone(),
    }
}

fn of_project(fact: &Fact) -> String {
    match fact {
        Fact::Disabled => "disabled: it is watched, and left alone".into(),
        Fact::Place {
            unit: Some(unit),
            cgroup,
        } => format!("{unit} runs in {}", cgroup.display()),
        Fact::Place { unit: None, cgroup } => format!("runs in {}", cgroup.display()),
        Fact::Unobservable(fault) => unobservable(fault),
        Fact::Workers {
            pid,
            command,
            workers,
            bounds,
        } => format!(
            "master {pid} ({command}), {} of {}..{}",
            crate::report::workers(*workers),
            bounds.min,
            bounds.max
        ),
        Fact::OutsideBounds { workers, bounds } => format!(
            "{} outside {}..{}: the daemon brings that back at its first check",
            crate::report::workers(*workers),
            bounds.min,
            bounds.max
        ),
        Fact::Signals { pid } => format!("{pid} catches SIGTTIN and SIGTTOU and may be signalled"),
        Fact::BootsFromMaster { pid } => format!(
            "a new worker is a fork of what {pid} has loaded (--preload): it cannot fail on what is on disk; new code needs a restart, HUP does not load it"
        ),
        Fact::BootsFromDisk { gunicorn: true } => {
            "a new worker reads the code from disk; one that cannot boot ends gunicorn, so a step up waits where the code is newer than every worker (wait_for_reload_minutes)".into()
        }
        Fact::BootsFromDisk { gunicorn: false } => {
            "a new worker reads the code from disk: a step up waits where that is newer than every worker (wait_for_reload_minutes)".into()
        }
        Fact::CodeNewer { path } => format!("{} is newer than every worker: no worker runs it yet", path.display()),
        Fact::Refused(refusal) => refusal.to_string(),
        Fact::Cpu {
            percent,
            wait_percent,
            allowed_cpus,
        } => {
            let wait = wait_percent.map_or_else(String::new, |wait| format!(", wait {wait:.1}%"));
            format!("CPU {percent:.1}%{wait}; it may use {allowed_cpus} CPUs")
        }
        Fact::NoCpu => "its CPU could not be measured".into(),
        Fact::MemoryLimit {
            limit_mib,
            current_mib,
        } => {
            let limit = mebibytes(*limit_mib, "no limit");
            format!("memory {current_mib} MB, limit {limit}; the limit can be kept in step")
        }
        Fact::NoMemoryLimit { cgroup, .. } => format!(
            "no memory limit: {} has no memory controller; scaling works without",
            cgroup.display()
        ),
        Fact::LimitNotWritable { path, why } => {
            format!("no memory limit: {} cannot be written: {why}", path.display())
        }
        Fact::Queue { queues, waiting } => {
            format!(
                "the broker answers: {waiting} tasks wait in {}",
                queues.join(", ")
            )
        }
        Fact::QueueUnreadable(fault) => format!("the queue cannot be read: {fault}"),
        Fact::UnacknowledgedUnknown(fault) => {
            format!("how many tasks are not acknowledged is not known: {fault}")
        }
        Fact::Pool { active } => format!(
            "the pool answers to remote control, {} busy",
            active.map_or_else(|| "an unknown number".to_owned(), |active| active.to_string())
        ),
        Fact::Uncounted(what) => celery::uncounted(what),
        Fact::Consumes { node } => {
            format!("the node {node} takes tasks from these queues, and from no other")
        }
        Fact::PoolUnreachable(fault) => format!("the pool cannot be commanded: {fault}"),
        _ => String::new(),
    }
}

/// What to do; `None` where the fact says it itself, or nothing is to be done.
pub(in crate::report) fn advice(fact: &Fact) -> Option<String> {
    let advice = match fact {
        Fact::NotRoot { .. } => "run it with sudo to see what the daemon would",
        Fact::TreeWithoutMemory { .. } => {
            "boot with systemd.unified_cgroup_hierarchy=1, so that no controller stays with cgroup v1"
        }
        Fact::NoKernelTypes { .. } => {
            "boot a kernel with CONFIG_DEBUG_INFO_BTF=y, as Debian's and Ubuntu's are"
        }
        Fact::WithoutEbpf(WhyNotEbpf::NotPermitted { .. }) => {
            "run as root on the host itself, or keep CAP_BPF and CAP_PERFMON in the unit's CapabilityBoundingSet="
        }
        Fact::NoSystemd { needed: true, .. } => "start D-Bus, or give each project a \"cgroup\"",
        Fact::NoDaemon { .. } => "when all is well: sudo systemctl enable --now autoscaler",
        Fact::HistoryNotWritable { .. } => {
            "mend the directory's permissions, or set \"history\": { \"path\": … }; scaling works without"
        }
        Fact::HistoryUnusable { .. } => {
            "move the file away, or set \"history\": { \"path\": … }; scaling works without"
        }
        Fact::MetricsTaken { .. } => "choose another address in \"metrics\": { \"listen\": … }",
        Fact::BootsFromDisk { gunicorn: true } => {
            "--preload forks workers from what is loaded, and shares its memory; then HUP loads no new code, a restart is needed, and connections and threads that the application opens at its import do not survive the fork"
        }
        Fact::CodeNewer { .. } => "reload or restart the service when its deployment is done",
        Fact::Disabled => "set \"enabled\": true when the lines below suit you",
        Fact::OutsideBounds { .. } => {
            "set --workers (Celery: --concurrency) of the service within the bounds"
        }
        Fact::NoMemoryLimit { unit: Some(unit), .. } => {
            return Some(format!(
                "systemctl show -p MemoryAccounting {unit} should say yes"
            ));
        }
        Fact::Unobservable(fault) => return unobservable_advice(fault),
        Fact::Refused(Refusal::NotPermitted { .. }) => "run it with sudo",
        Fact::Refused(_) => "check what the unit starts: gunicorn, uvicorn with --workers, puma or unicorn",
        Fact::QueueUnreadable(QueueFault::Unreachable { .. }) => {
            "start the broker, or mend \"broker_url\" or \"redis_url\""
        }
        Fact::PoolUnreachable(PoolFault::NobodyListens) => {
            "compare the URL with the worker's; where the application sets global_keyprefix in broker_transport_options, write it as \"redis_key_prefix\""
        }
        Fact::QueueUnreadable(QueueFault::LoginRefused { .. }) => {
            "write user and password into the URL, as the worker has them"
        }
        _ => return None,
    };
    Some(advice.to_owned())
}

fn unobservable_advice(fault: &Unobservable) -> Option<String> {
    let advice = match fault {
        Unobservable::Forking { .. } => "run it again: it is known a moment later".into(),
        Unobservable::UnitInactive { unit, .. } => format!("sudo systemctl start {unit}"),
        Unobservable::NoServiceManager { .. } => "give the project a \"cgroup\"".into(),
        Unobservable::CgroupNotFound { .. } | Unobservable::CgroupEmpty { .. } => {
            "start the service, or mend \"cgroup\"".into()
        }
        Unobservable::NotAWorkerServer { .. } => {
            "let the unit start gunicorn, uvicorn with --workers, puma or unicorn; for Celery write queue_thresholds"
                .into()
        }
        Unobservable::SeveralMasters { .. } => "one server a unit: give each a unit and a project of its own".into(),
        Unobservable::MasterElsewhere { .. } => "let the unit's processes stay in the unit's cgroup".into(),
        Unobservable::SharedCgroup { .. } => "give each project a service of its own, or take one out".into(),
        Unobservable::UnitNotFound { .. } | Unobservable::Unreadable { .. } => return None,
    };
    Some(advice)
}
