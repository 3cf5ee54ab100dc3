//! The actuator of systemd template instances: one more `NAME@N.service`, or one less, for any program.

mod stop;

use std::collections::HashMap;
use std::future::Future;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::act::actuator::{Actuator, Boot};
use crate::host::cgroup::{Cgroup, CgroupMount};
use crate::host::process::Procfs;
use crate::host::service::{Instance, StopRules, name_of, running};
use crate::model::{ManagerError, ProcessError, ProcessId, Refusal, ServiceError, Step, TaskQueue};
use crate::observe::measure::busy::Busy;
use crate::observe::measure::queue::Broker;

/// How long an instance must live that does not say whether it is busy: longer than an import takes to fail.
const PROOF: Duration = Duration::from_secs(10);

/// Knows the instances of a template, starts and stops them.
pub trait UnitManager: Send + Sync {
    /// The numbered instances of `template` that are loaded.
    fn instances(&self, template: &str) -> impl Future<Output = Result<Vec<Instance>, ServiceError>> + Send;

    /// What stopping `unit` would do to its processes.
    fn stop_rules(&self, unit: &str) -> impl Future<Output = Result<StopRules, ServiceError>> + Send;

    /// Starts `unit` and returns without waiting for it.
    fn start(&self, unit: &str) -> impl Future<Output = Result<(), ManagerError>> + Send;

    /// Lets systemd forget that `unit` failed (`reset-failed` of systemctl(1)).
    fn reset_failed(&self, unit: &str) -> impl Future<Output = Result<(), ManagerError>> + Send;

    /// Stops `unit` and returns without waiting for its end.
    fn stop(&self, unit: &str) -> impl Future<Output = Result<(), ManagerError>> + Send;
}

/// The instances of one project's template.
pub struct TemplateInstances<M> {
    manager: M,
    procfs: Procfs,
    mount: CgroupMount,
    /// The slice that the instances share.
    slice: Cgroup,
    template: String,
    /// Tells which instances are idle, where their program does.
    broker: Box<dyn Broker>,
    task_queue: TaskQueue,
    queues: Vec<String>,
    /// The instance that was started last.
    started: Option<String>,
}

/// An instance that can be started.
struct Next {
    unit: String,
    /// It was started before and failed.
    failed: bool,
}

impl<M: UnitManager> TemplateInstances<M> {
    /// The instances of `template`, which share the slice `slice` and take tasks of the program's `queues` from `broker`.
    pub fn new(
        manager: M,
        (procfs, mount): (&Procfs, &CgroupMount),
        slice: &Cgroup,
        (template, task_queue, queues): (&str, TaskQueue, &[String]),
        broker: Box<dyn Broker>,
    ) -> Self {
        Self {
            manager,
            procfs: procfs.clone(),
            mount: mount.clone(),
            slice: slice.clone(),
            template: template.to_owned(),
            broker,
            task_queue,
            queues: queues.to_vec(),
            started: None,
        }
    }

    async fn look(&mut self) -> Result<Vec<(ProcessId, Instance)>, Refusal> {
        let instances = self.manager.instances(&self.template).await?;
        let failed = |instance: &&Instance| {
            self.started.as_ref() == Some(&instance.name) && instance.unit.active_state == "failed"
        };
        if let Some(failed) = instances.iter().find(failed) {
            return Err(Refusal::InstanceFailed {
                unit: failed.name.clone(),
            });
        }
        Ok(running(&self.procfs, instances)?)
    }

