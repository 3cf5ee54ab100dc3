use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use anyhow::{Result, bail};

use super::*;
use crate::host::fixture::{Fixture, GUNICORN, GUNICORN_WORKER};
use crate::host::service::fake::FakeManager;
use crate::host::usage::Reading;
use crate::model::{
    Behind, Bounds, BrokerAccess, BrokerUrl, CpuBasis, Global, KernelFault, Language, MemoryRules,
    ProcessFilter, Project, QueueActuator, QueueRule, QueueSizing, ReadFault, Schedules, ServiceError,
    Storage, Target, TaskQueue, UsageFault,
};

/// Counters that a test sets: one CPU counter for all cgroups, at 10 s intervals. It has the ids of the
/// fixture's real directories.
#[derive(Clone, Default)]
struct FakeSource(Arc<Mutex<VecDeque<Option<u64>>>>);

impl FakeSource {
    /// What the next readings find; `None` stands for a source that cannot be read.
    fn then(readings: &[Option<u64>]) -> Self {
        Self(Arc::new(Mutex::new(readings.iter().copied().collect())))
    }
}

impl UsageSource for FakeSource {
    fn kind(&self) -> SourceKind {
        SourceKind::CpuStat
    }

    fn read(&mut self, cgroups: &[PathBuf]) -> Result<Reading> {
        let mut readings = self.0.lock().unwrap();
        let left = readings.len();
        let Some(Some(cpu_ns)) = readings.pop_front() else {
            bail!("the source is gone");
        };
        let usage = cgroups
            .iter()
            .map(|path| {
                let id = std::os::unix::fs::MetadataExt::ino(&path.metadata().ok()?);
                Some(Usage {
                    id,
                    cpu_ns,
                    wait_ns: None,
                })
            })
            .collect();
        Ok(Reading {
            taken_at: Duration::from_secs(1000 - 10 * u64::try_from(left)?),
            usage,
        })
    }

    fn health(&self) -> Health {
        Health::default()
    }
}

fn project(name: &str, cgroup: Option<&str>) -> Project {
    Project {
        name: name.into(),
        enabled: true,
        service_name: format!("{name}.service"),
        target: cgroup.map_or(Target::Unit, |path| Target::Cgroup(path.into())),
        process: None,
        bounds: Bounds { min: 1, max: 6 },
        schedules: Schedules::new(Bounds { min: 1, max: 6 }, Vec::new()),
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
            min_available_per_worker_mib: 500,
            scale_down_min_available_mib: None,
            threshold_mib: 0,
            per_worker_mib: 500,
            base_mib: 0,
        },
    }
}

fn config(projects: Vec<Project>) -> Config {
    Config {
        global: Global {
            check_interval: Duration::from_mins(2),
            language: Language::Es,
            history: Storage::default(),
            metrics: None,
            budget: None,
        },
        families: BTreeMap::new(),
        projects: projects
            .into_iter()
            .map(|project| (project.name.clone(), project))
            .collect(),
    }
}

/// A host with one gunicorn, of two workers, in cgroup `a`.
fn host() -> Fixture {
    let mut host = Fixture::new();
    host.process(10, 1, GUNICORN, "gunicorn");
    host.process(11, 10, GUNICORN_WORKER, "gunicorn");
    host.process(12, 10, GUNICORN_WORKER, "gunicorn");
    host.cgroup("a", &[10, 11, 12]);
    host
}

/// Nobody wants requests here.
pub(super) fn nothing_seen() -> OpenRequests {
    Box::new(|_| Err(WhyNotEbpf::NoCgroup2))
}

fn observer(host: &Fixture, services: FakeManager, source: &FakeSource) -> Observer<FakeManager> {
    Observer::at(host.procfs(), services, Box::new(source.clone()), nothing_seen())
}

async fn only(observer: &mut Observer<FakeManager>, project: Project) -> Result<ProjectSample, Unobservable> {
    let config = config(vec![project]);
    let mut snapshot = observer.observe(&config).await.unwrap();
    snapshot.projects.pop_first().unwrap().1
}

