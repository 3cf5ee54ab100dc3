//! From one worker count to another, one observed step at a time.

mod boot;
mod progress;
#[cfg(test)]
mod tests;

use std::time::Duration;

use tokio::time::{Instant, sleep};

use self::progress::Progress;
use crate::act::actuator::Actuator;
use crate::act::cancel::CancelToken;
use crate::model::{AfterBoot, Bounds, Cause, ProcessId, ScaleError, Step};

/// What is asked for, and what it was decided on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The workers that the decision saw.
    pub workers: Vec<ProcessId>,
    /// The count wanted.
    pub to: u32,
    /// The counts that no step leaves.
    pub bounds: Bounds,
    /// Whether the next worker is asked for as soon as the one before is seen, and not once it serves: for a load that does
    /// not wait for one boot after the other.
    pub together: bool,
}

/// How long to wait for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// For one worker more to appear.
    pub up: Duration,
    /// For one worker to go: it ends its request first, within gunicorn's `timeout` and `graceful_timeout`,
    /// 30 s each unless configured.
    pub down: Duration,
    /// For a count that went the wrong way to come back: a worker that ends by itself (`max_requests`, a
    /// crash) is replaced within one turn of gunicorn's loop, 1 s.
    pub settle: Duration,
    /// For a worker that came to serve: see [`BootTimes`](super::boots::BootTimes) for what was learnt.
    pub boot: Duration,
    /// Between two looks at the workers.
    pub poll: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            up: Duration::from_secs(30),
            down: Duration::from_secs(45),
            settle: Duration::from_secs(3),
            boot: Duration::from_mins(1),
            poll: Duration::from_millis(50),
        }
    }
}

impl Timing {
    fn limit(&self, step: Step) -> Duration {
        match step {
            Step::Up => self.up,
            Step::Down => self.down,
        }
    }
}

/// All steps arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scaled {
    /// Workers before the first step.
    pub from: u32,
    /// Workers seen after the last.
    pub to: u32,
}

/// How the way to a worker count ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaleReport {
    /// Whether all steps arrived.
    pub end: Result<Scaled, ScaleError>,
    /// The workers as the last step that arrived left them, those that had been asked for among them; without one,
    /// those that the decision saw. What a reload makes of them is told from these.
    pub left: Vec<ProcessId>,
    /// How long the slowest of the workers that came took from being asked for until it served.
    pub slowest_boot: Option<Duration>,
}

/// Takes `actuator` to `plan.to` workers: asks for one step, waits until it is seen, then the next.
///
/// Standard signals coalesce, hence never two steps at once; and a step that does not arrive in time ends
/// the way, since a second one on top would count double when the first arrives late.
///
/// With `dry_run`, everything is checked and nothing asked for; `to` is then the count planned.
pub async fn scale(
    actuator: &mut impl Actuator,
    plan: &Plan,
    timing: &Timing,
    dry_run: bool,
) -> Result<Scaled, ScaleError> {
    scale_under(&CancelToken::default(), actuator, plan, timing, dry_run)
        .await
        .end
}

/// The same, until it is cancelled, and what it left.
pub async fn scale_under(
    cancel: &CancelToken,
    actuator: &mut impl Actuator,
    plan: &Plan,
    timing: &Timing,
    dry_run: bool,
) -> ScaleReport {
    let from = count(&plan.workers);
    let mut reached = from;
    let mut left = plan.workers.clone();
    let mut slowest_boot = None;
    let outcome = walk(
        cancel,
        actuator,
        plan,
        (timing, dry_run),
        (&mut reached, &mut left, &mut slowest_boot),
    )
    .await;
    let end = match outcome {
        Ok(()) if dry_run => Ok(Scaled { from, to: plan.to }),
        Ok(()) => Ok(Scaled { from, to: reached }),
        Err(cause) => Err(ScaleError {
            from,
            reached,
            wanted: plan.to,
            cause,
        }),
    };
    ScaleReport {
        end,
        left,
        slowest_boot,
    }
}

