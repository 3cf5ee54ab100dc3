use std::fs;
use std::path::PathBuf;

use super::*;
use crate::config::{Bounds, CpuBasis, MemoryRules};
use crate::decide::Figures;
use crate::observe::{CgroupMemory, ProcessId};

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
            actor: Actor::new(Procfs::default(), mount, None, Mode::default()),
            project: Project {
                name: "a".into(),
                enabled: true,
                service_name: "a.service".into(),
                cgroup: None,
                bounds: Bounds { min: 2, max: 8 },
                cpu_basis: CpuBasis::Workers,
                scale_up_on_saturated_host: false,
                cpu: None,
                queue: None,
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
            master: id(1),
            workers: (2..2 + workers).map(id).collect(),
            cpu: None,
            memory: CgroupMemory::default(),
            queue: None,
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