#[tokio::test]
async fn the_second_look_has_the_cpu_since_the_first() {
    let host = host();
    host.write("cgroup/a/cpu.max", "150000 100000\n");
    let source = FakeSource::then(&[Some(1_000), Some(5_000)]);
    let mut observer = observer(&host, FakeManager::default(), &source);
    let first = only(&mut observer, project("p", Some("a"))).await.unwrap();
    assert_eq!(first.cpu, None);
    let sample = only(&mut observer, project("p", Some("a"))).await.unwrap();
    assert_eq!(sample.master.pid, 10);
    assert_eq!(sample.worker_count(), 2);
    let cpu = sample.cpu.unwrap();
    assert_eq!(cpu.covered, Duration::from_secs(10));
    assert_eq!(cpu.on_cpu, Duration::from_micros(4));
    assert!((cpu.allowed_cpus - 1.5).abs() < f64::EPSILON);
}

#[tokio::test]
async fn the_masters_affinity_limits_the_cpus() {
    let host = host();
    host.write(
        "proc/10/status",
        "SigCgt:\t0000000000300000\nCpus_allowed_list:\t1,7\n",
    );
    let source = FakeSource::then(&[Some(1), Some(2)]);
    let mut observer = observer(&host, FakeManager::default(), &source);
    only(&mut observer, project("p", Some("a"))).await.unwrap();
    let sample = only(&mut observer, project("p", Some("a"))).await.unwrap();
    assert!((sample.cpu.unwrap().allowed_cpus - 1.0).abs() < f64::EPSILON);
}

#[tokio::test]
async fn projects_with_a_cgroup_need_no_service_manager() {
    let host = host();
    let mut observer = observer(&host, FakeManager::default(), &FakeSource::then(&[Some(1)]));
    only(&mut observer, project("p", Some("a"))).await.unwrap();
    assert_eq!(observer.services.asked, 0);
}

#[tokio::test]
async fn one_projects_trouble_leaves_the_others_alone() {
    let mut host = host();
    host.cgroup("empty", &[]);
    host.process(20, 1, GUNICORN, "gunicorn");
    host.cgroup("b", &[20]);
    let mut services = FakeManager::default();
    services.up("unit.service", Some(20), "/b");
    let mut observer = observer(&host, services, &FakeSource::then(&[Some(1)]));
    let config = config(vec![
        project("good", Some("a")),
        project("unit", None),
        project("nounit", None),
        project("nocgroup", Some("nowhere")),
        project("escapes", Some("../a")),
        project("empty", Some("empty")),
    ]);
    let snapshot = observer.observe(&config).await.unwrap();
    let of = |name: &str| snapshot.projects[name].clone();
    assert_eq!(of("good").unwrap().worker_count(), 2);
    assert_eq!(of("unit").unwrap().master.pid, 20);
    assert!(matches!(of("nounit"), Err(Unobservable::UnitNotFound { .. })));
    assert!(matches!(of("nocgroup"), Err(Unobservable::CgroupNotFound { .. })));
    assert!(matches!(of("escapes"), Err(Unobservable::Unreadable { .. })));
    assert!(matches!(of("empty"), Err(Unobservable::CgroupEmpty { .. })));
}

#[tokio::test]
async fn without_systemd_the_reason_is_the_projects() {
    let host = host();
    let services = FakeManager {
        unreachable: Some(ServiceError::NotBooted {
            path: "/run/x".into(),
        }),
        ..FakeManager::default()
    };
    let mut observer = observer(&host, services, &FakeSource::then(&[Some(1)]));
    let Err(Unobservable::NoServiceManager { why }) = only(&mut observer, project("p", None)).await else {
        panic!("observed without a service manager");
    };
    assert_eq!(
        why,
        ServiceError::NotBooted {
            path: "/run/x".into()
        }
    );
}

