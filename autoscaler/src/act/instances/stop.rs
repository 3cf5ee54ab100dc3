//! Which instance may be stopped, and whether its work survives that: pure.

use std::collections::HashMap;

use nix::sys::signal::Signal;

use crate::host::service::{Instance, StopRules};
use crate::model::{ProcessId, StopFault, TaskQueue};

/// The newest of the idle instances, else the newest of those that nobody tells about, and whether it is idle. `None`
/// when all are known to be busy. `running` is oldest first.
pub(super) fn choose<'i>(
    running: &'i [(ProcessId, Instance)],
    busy: &HashMap<ProcessId, bool>,
) -> Option<(ProcessId, &'i Instance, bool)> {
    let newest = |wanted: Option<bool>| {
        running
            .iter()
            .rev()
            .find(|(main, _)| busy.get(main).copied() == wanted)
    };
    let idle = newest(Some(false)).map(|(main, instance)| (*main, instance, true));
    idle.or_else(|| newest(None).map(|(main, instance)| (*main, instance, false)))
}

/// Whether a worker of this program may be stopped by a signal to all of its unit's processes. RQ makes a process for each
/// job, which SIGTERM ends at once (`setup_work_horse_signals` in rq/worker/base.py), and none is there while it is idle.
/// Dramatiq's main process passes the signal on, and a worker process that gets it a second time drops its messages
/// (`worker_process` in dramatiq/cli.py). A worker of arq is one process, and Huey's processes ignore what its main one ends
/// on.
fn may_tell_all(task_queue: TaskQueue) -> bool {
    match task_queue {
        TaskQueue::Celery | TaskQueue::Arq | TaskQueue::Huey => true,
        TaskQueue::Rq | TaskQueue::Dramatiq => false,
    }
}

/// The signal on which a worker of this program, started by this command line, ends its tasks before itself. Huey's cuts
/// them off on SIGTERM, unless it is told to take the two the other way round (`-g TERM`, `huey/consumer_options.py`).
pub(super) fn ending(task_queue: TaskQueue, command: &[String]) -> Signal {
    if task_queue != TaskQueue::Huey {
        return Signal::SIGTERM;
    }
    let told = command.iter().enumerate().any(|(place, argument)| {
        let joined = ["-g", "--graceful-signal="]
            .iter()
            .find_map(|option| argument.strip_prefix(option));
        let next = command.get(place + 1).map(String::as_str);
        match argument.as_str() {
            "-g" | "--graceful-signal" => next == Some("TERM"),
            _ => joined == Some("TERM"),
        }
    });
    if told { Signal::SIGTERM } else { Signal::SIGINT }
}

