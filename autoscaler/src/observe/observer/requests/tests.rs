//! The meter over a kernel that exists only here.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use autoscaler_common::{Live, Requests};

use super::*;
use crate::config::parse;
use crate::host::cgroup::CgroupMount;
use crate::host::fixture::Fixture;
use crate::model::{CgroupMemory, ProcessId, RequestsWay};

/// What the kernel was asked for, and what it answers.
#[derive(Default)]
struct Kernel {
    opened: u32,
    closed: u32,
    refuses: bool,
    broken: bool,
    wanted: BTreeMap<u32, PathBuf>,
    /// A place was given to another service while its programs were loaded.
    reused: bool,
    counted: Requests,
    live: Vec<Live>,
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Kernel>>);

struct Open(Shared);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.0.lock().unwrap().closed += 1;
    }
}

impl RequestWatch for Open {
    fn way(&self) -> RequestsWay {
        RequestsWay::Tracepoints
    }

    fn want(&mut self, index: u32, service: &Path) -> anyhow::Result<()> {
        let mut kernel = self.0.0.lock().unwrap();
        let before = kernel.wanted.insert(index, service.to_owned());
        kernel.reused |= before.is_some_and(|before| before != service);
        Ok(())
    }

    fn look(&self, indexes: &[u32]) -> anyhow::Result<Vec<RequestLook>> {
        let kernel = self.0.0.lock().unwrap();
        anyhow::ensure!(!kernel.broken, "gone");
        let look = |_: &u32| RequestLook {
            at: usage::monotonic(),
            counted: kernel.counted,
            live: kernel.live.clone(),
        };
        Ok(indexes.iter().map(look).collect())
    }
}

struct Scene {
    host: Fixture,
    kernel: Shared,
    meter: RequestMeter,
}

impl Scene {
    fn new() -> Self {
        let kernel = Shared::default();
        let opened = kernel.clone();
        let meter = RequestMeter::new(Box::new(move |_| {
            let mut kernel = opened.0.lock().unwrap();
            if kernel.refuses {
                return Err(WhyNotEbpf::NoCgroup2);
            }
            kernel.opened += 1;
            kernel.wanted.clear();
            Ok(Box::new(Open(opened.clone())))
        }));
        Self {
            host: Fixture::new(),
            kernel,
            meter,
        }
    }

    /// How often the programs were loaded, and let go.
    fn loads(&self) -> (u32, u32) {
        let kernel = self.kernel();
        (kernel.opened, kernel.closed)
    }

    fn kernel(&self) -> std::sync::MutexGuard<'_, Kernel> {
        self.kernel.0.lock().unwrap()
    }

    fn places(&mut self, names: &[&str]) -> BTreeMap<String, Cgroup> {
        for name in names {
            self.host.cgroup(name, &[]);
        }
        let mount = CgroupMount::discover(&self.host.procfs()).unwrap();
        let place = |name: &&str| ((*name).to_owned(), mount.open(Path::new(name)).unwrap());
        names.iter().map(place).collect()
    }
}