/// With a connection's two time limits a project, a hung systemd outlasted the watchdog.
#[tokio::test(start_paused = true)]
async fn a_systemd_that_hangs_costs_a_check_one_question() {
    let host = host();
    let services = FakeManager {
        unreachable: Some(ServiceError::Unreachable {
            why: "no answer within 5 s".into(),
        }),
        delay: Duration::from_secs(10),
        ..FakeManager::default()
    };
    let mut observer = observer(&host, services, &FakeSource::then(&[Some(1), Some(1)]));
    let mut projects: Vec<_> = (0..12).map(|n| project(&format!("p{n}"), None)).collect();
    projects.push(project("q", Some("a")));
    let config = config(projects);
    for asked in 1..=2 {
        let start = tokio::time::Instant::now();
        let mut snapshot = observer.observe(&config).await.unwrap();
        assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
        assert!(snapshot.projects.remove("q").unwrap().is_ok());
        for (name, sample) in snapshot.projects {
            let fault = sample.unwrap_err();
            assert!(
                matches!(fault, Unobservable::NoServiceManager { .. }),
                "{name}: {fault:?}"
            );
        }
        assert_eq!(
            observer.services.asked, asked,
            "and is asked again at the next check"
        );
    }
}

/// One name that systemd refuses says nothing of the others.
#[tokio::test]
async fn a_refusal_of_one_unit_is_not_the_others() {
    let host = host();
    let services = FakeManager {
        unreachable: Some(ServiceError::Refused {
            why: "Unit name is not valid.".into(),
        }),
        ..FakeManager::default()
    };
    let mut observer = observer(&host, services, &FakeSource::then(&[]));
    let config = config(vec![project("p", None), project("q", None)]);
    observer.observe(&config).await.unwrap();
    assert_eq!(observer.services.asked, 2);
}

#[tokio::test]
async fn a_stopped_unit_says_its_state() {
    let host = host();
    let mut services = FakeManager::default();
    services.up("p.service", None, "/a");
    let unit = services.units.get_mut("p.service").unwrap();
    unit.active_state = "failed".into();
    let mut observer = observer(&host, services, &FakeSource::then(&[Some(1)]));
    let refused = Unobservable::UnitInactive {
        unit: "p.service".into(),
        state: "failed".into(),
    };
    assert_eq!(only(&mut observer, project("p", None)).await, Err(refused));
}

#[tokio::test]
async fn a_main_process_in_another_cgroup_is_refused() {
    let mut host = host();
    host.process(30, 1, GUNICORN, "gunicorn");
    host.cgroup("b", &[30]);
    let mut services = FakeManager::default();
    services.up("p.service", Some(30), "/a");
    let mut observer = observer(&host, services, &FakeSource::then(&[Some(1)]));
    let refused = Unobservable::MasterElsewhere {
        pid: 30,
        cgroup: "/b".into(),
    };
    assert_eq!(only(&mut observer, project("p", None)).await, Err(refused));
}

#[tokio::test]
async fn a_cgroup_made_anew_starts_afresh() {
    let host = host();
    let source = FakeSource::then(&[Some(9_000), Some(10), Some(20)]);
    let mut observer = observer(&host, FakeManager::default(), &source);
    only(&mut observer, project("p", Some("a"))).await.unwrap();
    // The old directory stays, under another name, so that the new one cannot have its inode number.
    std::fs::rename(host.path("cgroup/a"), host.path("cgroup/old")).unwrap();
    host.cgroup("a", &[10, 11, 12]);
    let anew = only(&mut observer, project("p", Some("a"))).await.unwrap();
    assert_eq!(anew.cpu, None);
    let later = only(&mut observer, project("p", Some("a"))).await.unwrap();
    assert_eq!(later.cpu.unwrap().on_cpu, Duration::from_nanos(10));
}