    /// The instance to start: the lowest number that is neither up nor on its way down.
    ///
    /// One that failed comes again before another number does, and none comes while one is on its way up, or those
    /// that cannot work would grow in number check by check, and all come up once the cause is mended.
    async fn next(&mut self) -> Result<Next, Refusal> {
        let instances = self.manager.instances(&self.template).await?;
        // Between two attempts of Restart=, too, a unit is activating (systemd.service(5)).
        let starting = |instance: &&Instance| instance.unit.active_state == "activating";
        if let Some(starting) = instances.iter().find(starting) {
            return Err(Refusal::InstanceStarting {
                unit: starting.name.clone(),
            });
        }
        let states: HashMap<u32, &str> = instances
            .iter()
            .map(|instance| (instance.number, instance.unit.active_state.as_str()))
            .collect();
        let free = |number: &u32| matches!(states.get(number), None | Some(&"inactive" | &"failed"));
        let number = (1..=u32::MAX).find(free);
        let next = number.and_then(|number| {
            Some(Next {
                unit: name_of(&self.template, number)?,
                failed: states.get(&number) == Some(&"failed"),
            })
        });
        next.ok_or_else(|| Refusal::NoFreeNumber {
            template: self.template.clone(),
        })
    }

    /// The instance to stop, once nothing of its work would be lost by it.
    async fn dispensable(&mut self) -> Result<String, Refusal> {
        let running = self.look().await?;
        let busy = self.busy().await?;
        let (main, instance, idle) = stop::choose(&running, busy.workers()).ok_or(Refusal::PoolBusy)?;
        let rules = self.manager.stop_rules(&instance.name).await?;
        let ending = stop::ending(self.task_queue, &self.procfs.cmdline(main.pid)?);
        let uncaught = self.uncaught(ending, main, instance)?;
        let of = (self.task_queue, ending);
        match stop::fault(of, &rules, idle, (main.pid, &uncaught)) {
            None => Ok(instance.name.clone()),
            Some(fault) => Err(Refusal::Unstoppable {
                unit: instance.name.clone(),
                fault,
            }),
        }
    }

    async fn busy(&mut self) -> Result<Busy, Refusal> {
        let host = (&self.procfs, &self.slice);
        Ok(Busy::look(host, self.broker.as_mut(), &self.queues).await?)
    }

    /// The processes of an instance that do not catch the signal.
    fn uncaught(&self, ending: Signal, main: ProcessId, instance: &Instance) -> Result<Vec<u32>, Refusal> {
        let mut pids = vec![main.pid];
        if let Some(control_group) = &instance.unit.control_group {
            let cgroup = self.mount.open(Path::new(control_group))?;
            pids.extend(cgroup.processes()?);
        }
        let mut uncaught = Vec::new();
        for pid in pids {
            match self.procfs.status(pid) {
                Ok(status) if status.caught.contains(ending) => {}
                Ok(_) => uncaught.push(pid),
                Err(ProcessError::Gone { .. }) if pid != main.pid => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(uncaught)
    }
}

impl<M: UnitManager> Actuator for TemplateInstances<M> {
    async fn workers(&mut self) -> Result<Vec<ProcessId>, Refusal> {
        Ok(self.look().await?.into_iter().map(|(main, _)| main).collect())
    }

    async fn check(&mut self, step: Step) -> Result<(), Refusal> {
        match step {
            Step::Up => self.next().await.map(drop),
            Step::Down => self.dispensable().await.map(drop),
        }
    }

    async fn ask(&mut self, step: Step) -> Result<(), Refusal> {
        match step {
            Step::Up => {
                let Next { unit, failed } = self.next().await?;
                if failed {
                    // A failure that is seen from here on is one of this start.
                    self.manager.reset_failed(&unit).await?;
                }
                self.manager.start(&unit).await?;
                self.started = Some(unit);
            }
            Step::Down => {
                let unit = self.dispensable().await?;
                self.manager.stop(&unit).await?;
            }
        }
        Ok(())
    }

    /// A worker that says whether it is busy has loaded its tasks, and takes them.
    async fn boot(&mut self, worker: ProcessId) -> Result<Boot, Refusal> {
        Ok(match self.busy().await {
            Ok(busy) if busy.workers().contains_key(&worker) => Boot::Serves,
            _ => Boot::Untold(PROOF),
        })
    }
}

#[cfg(test)]
mod tests;
