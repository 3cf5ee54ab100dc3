//! Texts that load: the documentation's snippet, the file as the user runs it, the annotated example.

use std::path::Path;
use std::time::Duration;

use crate::config::{Loaded, parse};
use crate::model::{
    Bounds, BrokerUrl, Budget, Config, CpuBasis, Language, MemoryRules, Notice, Policy, Promise,
    QueueActuator, QueueSizing,
};

fn load(text: &str) -> Loaded {
    parse("config.json", text).unwrap_or_else(|errors| panic!("{errors}"))
}

/// What is not configured anywhere.
const MEMORY_DEFAULTS: MemoryRules = MemoryRules {
    min_available_per_worker_mib: 500,
    scale_down_min_available_mib: None,
    threshold_mib: 0,
    per_worker_mib: 500,
    base_mib: 0,
};

fn assert_backdipro(config: &Config) {
    let project = &config.projects["backdipro"];
    assert!(project.enabled);
    assert_eq!(project.service_name, "backdipro.service");
    assert_eq!(project.bounds, Bounds { min: 1, max: 6 });
    let ladder = project.cpu.as_ref().unwrap();
    assert_eq!(
        ladder.up,
        [(2, 65.0), (3, 75.0), (4, 80.0), (5, 85.0), (6, 90.0)].into()
    );
    assert_eq!(ladder.down, [(1, 35.0), (2, 45.0)].into());
    assert_eq!(
        (ladder.up_hold, ladder.down_hold),
        (Duration::from_mins(3), Duration::from_mins(15))
    );
}

#[test]
fn the_snippet_of_the_documentation_loads_with_its_comments() {
    let Loaded { config, notices } = load(include_str!("../../../testdata/documentation.json"));
    assert_backdipro(&config);
    let project = &config.projects["backdipro"];
    assert_eq!(project.memory, MEMORY_DEFAULTS);
    assert_eq!((project.target.cgroup(), project.queue.as_ref()), (None, None));
    assert_eq!(project.cpu_basis, CpuBasis::Workers);
    assert_eq!(
        (config.global.check_interval, config.global.language),
        (Duration::from_mins(2), Language::Es)
    );
    assert_eq!(notices, []);
}

#[test]
fn six_projects_with_the_earlier_tools_keys_load() {
    let Loaded { config, notices } = load(include_str!("../../../testdata/six-projects.json"));
    assert_eq!(config.projects.len(), 6);
    assert_backdipro(&config);
    let backdipro = &config.projects["backdipro"];
    assert_eq!(backdipro.memory.threshold_mib, 2000);
    assert_eq!(backdipro.memory.scale_down_min_available_mib, Some(8192));

    let tienda = &config.projects["tienda"];
    assert_eq!(tienda.cpu_basis, CpuBasis::Host);
    assert_eq!(
        tienda.cpu.as_ref().unwrap().next_up(2),
        Some((4, 60.0)),
        "rungs may have gaps"
    );

    let facturas = &config.projects["facturas"];
    assert_eq!(facturas.memory.min_available_per_worker_mib, 900);
    assert_eq!(facturas.memory.scale_down_min_available_mib, Some(4096));
    let ladder = facturas.cpu.as_ref().unwrap();
    assert_eq!(
        (ladder.up_hold, ladder.down_hold),
        (Duration::from_secs(30), Duration::from_mins(15))
    );

    assert_eq!(config.projects["informes"].service_name, "informes-web.service");

    let queue = config.projects["celerycore"].queue.as_ref().unwrap();
    let QueueSizing::Rungs(ladder) = &queue.sizing else {
        panic!("{queue:?}")
    };
    assert_eq!(ladder.next_up(4), Some((6, 20.0)));
    assert_eq!(
        (ladder.up_hold, ladder.down_hold),
        (Duration::from_mins(2), Duration::from_mins(10))
    );
    assert_eq!(queue.queues, ["celery"]);
    let url = BrokerUrl::Written("redis://localhost:6379/0".into());
    assert_eq!(queue.broker.url, url);
    assert_eq!(queue.actuator, QueueActuator::Pool);

    let mail = &config.projects["celerymail"];
    assert_eq!(mail.service_name, "celerymail@.service");
    let queue = mail.queue.as_ref().unwrap();
    let (up_hold, down_hold) = (Duration::from_mins(2), Duration::from_mins(10));
    let sizing = QueueSizing::tasks_per_worker(25, mail.bounds, up_hold, down_hold);
    assert_eq!(queue.sizing, sizing);
    assert_eq!(queue.queues, ["mail", "mail.bulk"]);
    assert_eq!(queue.actuator, QueueActuator::Units);
    assert!(!format!("{config:?}").contains("secreto"));

    let keys = [
        "current_workers",
        "extra_args",
        "log_file",
        "socket_path",
        "state_file",
        "venv_path",
        "working_dir",
        "wsgi_module",
    ];
    let keys = keys.map(str::to_owned).to_vec();
    let rung = "scale_up_2".to_owned();
    let thresholds = "cpu_thresholds";
    let expected = [
        Notice::RungNeverUsed {
            project: "tienda".into(),
            thresholds,
            rung,
        },
        Notice::EarlierToolKeys { keys },
    ];
    assert_eq!(notices, expected);
}