#[tokio::test]
async fn a_source_that_fails_costs_the_cpu_figures_and_nothing_else() {
    let host = host();
    let source = FakeSource::then(&[Some(1_000), None, Some(4_000)]);
    let mut observer = observer(&host, FakeManager::default(), &source);
    only(&mut observer, project("p", Some("a"))).await.unwrap();
    let without = only(&mut observer, project("p", Some("a"))).await.unwrap();
    assert_eq!(without.cpu, None);
    assert_eq!(without.worker_count(), 2);
    let behind = Behind::Words("the source is gone".into());
    let fault = UsageFault::Kernel(KernelFault { step: None, behind });
    assert_eq!(observer.usage_fault(), Some(&fault));
    let after = only(&mut observer, project("p", Some("a"))).await.unwrap();
    assert_eq!(observer.usage_fault(), None);
    assert_eq!(after.cpu.unwrap().covered, Duration::from_secs(20), "the gap too");
}

/// Both would signal one master, and write one limit each.
#[tokio::test]
async fn projects_over_one_cgroup_are_refused_however_they_name_it() {
    let host = host();
    let mut services = FakeManager::default();
    services.up("p.service", Some(10), "/a");
    services.up("alias.service", Some(10), "/a");
    let readings = FakeSource::then(&[Some(1), Some(2), Some(3)]);
    let mut observer = observer(&host, services, &readings);
    let mut config = config(vec![
        project("p", None),
        project("alias", None),
        project("q", Some("a")),
    ]);
    let snapshot = observer.observe(&config).await.unwrap();
    let shared = |others: [&str; 2]| Unobservable::SharedCgroup {
        others: others.map(str::to_owned).to_vec(),
    };
    assert_eq!(snapshot.projects["p"], Err(shared(["alias", "q"])));
    assert_eq!(snapshot.projects["alias"], Err(shared(["p", "q"])));
    assert_eq!(snapshot.projects["q"], Err(shared(["alias", "p"])));
    let looked = observer.look_at(&config, "p").await.unwrap();
    assert_eq!(looked.projects["p"], Err(shared(["alias", "q"])));

    // A project that is not acted on is in nobody's way.
    for name in ["alias", "q"] {
        config.projects.get_mut(name).unwrap().enabled = false;
    }
    let snapshot = observer.observe(&config).await.unwrap();
    assert_eq!(snapshot.projects["p"].as_ref().unwrap().worker_count(), 2);
    assert_eq!(snapshot.projects["q"].as_ref().unwrap().worker_count(), 2);
}

/// Of one of several servers the counters would be those of all; a project that is only watched has its own.
#[tokio::test]
async fn counters_are_those_of_projects_that_are_all_of_a_cgroup() {
    let host = host();
    let readings = FakeSource::then(&[Some(1), Some(2), Some(3)]);
    let mut observer = observer(&host, FakeManager::default(), &readings);
    let mut watched = project("q", Some("a"));
    watched.enabled = false;
    let mut one_of_several = project("r", Some("a"));
    one_of_several.process = Some(ProcessFilter {
        command: Some("gunicorn".into()),
        ..ProcessFilter::default()
    });
    let config = config(vec![project("p", Some("a")), watched, one_of_several]);
    observer.observe(&config).await.unwrap();
    let totals = observer.totals(&config);
    assert_eq!(totals.keys().collect::<Vec<_>>(), ["p", "q"]);
}

