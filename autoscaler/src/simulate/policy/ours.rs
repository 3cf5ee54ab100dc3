//! The policy that the daemon runs: the very [`decide`], told what the simulated host shows.

use std::path::PathBuf;
use std::time::Duration;

use crate::decide::{Case, PolicyState};
use crate::model::{Action, CgroupMemory, CpuSample, Host, ProcessId, Project, ProjectSample, Unobservable};
use crate::simulate::policy::Policy;
use crate::simulate::{Served, Service};

/// A host with so much memory, in MiB, that no rule over it stands in the way.
const AMPLE_MIB: u64 = 1 << 40;

/// Our policy over one project.
#[derive(Debug)]
pub struct Ours {
    project: Project,
    service: Service,
    state: PolicyState,
    sample: Result<ProjectSample, Unobservable>,
    next_pid: u32,
}

impl Ours {
    /// The policy over `project`: as if it were enabled, and by its CPU alone.
    #[must_use]
    pub fn new(project: &Project, service: Service) -> Self {
        let first_pid = 2;
        Self {
            project: Project {
                enabled: true,
                queue: None,
                requests: crate::model::RequestRules::default(),
                ..project.clone()
            },
            service,
            state: PolicyState::default(),
            sample: Ok(ProjectSample {
                cgroup: PathBuf::new(),
                master: process(1),
                workers: (first_pid..first_pid + project.bounds.min).map(process).collect(),
                cpu: None,
                memory: CgroupMemory::default(),
                queue: None,
                requests: None,
            }),
            next_pid: first_pid + project.bounds.min,
        }
    }

    fn host(&self, workers: u32, served: &Served) -> Host {
        let cpus = self.service.cpus;
        let total = self.service.memory_mib.unwrap_or(AMPLE_MIB);
        let rules = &self.project.memory;
        let taken = u64::from(workers) * rules.per_worker_mib + rules.base_mib;
        Host {
            cpus,
            memory_total_mib: total,
            memory_available_mib: total.saturating_sub(taken),
            busy_percent: Some(100.0 * served.served / (served.seconds * f64::from(cpus))),
        }
    }
}

fn process(pid: u32) -> ProcessId {
    ProcessId {
        pid,
        start_ticks: u64::from(pid),
    }
}

impl Policy for Ours {
    fn first(&self) -> u32 {
        self.project.bounds.min
    }

    fn next(&mut self, workers: u32, served: &Served) -> u32 {
        let host = self.host(workers, served);
        if let Ok(sample) = &mut self.sample {
            sample.cpu = Some(CpuSample {
                covered: Duration::from_secs_f64(served.seconds),
                on_cpu: Duration::from_secs_f64(served.served),
                wait: Some(Duration::from_secs_f64(served.waited)),
                allowed_cpus: f64::from(self.service.cpus),
                throttle: None,
            });
        }
        let decision = Case::new(&self.project, &host, &self.sample).decide(&mut self.state);
        let (Action::ScaleUp { to, .. } | Action::ScaleDown { to, .. }) = decision.action else {
            return workers;
        };
        if let Ok(sample) = &mut self.sample {
            // gunicorn takes the oldest away, and a new worker is a new process.
            let gone = workers.saturating_sub(to) as usize;
            sample.workers.drain(..gone);
            for _ in workers..to {
                sample.workers.push(process(self.next_pid));
                self.next_pid = self.next_pid.wrapping_add(1);
            }
        }
        to
    }
}
