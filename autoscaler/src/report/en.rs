//! The lines in English.

use super::duration::short;
use super::{Done, Message, figures, threshold, workers};
use crate::decide::{Action, Decision, Measure, Reason};
use crate::observe::Unobservable;
use crate::observe::usage::SourceKind;

pub(super) fn render(message: &Message<'_>) -> String {
    match message {
        Message::Started {
            version,
            enabled,
            projects,
            interval,
            source,
            dry_run,
        } => format!(
            "🚀 autoscaler {version}: {enabled} of {projects} projects enabled, a check every {}, CPU by {}{}",
            short(*interval),
            source_name(*source),
            if *dry_run {
                ", dry run: changes nothing"
            } else {
                ""
            }
        ),
        Message::WithoutEbpf { why } => {
            format!("no eBPF ({why}); CPU is read from cpu.stat, without run-queue wait")
        }
        Message::Stopped => "autoscaler ends; workers stay as they are".into(),
        Message::CheckFailed { why } => format!("❌ the check failed: {why}"),
        Message::CheckRecovered => "✅ checks work again".into(),
        Message::Reloaded { changes } => format!("🔄 configuration reloaded: {changes}"),
        Message::ConfigKept { why } => {
            format!("❌ the new configuration cannot be used and the one before stays in force:\n{why}")
        }
        Message::Notice { text } => format!("ℹ️ {text}"),
        Message::StateIgnored { path, why } => format!("held times start afresh: {}: {why}", path.display()),
        Message::StateNotSaved { path, why } => {
            format!("held times will not survive a restart: {}: {why}", path.display())
        }
        Message::Step { unit, decision } => {
            format!("📊 {unit}: {} -> {}", head(decision), action(decision.action))
        }
        Message::Scaled { unit, done } => scaled(unit, done),
        Message::StepFailed { unit, why } => format!("❌ {unit}: could not be scaled: {why}"),
        Message::Blocked { unit, decision } => format!("⛔ {unit}: blocked: {}", reason(&decision.reason)),
        Message::Unblocked { unit } => format!("✅ {unit}: no longer blocked"),
        Message::Verdict { unit, decision } => format!(
            "📊 {unit}: {} Workers={} -> {}: {}",
            head(decision),
            decision
                .figures
                .workers
                .map_or_else(|| "n/a".into(), |n| n.to_string()),
            action(decision.action),
            reason(&decision.reason)
        ),
        Message::CountReset { unit, before, now } => format!(
            "🔁 {unit}: a reload or restart left it with {} (it had {before}); they come back step by step if the load asks for them",
            workers(*now)
        ),
        Message::LimitUnavailable { unit, why } => {
            format!("{unit}: no memory limit ({why}); scaling goes on")
        }
        Message::LimitDeferred { unit, why } => format!("{unit}: the memory limit has to wait: {why}"),
    }
}

fn source_name(source: SourceKind) -> &'static str {
    match source {
        SourceKind::Ebpf => "eBPF",
        SourceKind::CpuStat => "cpu.stat",
    }
}

fn head(decision: &Decision) -> String {
    figures(&decision.figures, "Queue", "n/a")
}

fn action(action: Action) -> String {
    match action {
        Action::ScaleUp { to, .. } => format!("scale_up to {}", workers(to)),
        Action::ScaleDown { to, .. } => format!("scale_down to {}", workers(to)),
        Action::Hold => "hold".into(),
        Action::Blocked => "blocked".into(),
    }
}

fn scaled(unit: &str, done: &Done) -> String {
    let limit = match done.limit_per_worker_mib {
        Some(mib) => format!("memory limit: {mib}M per worker"),
        None => "no memory limit".into(),
    };
    if done.dry_run {
        return format!("🧪 {unit} would be scaled to {} ({limit})", workers(done.workers));
    }
    format!("✅ {unit} scaled to {} ({limit})", workers(done.workers))
}

fn measured(measure: Measure, sign: char, value: f64) -> String {
    match measure {
        Measure::Cpu => format!("CPU {sign} {}%", threshold(value)),
        Measure::Queue => format!("queue {sign} {}", threshold(value)),
    }
}

fn reason(reason: &Reason) -> String {
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
        Reason::WouldFlap {
            to,
            projected,
            threshold: limit,
        } => format!(
            "with {} the CPU would be {projected:.1}%, less than 5 points under the threshold {}%",
            workers(*to),
            threshold(*limit)
        ),
        Reason::Disabled => "disabled (enabled: false)".into(),
        Reason::AtMaximum { max } => format!("the load asks for more than the maximum of {}", workers(*max)),
        Reason::MemoryPerWorker {
            workers: n,
            per_worker_mib,
            needed_mib,
        } => {
            format!("too little memory: {per_worker_mib}MB per worker with {n}, {needed_mib}MB needed")
        }
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
        Reason::QueueNotSupported => "Celery project: its queue is not acted on yet".into(),
        Reason::QueueUnreadable(fault) => format!("the queue cannot be read: {}", fault.why),
        Reason::PoolBusy => "every pool process is busy".into(),
        Reason::Unobservable(fault) => unobservable(fault),
    }
}

fn unobservable(fault: &Unobservable) -> String {
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
        Unobservable::SeveralMasters { pids } => format!("several processes could be the master: {pids:?}"),
        Unobservable::MasterElsewhere { pid, cgroup } => {
            format!("the main process {pid} is in another cgroup: {cgroup}")
        }
        Unobservable::Unreadable { why } => format!("cannot be read: {why}"),
    }
}