/// One unit that starts again and again must not cut the intervals that its neighbours are judged by.
#[tokio::test]
async fn a_look_at_one_project_leaves_the_means_of_the_next_check_whole() {
    let mut host = host();
    host.process(20, 1, GUNICORN, "gunicorn");
    host.process(21, 20, GUNICORN_WORKER, "gunicorn");
    host.cgroup("b", &[20, 21]);
    let source = FakeSource::then(&[Some(1_000), Some(2_000), Some(9_000)]);
    let mut observer = observer(&host, FakeManager::default(), &source);
    let config = config(vec![project("p", Some("a")), project("q", Some("b"))]);
    observer.observe(&config).await.unwrap();

    let cpus = |busy, idle| host.write("proc/stat", &format!("cpu  {busy} 0 0 {idle} 0 0 0 0\ncpu0 1\n"));
    cpus(12, 8);
    let looked = observer.look_at(&config, "p").await.unwrap();
    assert_eq!(looked.projects.keys().collect::<Vec<_>>(), ["p"]);
    let sample = looked.projects["p"].as_ref().unwrap();
    assert_eq!((sample.worker_count(), sample.cpu), (2, None));
    assert_eq!(looked.host.busy_percent, None);

    // The directory of `p` was made anew, and a look has seen it.
    std::fs::rename(host.path("cgroup/a"), host.path("cgroup/old")).unwrap();
    cpus(12, 18);
    host.cgroup("a", &[10, 11, 12]);
    observer.look_at(&config, "p").await.unwrap();
    let checked = observer.observe(&config).await.unwrap();
    let cpu = |name: &str| checked.projects[name].as_ref().unwrap().cpu.unwrap();
    assert_eq!(cpu("p").on_cpu, Duration::from_micros(7), "since the look");
    assert_eq!(cpu("q").on_cpu, Duration::from_micros(8), "since the check");
    assert_eq!(cpu("q").covered, Duration::from_secs(20));
    assert_eq!(checked.host.busy_percent, Some(50.0), "since the check, too");
}

#[tokio::test]
async fn a_single_check_looks_twice() {
    let host = host();
    let source = FakeSource::then(&[Some(1_000), Some(2_000)]);
    let mut observer = observer(&host, FakeManager::default(), &source);
    let config = config(vec![project("p", Some("a"))]);
    let snapshot = observer
        .observe_over(&config, Duration::from_millis(1))
        .await
        .unwrap();
    assert!(snapshot.projects["p"].as_ref().unwrap().cpu.is_some());
}

fn template(name: &str) -> Project {
    let broker = BrokerAccess {
        task_queue: TaskQueue::Celery,
        url: BrokerUrl::Written("redis://127.0.0.1:1/0".into()),
        key_prefix: String::new(),
        priorities: crate::model::Priorities::default(),
        management: None,
    };
    Project {
        service_name: format!("{name}@.service"),
        queue: Some(QueueRule {
            sizing: QueueSizing::tasks_per_worker(
                10,
                Bounds { min: 1, max: 6 },
                Duration::ZERO,
                Duration::ZERO,
            ),
            broker,
            queues: vec!["celery".into()],
            count_running: false,
            actuator: QueueActuator::Units,
        }),
        ..project(name, None)
    }
}

#[tokio::test]
async fn the_instances_of_a_template_are_the_workers_of_one_project() {
    let mut host = Fixture::new();
    let mut services = FakeManager::default();
    let slice = "system.slice/system-mail.slice";
    for (pid, instance) in [(11, "2"), (10, "1"), (12, "beat")] {
        host.process(pid, 1, &[], "celery");
        let unit = format!("mail@{instance}.service");
        host.cgroup(&format!("{slice}/{unit}"), &[pid]);
        services.up(&unit, Some(pid), &format!("/{slice}/{unit}"));
    }
    let config = config(vec![template("mail")]);
    let mut observer = Observer::at(
        host.procfs(),
        services,
        Box::new(FakeSource::then(&[Some(0), Some(0)])),
        nothing_seen(),
    );
    let snapshot = observer.observe(&config).await.unwrap();
    let sample = snapshot.projects["mail"].as_ref().unwrap();
    assert_eq!(
        sample.cgroup,
        host.path("cgroup").join(slice),
        "what they use together"
    );
    let workers: Vec<u32> = sample.workers.iter().map(|worker| worker.pid).collect();
    assert_eq!(workers, [11, 10], "numbered ones, oldest first");
    assert_eq!(sample.master.pid, 11);

    // Somebody else in the slice would be counted with them.
    host.cgroup(&format!("{slice}/web.service"), &[]);
    let fault = only(&mut observer, template("mail")).await.unwrap_err();
    assert!(
        matches!(&fault, Unobservable::Unreadable { why: ReadFault::SharedSlice { name, .. } } if name == "web.service"),
        "{fault:?}"
    );
}

