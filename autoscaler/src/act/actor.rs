//! One decision carried out: the memory limit, the workers, the memory limit again.

use std::sync::Arc;
use std::time::Duration;

use crate::act::actuator::Actuator;
use crate::act::boots::BootTimes;
use crate::act::cancel::CancelToken;
use crate::act::celery::PoolControl;
use crate::act::instances::TemplateInstances;
use crate::act::memory::{Keeper, Limit, LimitSetter, MemoryLimits};
use crate::act::outcome::{Outcome, Workers};
use crate::act::scale::{Plan, ScaleReport, Scaled, Timing, scale_under};
use crate::act::shares;
use crate::act::systemd::UnitControl;
use crate::act::unanswered::Unanswered;
use crate::act::worker_signals::WorkerSignals;
use crate::host::cgroup::{Cgroup, CgroupMount};
use crate::host::process::Procfs;
use crate::model::{
    Action, Cause, Decision, MemoryError, Project, ProjectSample, Reason, Refusal, ScaleError, Step, Target,
};
use crate::observe::measure::queue;

/// Between two looks at a template's instances: each asks systemd some questions about every one of them.
const UNITS_POLL: Duration = Duration::from_millis(500);

/// How decisions are carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ActOptions {
    /// Check everything; send no signal and write no limit.
    pub dry_run: bool,
    /// How long to wait for what.
    pub timing: Timing,
}

/// Carries decisions out. Several projects may be acted on at the same time, each by one call at a time.
pub struct Actor {
    procfs: Procfs,
    mount: CgroupMount,
    memory: MemoryLimits,
    mode: ActOptions,
    unanswered: Unanswered,
    boots: BootTimes,
    systemd: Option<UnitControl>,
}

impl Actor {
    /// Acts on the processes of `procfs` and the cgroups of `mount`. `systemd` keeps the memory limits of its units,
    /// starts and stops them; `None` on a host without it.
    #[must_use]
    pub fn new(procfs: Procfs, mount: CgroupMount, systemd: Option<UnitControl>, mode: ActOptions) -> Self {
        let manager = systemd
            .clone()
            .map(|systemd| Arc::new(systemd) as Arc<dyn LimitSetter>);
        let memory = MemoryLimits::new(manager, mode.dry_run);
        Self {
            procfs,
            mount,
            memory,
            mode,
            unanswered: Unanswered::default(),
            boots: BootTimes::default(),
            systemd,
        }
    }

    /// Carries out `decision`, which was taken on `sample`. Also when that is to do nothing: the memory limit
    /// is put right at each check. A disabled project is not touched at all.
    pub async fn apply(&self, project: &Project, sample: &ProjectSample, decision: &Decision) -> Outcome {
        self.apply_under(&CancelToken::default(), project, sample, decision)
            .await
    }

    /// The same, until it is cancelled.
    pub async fn apply_under(
        &self,
        cancel: &CancelToken,
        project: &Project,
        sample: &ProjectSample,
        decision: &Decision,
    ) -> Outcome {
        let dry_run = self.mode.dry_run;
        if !project.enabled || decision.reason == Reason::Disabled {
            return Outcome {
                dry_run,
                workers: Ok(Workers::Untouched),
                left: None,
                boot: None,
                memory: None,
            };
        }
        let from = sample.worker_count();
        let to = match decision.action {
            Action::ScaleUp { to, .. } | Action::ScaleDown { to, .. } => to,
            Action::Hold | Action::Blocked => from,
        };
        let cgroup = match self.mount.open(&sample.cgroup) {
            Ok(cgroup) => cgroup,
            Err(error) => {
                let cause = Cause::Refused(error.into());
                let workers = Err(ScaleError {
                    from,
                    reached: from,
                    wanted: to,
                    cause,
                });
                return Outcome {
                    dry_run,
                    workers,
                    left: None,
                    boot: None,
                    memory: None,
                };
            }
        };
        if to == from {
            let memory = Some(if may_lower(sample, decision) {
                let coming = u32::from(self.unanswered.may_still_come(&project.name, sample));
                self.settle(project, sample, &cgroup, from + coming).await
            } else {
                self.raise(project, sample, &cgroup, (from, from)).await
            });
            return Outcome {
                dry_run,
                workers: Ok(Workers::Untouched),
                left: None,
                boot: None,
                memory,
            };
        }
        self.change(cancel, project, sample, (&cgroup, to)).await
    }