/// What stands against stopping the unit whose main process is `main`, by the signal `ending`. `uncaught` are those of its
/// processes that do not catch it.
pub(super) fn fault(
    (task_queue, ending): (TaskQueue, Signal),
    rules: &StopRules,
    idle: bool,
    (main, uncaught): (u32, &[u32]),
) -> Option<StopFault> {
    if rules.kill_mode == "none" {
        return Some(StopFault::NoSignal);
    }
    let name = ending.as_str();
    if rules.kill_signal != ending as i32 {
        return Some(StopFault::OtherSignal {
            signal: rules.kill_signal,
            wanted: name,
        });
    }
    if uncaught.contains(&main) {
        return Some(StopFault::NotCaught {
            pid: main,
            signal: name,
        });
    }
    if rules.kill_mode == "control-group" && !may_tell_all(task_queue) {
        return Some(StopFault::AllTold { task_queue });
    }
    if let (Some(pid), "control-group") = (uncaught.first(), rules.kill_mode.as_str()) {
        return Some(StopFault::GroupNotCaught {
            pid: *pid,
            signal: name,
        });
    }
    rules
        .time_limit
        .filter(|_| !idle)
        .map(|after| StopFault::WouldBeKilled { after })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::host::service::Unit;

    const MAIN: u32 = 10;
    const CHILD: u32 = 11;

    fn rules(kill_mode: &str, kill_signal: Signal, limit: Option<u64>) -> StopRules {
        StopRules {
            kill_mode: kill_mode.into(),
            kill_signal: kill_signal as i32,
            time_limit: limit.map(Duration::from_secs),
        }
    }

    fn fault(rules: &StopRules, idle: bool, main: u32, uncaught: &[u32]) -> Option<StopFault> {
        super::fault(
            (TaskQueue::Celery, Signal::SIGTERM),
            rules,
            idle,
            (main, uncaught),
        )
    }

    #[test]
    fn processes_that_are_made_for_a_job_must_not_be_told_even_while_there_are_none() {
        for task_queue in [TaskQueue::Rq, TaskQueue::Dramatiq] {
            let fault =
                |rules: &StopRules| super::fault((task_queue, Signal::SIGTERM), rules, true, (MAIN, &[]));
            let group = rules("control-group", Signal::SIGTERM, Some(90));
            assert_eq!(fault(&group), Some(StopFault::AllTold { task_queue }));
            assert_eq!(fault(&rules("mixed", Signal::SIGTERM, Some(90))), None);
        }
    }

    #[test]
    fn huey_ends_its_tasks_on_another_signal_unless_it_is_told_otherwise() {
        let of = |task_queue, command: &str| {
            let command: Vec<String> = command.split(' ').map(str::to_owned).collect();
            ending(task_queue, &command)
        };
        assert_eq!(of(TaskQueue::Rq, "rq worker"), Signal::SIGTERM);
        for plain in ["huey_consumer app.huey", "huey_consumer app.huey -g INT -w 2"] {
            assert_eq!(of(TaskQueue::Huey, plain), Signal::SIGINT, "{plain}");
        }
        for turned in [
            "-g TERM",
            "-gTERM",
            "--graceful-signal TERM",
            "--graceful-signal=TERM",
        ] {
            assert_eq!(of(TaskQueue::Huey, turned), Signal::SIGTERM, "{turned}");
        }
        let huey = (TaskQueue::Huey, Signal::SIGINT);
        let term = rules("mixed", Signal::SIGTERM, None);
        let signal = Signal::SIGTERM as i32;
        let wanted = "SIGINT";
        let fault = super::fault(huey, &term, false, (MAIN, &[]));
        assert_eq!(fault, Some(StopFault::OtherSignal { signal, wanted }));
        let int = rules("mixed", Signal::SIGINT, None);
        assert_eq!(super::fault(huey, &int, false, (MAIN, &[])), None);
    }

    #[test]
    fn only_a_stop_that_ends_the_work_in_good_order_is_allowed() {
        let mixed = rules("mixed", Signal::SIGTERM, Some(90));
        assert_eq!(fault(&mixed, true, MAIN, &[CHILD]), None);
        let group = rules("control-group", Signal::SIGTERM, Some(90));
        assert_eq!(fault(&group, true, MAIN, &[]), None);
        assert_eq!(
            fault(&group, true, MAIN, &[CHILD]),
            Some(StopFault::GroupNotCaught {
                pid: CHILD,
                signal: "SIGTERM"
            })
        );
        assert_eq!(
            fault(&mixed, true, MAIN, &[MAIN]),
            Some(StopFault::NotCaught {
                pid: MAIN,
                signal: "SIGTERM"
            })
        );
        let none = rules("none", Signal::SIGTERM, None);
        assert_eq!(fault(&none, true, MAIN, &[]), Some(StopFault::NoSignal));
        let other = rules("mixed", Signal::SIGINT, None);
        let signal = Signal::SIGINT as i32;
        assert_eq!(
            fault(&other, true, MAIN, &[]),
            Some(StopFault::OtherSignal {
                signal,
                wanted: "SIGTERM"
            })
        );
    }

    #[test]
    fn where_nobody_knows_whether_it_is_idle_systemd_must_wait_as_long_as_it_takes() {
        let after = Duration::from_secs(90);
        let finite = rules("mixed", Signal::SIGTERM, Some(90));
        assert_eq!(
            fault(&finite, false, MAIN, &[]),
            Some(StopFault::WouldBeKilled { after })
        );
        let infinite = rules("mixed", Signal::SIGTERM, None);
        assert_eq!(fault(&infinite, false, MAIN, &[]), None);
    }

    #[test]
    fn the_newest_idle_instance_goes_first() {
        let id = |pid| ProcessId { pid, start_ticks: 1 };
        let running: Vec<(ProcessId, Instance)> = [1, 2, 3]
            .map(|number| {
                let unit = Unit {
                    active_state: "active".into(),
                    main_pid: Some(number),
                    control_group: None,
                };
                let name = format!("w@{number}.service");
                (id(number), Instance { number, name, unit })
            })
            .into();
        let chosen = |busy: &[(u32, bool)]| {
            let busy = busy.iter().map(|(pid, busy)| (id(*pid), *busy)).collect();
            choose(&running, &busy).map(|(main, _, idle)| (main.pid, idle))
        };
        assert_eq!(chosen(&[(1, false), (2, false), (3, true)]), Some((2, true)));
        assert_eq!(
            chosen(&[(1, false), (2, true)]),
            Some((1, true)),
            "idle before unknown"
        );
        assert_eq!(chosen(&[(1, true), (3, true)]), Some((2, false)));
        assert_eq!(chosen(&[]), Some((3, false)));
        assert_eq!(chosen(&[(1, true), (2, true), (3, true)]), None);
    }
}
