use std::fs;
use std::path::PathBuf;

use super::*;
use crate::model::{
    Bounds, BrokerAccess, BrokerUrl, CgroupMemory, CpuBasis, Figures, MemoryRules, ProcessId, QueueActuator,
    QueueRule, QueueSizing, Schedules, Step, Target, TaskQueue,
};

const MIB: u64 = 1 << 20;

/// A project with the memory files of its cgroup, and no process.
struct Fixture {
    dir: tempfile::TempDir,
    actor: Actor,
    project: Project,
}

impl Fixture {
    fn new(current_mib: u64, max_mib: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let cgroup = dir.path().join("a.service");
        fs::create_dir(&cgroup).unwrap();
        fs::write(cgroup.join("memory.current"), (current_mib * MIB).to_string()).unwrap();
        fs::write(cgroup.join("memory.max"), (max_mib * MIB).to_string()).unwrap();
        let mount = CgroupMount::at(dir.path());
        Self {
            actor: Actor::new(Procfs::default(), mount, None, ActOptions::default()),
            project: Project {
                name: "a".into(),
                enabled: true,
                service_name: "a.service".into(),
                target: Target::Unit,
                process: None,
                bounds: Bounds { min: 2, max: 8 },
                schedules: Schedules::new(Bounds { min: 2, max: 8 }, Vec::new()),
                policy: crate::model::Policy::default(),
                weight: 1.0,
                cadence: Duration::from_secs(1),
                cpu_basis: CpuBasis::Workers,
                scale_up_on_saturated_host: false,
                reload_wait: Duration::ZERO,
                cpu: None,
                queue: None,
                requests: crate::model::RequestRules::default(),
                memory: MemoryRules {
                    min_available_per_worker_mib: 0,
                    scale_down_min_available_mib: None,
                    threshold_mib: 0,
                    per_worker_mib: 200,
                    base_mib: 300,
                },
            },
            dir,
        }
    }

    fn cgroup(&self) -> PathBuf {
        self.dir.path().join("a.service")
    }

    fn max_mib(&self) -> u64 {
        let text = fs::read_to_string(self.cgroup().join("memory.max")).unwrap();
        text.trim().parse::<u64>().unwrap() / MIB
    }

    fn sample(&self, workers: u32) -> ProjectSample {
        let id = |pid| ProcessId { pid, start_ticks: 1 };
        ProjectSample {
            cgroup: self.cgroup(),
            container: None,
            master: id(1),
            workers: (2..2 + workers).map(id).collect(),
            cpu: None,
            memory: CgroupMemory::default(),
            queue: None,
            requests: None,
        }
    }

    async fn hold(&self, workers: u32, reason: Reason) {
        let decision = Decision {
            action: Action::Hold,
            reason,
            figures: Figures::default(),
        };
        let outcome = self
            .actor
            .apply(&self.project, &self.sample(workers), &decision)
            .await;
        assert_eq!(outcome.workers, Ok(Workers::Untouched));
    }
}

#[tokio::test]
async fn a_service_that_boots_keeps_the_limit_it_will_need() {
    let fixture = Fixture::new(100, 2000);
    for (workers, reason) in [
        (0, Reason::Booting),
        (0, Reason::Paused),
        (1, Reason::Booting),
        (3, Reason::Unsettled),
    ] {
        fixture.hold(workers, reason.clone()).await;
        assert_eq!(fixture.max_mib(), 2000, "{workers} workers, {reason:?}");
    }
    fixture.hold(2, Reason::WithinThresholds).await;
    assert_eq!(fixture.max_mib(), 700, "once it has booted, that of its workers");
}

#[tokio::test]
async fn workers_that_were_not_asked_for_are_given_room_at_once() {
    let fixture = Fixture::new(100, 700);
    fixture.hold(4, Reason::Unsettled).await;
    assert_eq!(fixture.max_mib(), 1100);
}

/// Two instances of a template that serve and, of the others, one that ends, one that is gone and one of another name.
fn template() -> Fixture {
    let mut fixture = Fixture::new(100, 2000);
    fixture.project.queue = Some(QueueRule {
        sizing: QueueSizing::tasks_per_worker(1, fixture.project.bounds, Duration::ZERO, Duration::ZERO),
        broker: BrokerAccess {
            task_queue: TaskQueue::Celery,
            url: BrokerUrl::Written("redis://localhost/0".into()),
            key_prefix: String::new(),
            priorities: crate::model::Priorities::default(),
            management: None,
        },
        queues: vec!["celery".into()],
        count_running: false,
        actuator: QueueActuator::Units,
    });
    fixture.project.service_name = "w@.service".into();
    for (instance, processes) in [
        ("w@1.service", "2\n"),
        ("w@2.service", "3\n"),
        ("w@3.service", "4\n"),
        ("w@4.service", ""),
        ("w@beat.service", "5\n"),
    ] {
        let instance = fixture.cgroup().join(instance);
        fs::create_dir(&instance).unwrap();
        fs::write(instance.join("cgroup.procs"), processes).unwrap();
    }
    fixture
}

#[tokio::test]
async fn an_instance_that_still_ends_keeps_its_share_until_it_has() {
    let fixture = template();
    fixture.hold(2, Reason::WithinThresholds).await;
    assert_eq!(fixture.max_mib(), 900);
    fs::write(fixture.cgroup().join("w@3.service/cgroup.procs"), "").unwrap();
    fixture.hold(2, Reason::WithinThresholds).await;
    assert_eq!(fixture.max_mib(), 700);
}

#[tokio::test]
async fn room_for_a_new_instance_comes_on_top_of_those_that_end() {
    let fixture = template();
    let cgroup = fixture.actor.mount.open(&fixture.cgroup()).unwrap();
    fs::write(fixture.cgroup().join("memory.max"), (700 * MIB).to_string()).unwrap();
    fixture
        .actor
        .raise(&fixture.project, &fixture.sample(2), &cgroup, (2, 3))
        .await
        .unwrap();
    assert_eq!(fixture.max_mib(), 1100);
}

#[tokio::test]
async fn a_worker_that_may_still_come_keeps_its_share() {
    let fixture = Fixture::new(100, 900);
    let sample = fixture.sample(2);
    let cause = Cause::TimedOut {
        step: Step::Up,
        after: Duration::from_secs(30),
        workers: sample.workers.clone(),
    };
    fixture.actor.unanswered.remember("a", sample.master, &cause);
    let error = ScaleError {
        from: 2,
        reached: 2,
        wanted: 4,
        cause,
    };
    assert_eq!(error.workers_to_hold(), Some(3));
    fixture.hold(2, Reason::WithinThresholds).await;
    assert_eq!(fixture.max_mib(), 900);
    fixture.hold(3, Reason::WithinThresholds).await;
    assert_eq!(fixture.max_mib(), 900, "it has come");
    fixture.hold(2, Reason::WithinThresholds).await;
    assert_eq!(fixture.max_mib(), 700, "and gone");
}