    async fn change(
        &self,
        cancel: &CancelToken,
        project: &Project,
        sample: &ProjectSample,
        (cgroup, to): (&Cgroup, u32),
    ) -> Outcome {
        let dry_run = self.mode.dry_run;
        let from = sample.worker_count();
        let raised = if to > from {
            Some(self.raise(project, sample, cgroup, (from, to)).await)
        } else {
            None
        };
        let walked = match no_room(raised.as_ref()) {
            Some(cause) => Err(ScaleError {
                from,
                reached: from,
                wanted: to,
                cause,
            }),
            None => self.scale(cancel, project, sample, (cgroup, to)).await,
        };
        let (workers, left, boot) = match walked {
            Ok(ScaleReport {
                end,
                left,
                slowest_boot,
            }) => (
                end.map(|Scaled { from, to }| Workers::Scaled { from, to }),
                Some(left),
                slowest_boot,
            ),
            Err(error) => (Err(error), None, None),
        };
        let reached = match &workers {
            Ok(Workers::Scaled { to, .. }) => Some(*to),
            Ok(Workers::Untouched) => Some(from),
            Err(error) => error.workers_to_hold(),
        };
        let settled = match reached {
            Some(reached) if !matches!(raised, Some(Err(_))) => {
                Some(self.settle(project, sample, cgroup, reached).await)
            }
            _ => None,
        };
        let memory = match (raised, settled) {
            (Some(Ok(raised)), Some(Ok(settled))) => Some(Ok(raised.then(settled))),
            (raised, settled) => settled.or(raised),
        };
        Outcome {
            dry_run,
            workers,
            left,
            boot,
            memory,
        }
    }

    /// Takes the project to `to` workers.
    ///
    /// # Errors
    /// What stands against the first step.
    async fn scale(
        &self,
        cancel: &CancelToken,
        project: &Project,
        sample: &ProjectSample,
        (cgroup, to): (&Cgroup, u32),
    ) -> Result<ScaleReport, ScaleError> {
        let from = sample.worker_count();
        let early = |cause| ScaleError {
            from,
            reached: from,
            wanted: to,
            cause,
        };
        if let Some(step) = Step::towards(from, to) {
            self.unanswered
                .check(&project.name, step, sample)
                .map_err(early)?;
        }
        let plan = Plan {
            workers: sample.workers.clone(),
            to,
            bounds: project.bounds,
            together: project.promise().is_some(),
        };
        let refused = |refusal| early(Cause::Refused(refusal));
        let timing = Timing {
            boot: self.boots.limit(&project.name, self.mode.timing.boot),
            ..self.mode.timing
        };
        let walked = match &project.queue {
            None => {
                let signals = WorkerSignals::open(&self.procfs, cgroup, sample.master).map_err(refused)?;
                self.walk(cancel, signals, &plan, &timing).await
            }
            Some(rule) => {
                let url = queue::url(&rule.broker, &self.procfs, sample.master)
                    .map_err(|fault| refused(fault.into()))?;
                if let Some(template) = project.template() {
                    let systemd = self
                        .systemd
                        .clone()
                        .ok_or_else(|| refused(Refusal::NoServiceManager))?;
                    let broker = queue::open(&url, &rule.broker).map_err(|fault| refused(fault.into()))?;
                    let host = (&self.procfs, &self.mount);
                    let what = (template, rule.broker.task_queue, rule.queues.as_slice());
                    let mut instances = TemplateInstances::new(systemd, host, cgroup, what, broker);
                    let timing = Timing {
                        poll: UNITS_POLL,
                        ..timing
                    };
                    scale_under(cancel, &mut instances, &plan, &timing, self.mode.dry_run).await
                } else {
                    let pool = PoolControl::open(
                        &self.procfs,
                        cgroup,
                        &url,
                        rule,
                        project.one_of_several(sample.master),
                    )
                    .await
                    .map_err(refused)?;
                    self.walk(cancel, pool, &plan, &timing).await
                }
            }
        };
        if let Some(boot) = walked.slowest_boot {
            self.boots.learn(&project.name, boot);
        }
        if let Err(error) = &walked.end {
            self.unanswered
                .remember(&project.name, sample.master, &error.cause);
        }
        Ok(walked)
    }