#[tokio::test]
async fn a_template_without_an_instance_that_is_up_is_not_running() {
    let host = Fixture::new();
    let source = FakeSource::then(&[Some(0)]);
    let mut observer = observer(&host, FakeManager::default(), &source);
    let fault = only(&mut observer, template("mail")).await.unwrap_err();
    let unit = "mail@1.service".to_owned();
    let state = "inactive".to_owned();
    assert_eq!(fault, Unobservable::UnitInactive { unit, state });
}

/// The cgroup `a` of [`host`], with these processes in it from now on.
fn inhabit(host: &Fixture, pids: &[u32]) {
    host.cgroup("a", pids);
}

/// A worker that is recycled is gone for a moment: neither a count below the minimum nor a reload.
#[tokio::test(start_paused = true)]
async fn a_worker_that_is_being_replaced_is_waited_for() {
    let mut host = host();
    host.process(13, 10, GUNICORN_WORKER, "gunicorn");
    let source = FakeSource::then(&[Some(0), Some(0), Some(0)]);
    let mut observer = observer(&host, FakeManager::default(), &source);
    let config = config(vec![project("p", Some("a"))]);
    observer.observe(&config).await.unwrap();

    inhabit(&host, &[10, 12]);
    let snapshot = observer.look(&config).await.unwrap();
    assert_eq!(snapshot.projects["p"].as_ref().unwrap().worker_count(), 1);
    assert!(observer.is_reading("p"));
    tokio::time::sleep(Duration::from_secs(1)).await;
    inhabit(&host, &[10, 12, 13]);
    let reading = observer.read().await;
    let seen = snapshot.projects["p"].clone().unwrap();
    let pids = |sample: ProjectSample| sample.workers.iter().map(|id| id.pid).collect::<Vec<_>>();
    assert_eq!(pids(reading.complete(seen).unwrap()), [12, 13]);

    // One that is not replaced is gone, and one that a step took away is not waited for.
    inhabit(&host, &[10, 12]);
    let gone = observer.observe(&config).await.unwrap();
    assert_eq!(pids(gone.projects["p"].clone().unwrap()), [12]);
    inhabit(&host, &[10, 12, 13]);
    let sample = observer.observe(&config).await.unwrap().projects["p"].clone();
    let left = sample.unwrap().workers[..1].to_vec();
    observer.step_left("p", &left);
    inhabit(&host, &[10, 12]);
    observer.look(&config).await.unwrap();
    assert!(!observer.is_reading("p"));
}

/// A later look is whole by what was begun to be read before, which may have other workers in it: a pool's own account.
#[tokio::test(start_paused = true)]
async fn what_is_being_read_is_outdated_once_a_step_has_changed_the_count() {
    let mut host = host();
    host.process(13, 10, GUNICORN_WORKER, "gunicorn");
    let source = FakeSource::then(&[Some(0), Some(0), Some(0), Some(0)]);
    let mut observer = observer(&host, FakeManager::default(), &source);
    let config = config(vec![project("p", Some("a"))]);
    observer.observe(&config).await.unwrap();
    inhabit(&host, &[10, 12]);
    observer.look(&config).await.unwrap();
    observer.count_changed("p");
    observer.look(&config).await.unwrap();
    assert!(observer.read().await.outdated);
    observer.look(&config).await.unwrap();
    assert!(!observer.read().await.outdated, "what is begun after it is not");
}

/// The CPU of a paused container is 0, which is no reason for a step down.
#[tokio::test]
async fn a_frozen_cgroup_is_not_judged() {
    let host = host();
    let source = FakeSource::then(&[Some(0), Some(0)]);
    let mut observer = observer(&host, FakeManager::default(), &source);
    host.write("cgroup/a/cgroup.events", "populated 1\nfrozen 1\n");
    let fault = only(&mut observer, project("p", Some("a"))).await.unwrap_err();
    let path = host.path("cgroup/a");
    assert_eq!(fault, Unobservable::Frozen { path });
    host.write("cgroup/a/cgroup.events", "populated 1\nfrozen 0\n");
    assert!(only(&mut observer, project("p", Some("a"))).await.is_ok());
}
