//! A project on an imagined host: each check is told what the CPU shows, actions are carried out at once.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::decide::{Case, PolicyState};
use crate::model::{
    Action, Bounds, BrokerAccess, BrokerUrl, CgroupMemory, Concurrency, CpuBasis, CpuSample, Decision, Host,
    Ladder, MemoryRules, Order, ProcessId, Project, ProjectSample, Pulse, QueueActuator, QueueRule,
    QueueSample, QueueSizing, RequestFigures, Schedules, TaskQueue, Unobservable,
};

pub(super) const GIB: u64 = 1024;

/// The user's own project: 1 to 6 workers, literal thresholds and durations.
pub(in crate::decide) fn backdipro(cpu_basis: CpuBasis) -> Project {
    Project {
        name: "backdipro".into(),
        enabled: true,
        service_name: "backdipro.service".into(),
        target: crate::model::Target::Unit,
        process: None,
        bounds: Bounds { min: 1, max: 6 },
        schedules: Schedules::new(Bounds { min: 1, max: 6 }, Vec::new()),
        policy: crate::model::Policy::default(),
        weight: 1.0,
        cadence: Duration::from_secs(1),
        cpu_basis,
        scale_up_on_saturated_host: false,
        reload_wait: Duration::ZERO,
        cpu: Some(Ladder {
            up: BTreeMap::from([(2, 65.0), (3, 75.0), (4, 80.0), (5, 85.0), (6, 90.0)]),
            down: BTreeMap::from([(2, 45.0), (1, 35.0)]),
            up_hold: Duration::from_mins(3),
            down_hold: Duration::from_mins(15),
        }),
        queue: None,
        requests: crate::model::RequestRules::default(),
        memory: MemoryRules {
            min_available_per_worker_mib: 500,
            scale_down_min_available_mib: None,
            threshold_mib: 0,
            per_worker_mib: 500,
            base_mib: 0,
        },
    }
}

pub(in crate::decide) struct Bench {
    pub(in crate::decide) project: Project,
    pub(in crate::decide) host: Host,
    pub(in crate::decide) state: PolicyState,
    pub(in crate::decide) master: ProcessId,
    pub(in crate::decide) workers: Vec<ProcessId>,
    pub(in crate::decide) interval: Duration,
    pub(in crate::decide) elapsed: Duration,
    next_pid: u32,
}

impl Bench {
    pub(in crate::decide) fn new(project: Project, workers: u32) -> Self {
        let mut bench = Self {
            project,
            host: Host {
                cpus: 8,
                memory_total_mib: 18 * GIB,
                memory_available_mib: 12 * GIB,
                busy_percent: None,
            },
            state: PolicyState::default(),
            master: ProcessId {
                pid: 100,
                start_ticks: 1,
            },
            workers: Vec::new(),
            interval: Duration::from_mins(2),
            elapsed: Duration::ZERO,
            next_pid: 1000,
        };
        bench.set_workers(workers);
        bench
    }

    pub(in crate::decide) fn count(&self) -> u32 {
        u32::try_from(self.workers.len()).unwrap()
    }

    pub(in crate::decide) fn set_workers(&mut self, count: u32) {
        while self.count() > count {
            self.workers.remove(0);
        }
        while self.count() < count {
            self.workers.push(ProcessId {
                pid: self.next_pid,
                start_ticks: u64::from(self.next_pid),
            });
            self.next_pid += 1;
        }
    }

    /// HUP: the same master, all workers new, back to `count`.
    pub(in crate::decide) fn reload(&mut self, count: u32) {
        self.workers.clear();
        self.set_workers(count);
    }

    pub(in crate::decide) fn sample(&self, load_cpus: Option<f64>) -> ProjectSample {
        let cpu = load_cpus.map(|load| CpuSample {
            covered: self.interval,
            on_cpu: self.interval.mul_f64(load),
            wait: None,
            allowed_cpus: f64::from(self.host.cpus),
            throttle: None,
        });
        ProjectSample {
            cgroup: PathBuf::from("/sys/fs/cgroup/system.slice/backdipro.service"),
            container: None,
            master: self.master,
            workers: self.workers.clone(),
            cpu,
            memory: CgroupMemory::default(),
            queue: None,
            requests: None,
        }
    }

    /// One check with the CPU busy by `load_cpus`; carries the decision out.
    pub(in crate::decide) fn check_load(&mut self, load_cpus: f64) -> Decision {
        self.check_sample(&self.sample(Some(load_cpus)))
    }