async fn walk(
    cancel: &CancelToken,
    actuator: &mut impl Actuator,
    plan: &Plan,
    (timing, dry_run): (&Timing, bool),
    (reached, left, slowest_boot): (&mut u32, &mut Vec<ProcessId>, &mut Option<Duration>),
) -> Result<(), Cause> {
    let Some(step) = Step::towards(*reached, plan.to) else {
        return Ok(());
    };
    *left = as_decided(actuator, plan, timing, reached).await?;
    while Step::towards(*reached, plan.to) == Some(step) {
        within(step.from(*reached), step, plan.bounds)?;
        if cancel.is_cancelled() {
            return Err(Cause::Withdrawn);
        }
        if dry_run {
            actuator.check(step).await?;
            return Ok(());
        }
        actuator.ask(step).await?;
        let asked = Instant::now();
        match step {
            Step::Down => *left = arrival(actuator, step, (left, &[]), timing, reached).await?,
            Step::Up => {
                let before = left.clone();
                let wanted = if plan.together { plan.to } else { *reached + 1 };
                *left = boot::brought(cancel, actuator, (&before, wanted), timing, reached).await?;
                *slowest_boot = (*slowest_boot).max(Some(asked.elapsed()));
            }
        }
    }
    Ok(())
}

/// The workers now, once they are as many as the decision was taken on.
async fn as_decided(
    actuator: &mut impl Actuator,
    plan: &Plan,
    timing: &Timing,
    reached: &mut u32,
) -> Result<Vec<ProcessId>, Cause> {
    let expected = count(&plan.workers);
    let start = Instant::now();
    loop {
        let now = actuator.workers().await?;
        *reached = count(&now);
        not_reloaded(actuator, &plan.workers, &now)?;
        if *reached == expected {
            return Ok(now);
        }
        if start.elapsed() >= timing.settle {
            return Err(Cause::Moved {
                expected,
                seen: *reached,
            });
        }
        sleep(timing.poll).await;
    }
}

/// Waits until the step that was just asked for is seen, and returns the workers then. `booting` are those of earlier steps that
/// do not serve yet: one of them that ends may do so at every start.
async fn arrival(
    actuator: &mut impl Actuator,
    step: Step,
    (before, booting): (&[ProcessId], &[ProcessId]),
    timing: &Timing,
    reached: &mut u32,
) -> Result<Vec<ProcessId>, Cause> {
    let after = timing.limit(step);
    let start = Instant::now();
    let mut away_since = None;
    loop {
        let now = actuator.workers().await?;
        *reached = count(&now);
        not_reloaded(actuator, before, &now)?;
        if let Some(gone) = booting.iter().find(|worker| !now.contains(worker)) {
            return Err(Cause::BootFailed {
                pid: Some(gone.pid),
                server: AfterBoot::GoesOn,
            });
        }
        match progress::judge(step, before, &now) {
            Progress::Arrived => return Ok(now),
            Progress::Waiting => away_since = None,
            Progress::Away => {
                let since = *away_since.get_or_insert_with(Instant::now);
                if since.elapsed() >= timing.settle {
                    return Err(Cause::Moved {
                        expected: count(before),
                        seen: *reached,
                    });
                }
            }
        }
        if start.elapsed() >= after {
            return Err(Cause::TimedOut {
                step,
                after,
                workers: now,
            });
        }
        sleep(timing.poll).await;
    }
}

/// Whether the workers now are still those of before or their like, and not what a reload made of them.
fn not_reloaded(actuator: &impl Actuator, before: &[ProcessId], now: &[ProcessId]) -> Result<(), Cause> {
    if !actuator.keeps_its_count() && progress::all_replaced(before, now) {
        return Err(Cause::Reloaded);
    }
    Ok(())
}

/// Whether a step to `next` keeps to the bounds. From outside, a step towards them is allowed.
fn within(next: u32, step: Step, bounds: Bounds) -> Result<(), Cause> {
    let allowed = match step {
        Step::Up => next <= bounds.max,
        Step::Down => next >= bounds.min.max(1),
    };
    if allowed {
        Ok(())
    } else {
        Err(Cause::OutsideBounds { next, bounds })
    }
}

fn count(workers: &[ProcessId]) -> u32 {
    u32::try_from(workers.len()).unwrap_or(u32::MAX)
}