    async fn walk(
        &self,
        cancel: &CancelToken,
        mut actuator: impl Actuator,
        plan: &Plan,
        timing: &Timing,
    ) -> ScaleReport {
        scale_under(cancel, &mut actuator, plan, timing, self.mode.dry_run).await
    }

    /// Makes room for `to` workers where `from` serve now.
    async fn raise(
        &self,
        project: &Project,
        sample: &ProjectSample,
        cgroup: &Cgroup,
        (from, to): (u32, u32),
    ) -> Result<Limit, MemoryError> {
        if project.process.is_some() {
            return shared(cgroup);
        }
        let others = shares::living(&self.mount, project, cgroup)?.saturating_sub(from);
        let wanted = project.memory.limit_bytes(to + others);
        let keeper = keeper(project, sample, cgroup);
        self.memory.raise(cgroup, keeper, wanted).await
    }

    async fn settle(
        &self,
        project: &Project,
        sample: &ProjectSample,
        cgroup: &Cgroup,
        workers: u32,
    ) -> Result<Limit, MemoryError> {
        if project.process.is_some() {
            return shared(cgroup);
        }
        let living = shares::living(&self.mount, project, cgroup)?;
        let wanted = project.memory.limit_bytes(workers.max(living));
        let keeper = keeper(project, sample, cgroup);
        self.memory.settle(cgroup, keeper, wanted).await
    }
}

/// Whether the workers seen are all that the limit is for. A service that boots is about to fork more: under the limit
/// of those that are there already, it would be killed at that.
fn may_lower(sample: &ProjectSample, decision: &Decision) -> bool {
    let unsure = |reason: &Reason| matches!(reason, Reason::Booting | Reason::Unsettled);
    let held = match &decision.reason {
        Reason::Overdue { why, .. } => unsure(why),
        reason => unsure(reason),
    };
    !sample.workers.is_empty() && !held
}

/// The limit of a cgroup in which there are other servers as well: whatever it is, it is theirs, too.
fn shared(cgroup: &Cgroup) -> Result<Limit, MemoryError> {
    let max = cgroup.memory()?.max;
    max.map(|bytes| Limit::Kept { bytes })
        .ok_or_else(|| MemoryError::Unavailable {
            cgroup: cgroup.path().to_owned(),
        })
}

/// Who keeps the limit as well: of a template's instances, that of the slice that they share.
fn keeper<'a>(project: &'a Project, sample: &'a ProjectSample, cgroup: &'a Cgroup) -> Keeper<'a> {
    let directory = cgroup.path().file_name().and_then(|name| name.to_str());
    let is_scope = cgroup.path().extension().is_some_and(|kind| kind == "scope");
    match (&project.target, &sample.container, project.template()) {
        (_, Some(container), _) => Keeper::Container {
            container,
            // systemd names a scope's cgroup as the scope.
            scope: directory.filter(|_| is_scope),
        },
        (Target::Unit, None, Some(_)) => directory.map_or(Keeper::Nobody, Keeper::Unit),
        (Target::Unit, None, None) => Keeper::Unit(&project.service_name),
        (Target::Cgroup(_) | Target::Container(_), None, _) => Keeper::Nobody,
    }
}

/// Whether the limit stayed too low for one more worker, which would then be killed. Without the controller
/// there is no limit; and one that only its keeper does not know of is in force.
fn no_room(raised: Option<&Result<Limit, MemoryError>>) -> Option<Cause> {
    match raised {
        Some(
            Err(MemoryError::Unavailable { .. } | MemoryError::Manager(_) | MemoryError::Runtime(_)) | Ok(_),
        )
        | None => None,
        Some(Err(error)) => Some(Cause::NoRoom { why: error.clone() }),
    }
}

#[cfg(test)]
mod tests;
