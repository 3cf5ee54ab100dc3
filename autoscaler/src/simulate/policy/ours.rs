//! The policy that the daemon runs: the very [`decide`], told what the simulated host shows.

use std::path::PathBuf;
use std::time::Duration;

use crate::decide::{Case, PolicyState};
use crate::model::{
    Action, Bounds, CgroupMemory, Concurrency, CpuSample, Host, ProcessId, Project, ProjectSample,
    RequestFigures, RequestRules, RequestSample, Unobservable,
};
use crate::simulate::policy::Policy;
use crate::simulate::{Served, Service, Work, schedule};

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
    /// The policy over `project`: as if it were enabled, and by its CPU and its busy workers alone.
    #[must_use]
    pub fn new(project: &Project, service: Service) -> Self {
        let first_pid = 2;
        Self {
            project: Project {
                enabled: true,
                queue: None,
                requests: RequestRules {
                    // How long requests would wait, this model does not tell.
                    wait: None,
                    ..match service.work {
                        Work::Computes => RequestRules::default(),
                        Work::Waits => project.requests.clone(),
                    }
                },
                ..project.clone()
            },
            service,
            state: PolicyState::default(),
            sample: Ok(ProjectSample {
                cgroup: PathBuf::new(),
                container: None,
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

    /// The policy over all that the project's ladders need: its CPU and its busy workers, on an ample host.
    #[must_use]
    pub fn of_requests(project: &Project) -> Self {
        let mut ours = Self::new(
            project,
            Service {
                cpus: project.most_workers(),
                memory_mib: None,
                work: Work::Computes,
            },
        );
        ours.project.requests = RequestRules {
            wait: None,
            ..project.requests.clone()
        };
        ours
    }

    fn host(&self, workers: u32, look: &Look) -> Host {
        let cpus = self.service.cpus;
        let total = self.service.memory_mib.unwrap_or(AMPLE_MIB);
        let rules = &self.project.memory;
        let taken = u64::from(workers) * rules.per_worker_mib + rules.base_mib;
        Host {
            cpus,
            memory_total_mib: total,
            memory_available_mib: total.saturating_sub(taken),
            busy_percent: Some(100.0 * look.on_cpu / (look.seconds * f64::from(cpus))),
        }
    }

    /// Has the project be within these bounds from now on.
    pub fn bound(&mut self, bounds: Bounds) {
        self.project.bounds = bounds;
    }

    /// Workers from now on, after an interval of which `workers` of them showed this.
    pub fn step(&mut self, workers: u32, look: &Look) -> u32 {
        let host = self.host(workers, look);
        // A schedule may have begun before the first look.
        self.have(workers);
        if let Ok(sample) = &mut self.sample {
            sample.cpu = Some(CpuSample {
                covered: Duration::from_secs_f64(look.seconds),
                on_cpu: Duration::from_secs_f64(look.on_cpu),
                wait: Some(Duration::from_secs_f64(look.waited)),
                allowed_cpus: f64::from(self.service.cpus),
                throttle: None,
            });
            if self.project.requests.busy.is_some() {
                sample.requests = Some(Ok(requests(look)));
            }
        }
        let decision = Case::new(&self.project, &host, &self.sample).decide(&mut self.state);
        let (Action::ScaleUp { to, .. } | Action::ScaleDown { to, .. }) = decision.action else {
            return workers;
        };
        self.have(to);
        to
    }

    /// Has so many workers: gunicorn takes the oldest away, and a new worker is a new process.
    fn have(&mut self, workers: u32) {
        if let Ok(sample) = &mut self.sample {
            let gone = sample.worker_count().saturating_sub(workers) as usize;
            sample.workers.drain(..gone);
            for _ in sample.worker_count()..workers {
                sample.workers.push(process(self.next_pid));
                self.next_pid = self.next_pid.wrapping_add(1);
            }
        }
    }
}

/// What the workers of one interval showed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Look {
    /// Its length, seconds.
    pub seconds: f64,
    /// CPU time that they used, CPU-seconds.
    pub on_cpu: f64,
    /// Time that they waited for a CPU, CPU-seconds.
    pub waited: f64,
    /// Time that they were busy with requests, worker-seconds.
    pub busy: f64,
    /// Requests whose service began.
    pub begun: u64,
}

/// What the kernel would see of the requests of an interval.
fn requests(look: &Look) -> RequestSample {
    RequestSample {
        figures: RequestFigures {
            covered: Duration::from_secs_f64(look.seconds),
            begun: look.begun,
            answered: look.begun,
            busy: look.busy / look.seconds,
            served: Duration::from_secs_f64(look.busy),
            ..RequestFigures::default()
        },
        concurrency: Concurrency::Threads(1),
        reads_ahead: false,
    }
}

fn process(pid: u32) -> ProcessId {
    ProcessId {
        pid,
        start_ticks: u64::from(pid),
    }
}

impl Policy for Ours {
    fn follow(&mut self, seconds: f64) {
        schedule::follow(&mut self.project, seconds);
    }

    fn first(&self) -> u32 {
        self.project.bounds.min
    }

    fn next(&mut self, workers: u32, served: &Served) -> u32 {
        let on_cpu = match self.service.work {
            Work::Computes => served.served,
            Work::Waits => 0.0,
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "saturates"
        )]
        let begun = (served.served / SERVICE_SECONDS) as u64;
        self.step(
            workers,
            &Look {
                seconds: served.seconds,
                on_cpu,
                waited: served.waited,
                busy: served.served,
                begun,
            },
        )
    }
}

/// Time of service of each request: any will do, for it stays the same.
const SERVICE_SECONDS: f64 = 0.1;