#[test]
fn the_annotated_example_loads_and_shows_the_defaults() {
    let Loaded { config, notices } = load(include_str!("../../../../packaging/autoscaler.example.json"));
    assert_eq!(notices, []);
    assert_backdipro(&config);
    let memory = MemoryRules {
        scale_down_min_available_mib: Some(8192),
        ..MEMORY_DEFAULTS
    };
    assert_eq!(config.projects["backdipro"].memory, memory);
    assert!(!config.projects["celerycore"].enabled);

    let bare = load(include_str!("../../../testdata/documentation.json")).config;
    assert_eq!(config.global, bare.global);
    let mut project = config.projects["backdipro"].clone();
    project.memory.scale_down_min_available_mib = None;
    assert_eq!(project, bare.projects["backdipro"]);
}

#[test]
fn both_layouts_mean_the_same() {
    let project = r#""web": {"max_workers": 2, "cpu_thresholds": {"scale_up_2": 60, "scale_down_1": 30}}"#;
    let bare = load(&format!("\u{feff}{{{project}}}"));
    let wrapped = load(&format!("{{/* all */ \"projects\": {{{project},}},}}"));
    assert_eq!(bare, wrapped);
    assert_eq!(
        bare.notices,
        [Notice::EnabledMissing {
            project: "web".into()
        }]
    );
}

#[test]
fn a_promise_needs_bounds_alone() {
    let text = r#"{"web": {"enabled": true, "max_workers": 6, "policy": "target"}}"#;
    let Loaded { config, notices } = load(text);
    assert_eq!(notices, []);
    let project = &config.projects["web"];
    assert_eq!(project.bounds, Bounds { min: 1, max: 6 });
    assert_eq!(project.policy, Policy::Target(Promise::default()));
    assert_eq!((project.weight, project.cadence), (1.0, Duration::from_secs(1)));
    assert_eq!(project.ladders().count(), 0);
    assert!(project.wants_requests());
    assert_eq!(config.global.budget, None);
}

#[test]
fn a_promise_is_what_its_keys_say() {
    let text = r#"{"global": {"budget": {"memory_mb": 9000}}, "projects": {
        "web": {"enabled": true, "min_workers": 2, "max_workers": 6, "policy": "target", "weight": 2.5,
                "target": {"wait_ms": 250, "percent": 0.5}, "cadence_seconds": 5},
        "old": {"enabled": true, "max_workers": 2, "policy": "ladder",
                "cpu_thresholds": {"scale_up_2": 60, "scale_down_1": 30}}}}"#;
    let Loaded { config, notices } = load(text);
    assert_eq!(notices, []);
    let project = &config.projects["web"];
    let promise = Promise {
        wait: Duration::from_millis(250),
        percent: 0.5,
    };
    assert_eq!(project.promise(), Some(promise));
    assert_eq!((project.weight, project.cadence), (2.5, Duration::from_secs(5)));
    assert_eq!(config.projects["old"].policy, Policy::Ladders);
    assert_eq!(config.global.budget, Some(Budget { memory_mib: 9000 }));
}

#[test]
fn one_threshold_for_several_counts_loads() {
    let text = r#"{"web": {"enabled": true, "max_workers": 3,
        "cpu_thresholds": {"scale_up_2": 70, "scale_up_3": 70, "scale_down_1": 35, "scale_down_2": 35}}}"#;
    let Loaded { config, notices } = load(text);
    assert_eq!(notices, []);
    let ladder = config.projects["web"].cpu.as_ref().unwrap();
    assert_eq!(ladder.next_up(1), Some((2, 70.0)));
    assert_eq!(ladder.next_up(2), Some((3, 70.0)));
}

#[test]
fn a_cgroup_joins_to_the_mount() {
    let text = r#"{"web": {"cgroup": "/demo/web", "max_workers": 2, "cpu_thresholds": {"scale_up_2": 60}}}"#;
    let cgroup = load(text).config.projects["web"]
        .target
        .cgroup()
        .cloned()
        .unwrap();
    assert_eq!(
        Path::new("/sys/fs/cgroup").join(cgroup),
        Path::new("/sys/fs/cgroup/demo/web")
    );
}

#[test]
fn what_is_valid_but_hardly_meant_is_noticed() {
    let notices = |text: &str| load(text).notices;
    let project = || "web".to_owned();
    assert_eq!(notices("{}"), [Notice::NoProjects]);
    assert_eq!(notices(r#"{"global": {}}"#), [Notice::NoProjects]);
    assert_eq!(
        notices(
            r#"{"web": {"enabled": true, "max_workers": 4, "cpu_thresholds": {"scale_up_3": 60, "scale_down_4": 10}}}"#
        ),
        [
            Notice::RungNeverUsed {
                project: project(),
                thresholds: "cpu_thresholds",
                rung: "scale_down_4".into()
            },
            Notice::MaximumUnreachable {
                project: project(),
                max: 4,
                highest: 3
            },
            Notice::NeverScalesDown { project: project() },
        ]
    );
    assert_eq!(
        notices(
            r#"{"web": {"enabled": true, "max_workers": 4, "tasks_per_worker": 5, "redis_url": "redis://h",
                "cpu_duration_minutes": {"scale_up": 1}}}"#
        ),
        [Notice::KeyWithoutEffect {
            project: project(),
            key: "cpu_duration_minutes",
            without: "cpu_thresholds"
        }]
    );
}