fn config(projects: &[(&str, &str)]) -> Config {
    let projects: Vec<String> = projects
        .iter()
        .map(|(name, more)| {
            format!(
                r#""{name}": {{ "enabled": true, "max_workers": 4, "cpu_thresholds": {{ "scale_up_2": 60 }}{more} }}"#
            )
        })
        .collect();
    let text = format!(r#"{{ "projects": {{ {} }} }}"#, projects.join(","));
    parse("config.json", &text).unwrap().config
}

const WANTS: &str = r#", "requests": true"#;

#[test]
fn the_programs_are_loaded_for_as_long_as_a_project_wants_them() {
    let mut scene = Scene::new();
    let places = scene.places(&["a", "b"]);
    assert!(
        scene
            .meter
            .look(&config(&[("a", ""), ("b", "")]), &places)
            .is_empty()
    );
    assert_eq!(scene.loads(), (0, 0));

    let one = config(&[("a", WANTS), ("b", "")]);
    assert!(
        scene.meter.look(&one, &places).is_empty(),
        "the first look has nothing before it"
    );
    let seen = scene.meter.look(&one, &places);
    assert_eq!(seen.keys().collect::<Vec<_>>(), ["a"]);
    assert_eq!(scene.kernel().wanted.len(), 1);

    assert!(
        scene
            .meter
            .look(&config(&[("a", ""), ("b", "")]), &places)
            .is_empty()
    );
    assert_eq!(scene.loads(), (1, 1));
}

#[test]
fn a_place_is_never_another_projects_later() {
    let mut scene = Scene::new();
    let places = scene.places(&["a", "b"]);
    let (a, b) = (config(&[("a", WANTS)]), config(&[("b", WANTS)]));
    for _ in 0..20 {
        scene.meter.look(&a, &places);
        scene.meter.look(&b, &places);
    }
    assert!(!scene.kernel().reused);
    assert!(scene.loads().0 > 1, "it is opened anew when no place is left");
}

#[test]
fn what_the_kernel_refuses_is_asked_for_again_later_and_at_once_by_another_configuration() {
    let mut scene = Scene::new();
    let places = scene.places(&["a"]);
    let config = config(&[("a", WANTS)]);
    scene.kernel().refuses = true;
    for _ in 0..2 {
        let seen = scene.meter.look(&config, &places);
        assert_eq!(seen["a"], Err(RequestFault::NotSeen));
        assert_eq!(scene.meter.fault(), Some(&WhyNotEbpf::NoCgroup2));
    }
    scene.kernel().refuses = false;
    scene.meter.look(&config, &places);
    assert_eq!(scene.loads(), (0, 0), "not at every check");
    scene.meter.try_again();
    scene.meter.look(&config, &places);
    assert_eq!((scene.loads(), scene.meter.fault()), ((1, 0), None));
    assert!(scene.meter.look(&config, &places)["a"].is_ok());
}

#[test]
fn a_kernel_that_tells_no_more_is_said_and_its_programs_are_let_go() {
    let mut scene = Scene::new();
    let places = scene.places(&["a"]);
    let config = config(&[("a", WANTS)]);
    scene.meter.look(&config, &places);
    scene.kernel().broken = true;
    assert_eq!(
        scene.meter.look(&config, &places)["a"],
        Err(RequestFault::NotSeen)
    );
    assert!(scene.meter.fault().is_some());
    assert_eq!(scene.meter.way(), Some(RequestsWay::ListenQueues));
    assert_eq!(scene.loads(), (1, 1));
}

#[test]
fn a_command_line_that_is_contradicted_twice_is_not_believed() {
    let mut scene = Scene::new();
    let places = scene.places(&["a"]);
    scene
        .host
        .process(10, 1, &[], "python3 /venv/bin/gunicorn app:app");
    let config = config(&[("a", WANTS)]);
    let id = ProcessId {
        pid: 10,
        start_ticks: 0,
    };
    let sample = ProjectSample {
        cgroup: places["a"].path().to_owned(),
        container: None,
        master: id,
        workers: vec![id],
        cpu: None,
        memory: CgroupMemory::default(),
        queue: None,
        requests: None,
    };
    let mut told = Vec::new();
    for serving in [1, 2, 2, 1] {
        let live = Live {
            served_since: 1,
            ..Live::default()
        };
        scene.kernel().live = vec![live; serving];
        let Some(Ok(figures)) = scene.meter.look(&config, &places).remove("a") else {
            continue;
        };
        let (procfs, project) = (scene.host.procfs(), &config.projects["a"]);
        told.push(scene.meter.sample(&procfs, project, &sample, figures).concurrency);
    }
    let one = Concurrency::Threads(1);
    assert_eq!(told, [one, Concurrency::Untold { serving: 2 }, one]);
}
