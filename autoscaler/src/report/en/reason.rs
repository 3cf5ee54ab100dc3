//! The reasons of decisions, in English.

use crate::model::{Measure, Reason, Unobservable};
use crate::report::duration::short;
use crate::report::{numbers, threshold, workers};

pub(super) fn measured(measure: Measure, sign: char, value: f64) -> String {
    match measure {
        Measure::Cpu => format!("CPU {sign} {}%", threshold(value)),
        Measure::Queue => format!("queue {sign} {}", threshold(value)),
    }
}

pub(in crate::report) fn reason(reason: &Reason) -> String {
    match reason {
        Reason::AboveRung {
            measure,
            rung,
            threshold,
            held,
        } => {
            format!(
                "{} (scale_up_{rung}) for {}",
                measured(*measure, '>', *threshold),
                short(*held)
            )
        }
        Reason::BelowRung {
            measure,
            rung,
            threshold,
            held,
        } => {
            format!(
                "{} (scale_down_{rung}) for {}",
                measured(*measure, '<', *threshold),
                short(*held)
            )
        }
        Reason::OutsideBounds => "the worker count is outside min_workers..max_workers".into(),
        Reason::Restore { held_before } => {
            format!("there were {held_before} before the reload and the load still asks for them")
        }
        Reason::WithinThresholds => "no threshold crossed".into(),
        Reason::NotHeldYet {
            measure,
            rung,
            threshold,
            held,
            needed,
            up,
        } => format!(
            "{} ({}_{rung}) for {} of {}",
            measured(*measure, if *up { '>' } else { '<' }, *threshold),
            if *up { "scale_up" } else { "scale_down" },
            short(*held),
            short(*needed)
        ),
        Reason::NoFiguresYet => "no CPU mean yet".into(),
        Reason::Booting => "the figures contain the boot of new workers".into(),
        Reason::Overdue { held, why } => overdue(why, &short(*held)),
        Reason::BootFailed => {
            "the last new worker did not come to serve: no step until the server is restarted or reloaded"
                .into()
        }
        Reason::CodeNewer { path, held, needed } => format!(
            "{} is newer than every worker: perhaps half a deployment; the step waits for the reload ({} of at most {})",
            path.display(),
            short(*held),
            short(*needed)
        ),
        Reason::Unsettled => "old and new workers side by side: a reload may be under way".into(),
        Reason::WouldFlap {
            to,
            projected,
            threshold: limit,
        } => format!(
            "with {} the CPU would be {projected:.1}%, less than 5 points under the threshold {}%",
            workers(*to),
            threshold(*limit)
        ),
        Reason::ByHand { workers: n } => format!("{} ordered by hand", workers(*n)),
        Reason::Paused => "paused by hand; `autoscaler resume` ends it".into(),
        Reason::Disabled => "disabled (enabled: false)".into(),
        Reason::AtMaximum { max } => format!("the load asks for more than the maximum of {}", workers(*max)),
        Reason::MemoryPerWorker {
            workers: n,
            per_worker_mib,
            needed_mib,
        } => {
            format!("too little memory: {per_worker_mib}MB per worker with {n}, {needed_mib}MB needed")
        }
        Reason::MemoryPromised { promised_mib } => promised(*promised_mib),
        Reason::HostSaturated {
            wait_percent,
            busy_percent,
        } => format!(
            "the host has no CPU left ({busy_percent:.0}% busy) and the project waits {wait_percent:.0}% of the time: another worker would wait too"
        ),
        Reason::Quota { throttled_percent } => format!(
            "its own cpu.max holds it back {throttled_percent:.0}% of the time: raise CPUQuota= or lower max_workers"
        ),
        Reason::MemoryThreshold { needed_mib } => {
            format!("too little memory: memory_threshold_mb asks for {needed_mib}MB available")
        }
        Reason::MemoryForScaleDown { needed_mib } => {
            format!("a step down needs more than {needed_mib}MB available (scale_down_min_available_mb)")
        }
        Reason::QueueUnreadable(fault) => format!("the queue cannot be read: {fault}"),
        Reason::PoolUnreachable(fault) => format!("the pool cannot be commanded: {fault}"),
        Reason::PoolBusy => "every worker is running a task".into(),
        Reason::Unobservable(fault) => unobservable(fault),
    }
}

/// A hold that has lasted for too long.
fn overdue(why: &Reason, held: &str) -> String {
    match why {
        Reason::Booting => {
            format!("it has had too few workers for {held} and none comes: its own log says why")
        }
        Reason::NoFiguresYet => {
            format!(
                "there has been no CPU mean for {held}: `autoscaler check` says what it sees of the project's cgroup"
            )
        }
        Reason::Unsettled => format!(
            "workers have come and gone for {held} as in a reload that does not end: look for workers that crash, or a deployment that reloads again and again"
        ),
        Reason::PoolBusy => format!(
            "for {held} every worker has been running a task, so none can be taken away: `celery inspect active` shows which"
        ),
        other => format!("for {held}: {}", reason(other)),
    }
}

pub(in crate::report) fn unobservable(fault: &Unobservable) -> String {
    match fault {
        Unobservable::UnitNotFound { unit } => {
            format!("systemd knows no {unit}; check service_name with `systemctl status {unit}`")
        }
        Unobservable::UnitInactive { unit, state } => format!("{unit} is not running ({state})"),
        Unobservable::NoServiceManager { why } => {
            format!("systemd cannot be asked ({why}) and no \"cgroup\" is configured")
        }
        Unobservable::CgroupNotFound { path } => format!("there is no cgroup {}", path.display()),
        Unobservable::CgroupEmpty { path } => format!("there is no process in the cgroup {}", path.display()),
        Unobservable::NotAWorkerServer { pid, command } => format!(
            "process {pid} ({command}) does not catch SIGTTIN and SIGTTOU: it is no gunicorn master and is sent nothing"
        ),
        Unobservable::SeveralMasters { pids } => {
            format!("several processes could be the master: {}", numbers(pids))
        }
        Unobservable::Forking { pid } => {
            format!("process {pid} was forked just now: whether it is a worker is not known yet")
        }
        Unobservable::MasterElsewhere { pid, cgroup } => {
            format!("the main process {pid} is in another cgroup: {cgroup}")
        }
        Unobservable::SharedCgroup { others } => {
            format!(
                "the same cgroup is also that of {}: their steps would undo each other",
                others.join(", ")
            )
        }
        Unobservable::Unreadable { why } => format!("cannot be read: {why}"),
    }
}

fn promised(mib: u64) -> String {
    format!("too little memory: {mib}MB of it go to new workers of other projects at this check")
}