    /// One check with a figure of `percent` of the project's basis.
    pub(in crate::decide) fn check(&mut self, percent: f64) -> Decision {
        let capacity = match self.project.cpu_basis {
            CpuBasis::Host => f64::from(self.host.cpus),
            CpuBasis::Workers => f64::from(self.count().min(self.host.cpus)),
        };
        self.check_load(percent / 100.0 * capacity)
    }

    pub(in crate::decide) fn check_sample(&mut self, sample: &ProjectSample) -> Decision {
        self.elapsed += self.interval;
        let decision = self.under(None, &Ok(sample.clone()));
        if let Action::ScaleUp { to, .. } | Action::ScaleDown { to, .. } = decision.action {
            self.set_workers(to);
            self.state.step_left(&self.workers);
        }
        decision
    }

    /// One check under an order; nothing is carried out.
    pub(in crate::decide) fn under(
        &mut self,
        order: Option<Order>,
        sample: &Result<ProjectSample, Unobservable>,
    ) -> Decision {
        let case = Case {
            order,
            ..Case::new(&self.project, &self.host, sample)
        };
        case.decide(&mut self.state)
    }

    /// Checks at `percent` until the count changes; how long that took, and the new count.
    pub(in crate::decide) fn until_change(&mut self, percent: f64) -> (Duration, u32) {
        let (before, start) = (self.count(), self.elapsed);
        for _ in 0..2000 {
            self.check(percent);
            if self.count() != before {
                return (self.elapsed.saturating_sub(start), self.count());
            }
        }
        panic!("the count stayed at {before} with the CPU at {percent} %");
    }
}

/// A second in which `begun` requests were served, which kept `busy` workers of one thread busy, and `waiting` are left.
pub(in crate::decide) fn second(begun: u64, busy: f64, waiting: usize) -> Pulse {
    Pulse {
        covered: Duration::from_secs(1),
        on_cpu: Duration::from_secs_f64(busy / 10.0),
        cpu_wait: Duration::ZERO,
        allowed_cpus: 4.0,
        host_busy_percent: Some(30.0),
        memory_pressure_percent: None,
        worker_mib: None,
        requests: Ok(RequestFigures {
            covered: Duration::from_secs(1),
            begun,
            answered: begun,
            busy,
            served: Duration::from_secs_f64(busy),
            waiting,
            ..RequestFigures::default()
        }),
        concurrency: Concurrency::Threads(1),
    }
}

/// A Celery project of 2 to 12 workers that follows its queue.
pub(super) fn celery(workers: u32) -> Bench {
    let mut bench = Bench::new(backdipro(CpuBasis::Workers), workers);
    bench.project.bounds = Bounds { min: 2, max: 12 };
    bench.project.cpu = None;
    bench.project.queue = Some(QueueRule {
        sizing: QueueSizing::Rungs(Ladder {
            up: [(4, 10.0), (6, 20.0), (8, 30.0), (10, 40.0), (12, 50.0)].into(),
            down: [(4, 5.0), (2, 2.0)].into(),
            up_hold: Duration::from_mins(2),
            down_hold: Duration::from_mins(10),
        }),
        broker: BrokerAccess {
            task_queue: TaskQueue::Celery,
            url: BrokerUrl::Written("redis://localhost/0".into()),
            key_prefix: String::new(),
            priorities: crate::model::Priorities::default(),
            management: None,
        },
        queues: vec!["celery".into()],
        count_running: false,
        actuator: QueueActuator::Pool,
    });
    bench
}

/// What a check sees with so many tasks waiting and so many pool processes at work.
pub(super) fn queue_sample(bench: &Bench, waiting: u64, active: Option<u32>) -> ProjectSample {
    ProjectSample {
        queue: Some(Ok(QueueSample {
            covered: bench.interval,
            waiting,
            reserved: None,
            ahead: 0,
            active,
            unacknowledged: None,
            unacknowledged_fault: None,
            oldest_waiting: None,
            pool_fault: None,
            node: None,
            uncounted: Vec::new(),
        })),
        ..bench.sample(Some(0.1))
    }
}

/// One check with so many tasks waiting and so many pool processes at work.
pub(super) fn with_queue(bench: &mut Bench, waiting: u64, active: Option<u32>) -> Decision {
    let sample = queue_sample(bench, waiting, active);
    bench.check_sample(&sample)
}
