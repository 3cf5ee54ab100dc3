//! A step up is done when the worker that came serves: until then it may end, and the whole server with it.

use tokio::time::{Instant, sleep};

use crate::act::actuator::{Actuator, Boot};
use crate::act::cancel::CancelToken;
use crate::act::scale::{Timing, arrival, count, not_reloaded};
use crate::model::{AfterBoot, Cause, ProcessId, Refusal, Step};

/// How many times as long as a count takes to settle a server may take to start a worker again. uvicorn looks at its workers one
/// after the other, and waits for up to 5 s for each that boots (supervisors/multiprocess.py, `keep_subprocess_alive`).
const RESTARTS_WITHIN: u32 = 3;

/// Waits until the step up that was just asked for has brought a worker that serves, and, one by one as they are seen, all
/// others until there are `wanted`; `before` are those that were there. The workers then.
pub(super) async fn brought(
    cancel: &CancelToken,
    actuator: &mut impl Actuator,
    (before, wanted): (&[ProcessId], u32),
    timing: &Timing,
    reached: &mut u32,
) -> Result<Vec<ProcessId>, Cause> {
    let mut now = arrived(actuator, (before, &[]), timing, reached).await?;
    let mut asked = 1;
    while *reached < wanted && !cancel.is_cancelled() {
        let came: Vec<ProcessId> = added(before, &now).collect();
        // What has been replaced after its work is no worker that cannot boot.
        let booting = if actuator.recycles() { &[] } else { came.as_slice() };
        actuator.ask(Step::Up).await?;
        asked += 1;
        now = match arrived(actuator, (&now, booting), timing, reached).await {
            Err(Cause::BootFailed {
                pid: Some(pid),
                server: AfterBoot::GoesOn,
            }) => return Err(failed(actuator, (before, pid, asked), timing, reached).await),
            workers => workers?,
        };
    }
    let mut booting: Vec<ProcessId> = added(before, &now).collect();
    let start = Instant::now();
    loop {
        if actuator.recycles() && now.len() > before.len() {
            // What has been replaced after its work had booted.
            booting.retain(|worker| now.contains(worker));
        } else if let Some(gone) = booting.iter().find(|worker| !now.contains(worker)) {
            return Err(failed(actuator, (before, gone.pid, asked), timing, reached).await);
        }
        let mut still = Vec::new();
        for worker in booting {
            match actuator.boot(worker).await {
                Ok(Boot::Serves) => {}
                Ok(Boot::Untold(proof)) if start.elapsed() >= proof => {}
                Ok(Boot::Boots | Boot::Untold(_)) => still.push(worker),
                // The next look at the workers tells that it is gone.
                Err(refusal) if has_ended(&refusal) => still.push(worker),
                Err(refusal) => return Err(refusal.into()),
            }
        }
        booting = still;
        let Some(waited_for) = booting.first().copied() else {
            return Ok(now);
        };
        if start.elapsed() >= timing.boot {
            return Err(Cause::NotServing {
                pid: waited_for.pid,
                after: timing.boot,
            });
        }
        sleep(timing.poll).await;
        now = match actuator.workers().await {
            Err(refusal) if has_ended(&refusal) => {
                return Err(if outlives(actuator, &booting).await {
                    refusal.into()
                } else {
                    ended(Some(waited_for.pid))
                });
            }
            workers => workers?,
        };
        *reached = count(&now);
        not_reloaded(actuator, before, &now)?;
    }
}

/// Waits until the step up that was just asked for is seen.
async fn arrived(
    actuator: &mut impl Actuator,
    workers: (&[ProcessId], &[ProcessId]),
    timing: &Timing,
    reached: &mut u32,
) -> Result<Vec<ProcessId>, Cause> {
    match arrival(actuator, Step::Up, workers, timing, reached).await {
        // It may come and end within two looks, and the server with it.
        Err(Cause::Refused(refusal)) if has_ended(&refusal) => Err(ended(None)),
        workers => workers,
    }
}

/// What becomes of the server now that the worker `gone` has ended, one of the `asked` workers that it was asked for.
async fn failed(
    actuator: &mut impl Actuator,
    (before, gone, asked): (&[ProcessId], u32, usize),
    timing: &Timing,
    reached: &mut u32,
) -> Cause {
    let pid = Some(gone);
    let start = Instant::now();
    let mut server = AfterBoot::GoesOn;
    while start.elapsed() < timing.settle * RESTARTS_WITHIN {
        let Ok(now) = actuator.workers().await else {
            return ended(pid);
        };
        *reached = count(&now);
        // A server that ends takes its last workers one after the other.
        let again = added(before, &now).last().filter(|_| now.len() > before.len());
        if let Some(again) = again
            && server != AfterBoot::StartsAgain
        {
            server = AfterBoot::StartsAgain;
            if actuator.takes_newest(again) && ask_down(actuator, asked, timing).await.is_ok() {
                // The worker that ends and comes again may be missing just now, and be back at the next look.
                server = take_back(actuator, before, timing, reached).await;
                break;
            }
        }
        sleep(timing.poll).await;
    }
    Cause::BootFailed { pid, server }
}

/// Asks for so many steps down. Those that end by themselves cannot be told from those that were asked to, so each is given
/// a moment to be taken: standard signals coalesce.
async fn ask_down(actuator: &mut impl Actuator, steps: usize, timing: &Timing) -> Result<(), Refusal> {
    for step in 0..steps {
        if step > 0 {
            sleep(timing.settle).await;
        }
        actuator.ask(Step::Down).await?;
    }
    Ok(())
}

/// Waits until the count is what it was for as long as a worker takes to come again.
async fn take_back(
    actuator: &mut impl Actuator,
    before: &[ProcessId],
    timing: &Timing,
    reached: &mut u32,
) -> AfterBoot {
    let start = Instant::now();
    let mut back_since = None;
    while start.elapsed() < timing.down {
        let Ok(now) = actuator.workers().await else {
            return AfterBoot::Ended;
        };
        *reached = count(&now);
        if now.len() > before.len() {
            back_since = None;
        } else if back_since.get_or_insert_with(Instant::now).elapsed() >= timing.settle {
            return AfterBoot::TakenBack;
        }
        sleep(timing.poll).await;
    }
    AfterBoot::StartsAgain
}

fn added(before: &[ProcessId], now: &[ProcessId]) -> impl Iterator<Item = ProcessId> {
    now.iter().copied().filter(|worker| !before.contains(worker))
}

fn ended(pid: Option<u32>) -> Cause {
    Cause::BootFailed {
        pid,
        server: AfterBoot::Ended,
    }
}

/// Whether one of the workers that boot is still there after its server: then it was not its end that ended that one.
async fn outlives(actuator: &mut impl Actuator, booting: &[ProcessId]) -> bool {
    for worker in booting {
        if actuator.boot(*worker).await.is_ok() {
            return true;
        }
    }
    false
}

fn has_ended(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::Gone { .. } | Refusal::Reused { .. })
}
