//! Against a stand-in for systemd and a fixture of procfs and cgroups; nobody listens on the broker.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use super::*;
use crate::act::scale::{Plan, Scaled, Timing, scale};
use crate::host::fixture::Fixture;
use crate::host::service::Unit;
use crate::model::{Bounds, StopFault};
use crate::observe::measure::queue::{Answer, Command, Depth, Reply};

const TEMPLATE: &str = "mail@.service";
const SLICE: &str = "system.slice/system-mail.slice";

/// A broker of a program that is no Celery.
struct Nobody;

impl Broker for Nobody {
    fn depth<'a>(&'a mut self, _queues: &'a [String]) -> Answer<'a, Depth> {
        Box::pin(async { Ok(Depth::default()) })
    }

    fn call<'a>(&'a mut self, _command: &'a Command<'a>, _limit: Duration) -> Answer<'a, Option<Vec<Reply>>> {
        Box::pin(async { Ok(None) })
    }
}

/// systemd as far as it is needed: a unit that is started is up at once, one that is stopped ends later.
struct Manager {
    states: Mutex<BTreeMap<u32, &'static str>>,
    time_limit: Option<Duration>,
    comes_up_as: &'static str,
}

impl Manager {
    fn with(states: &[(u32, &'static str)]) -> Self {
        Self {
            states: Mutex::new(states.iter().copied().collect()),
            time_limit: None,
            comes_up_as: "active",
        }
    }

    fn set(&self, unit: &str, state: &'static str) {
        let number = crate::host::service::number_of(TEMPLATE, unit).unwrap();
        self.states.lock().unwrap().insert(number, state);
    }

    fn states(&self) -> Vec<(u32, &'static str)> {
        self.states
            .lock()
            .unwrap()
            .iter()
            .map(|(n, s)| (*n, *s))
            .collect()
    }
}

impl UnitManager for &Manager {
    async fn instances(&self, template: &str) -> Result<Vec<Instance>, ServiceError> {
        let states = self.states();
        Ok(states
            .into_iter()
            .map(|(number, state)| {
                let name = name_of(template, number).unwrap();
                let unit = Unit {
                    active_state: state.into(),
                    main_pid: Some(100 + number),
                    control_group: Some(format!("/{SLICE}/{name}")),
                };
                Instance { number, name, unit }
            })
            .collect())
    }

    async fn stop_rules(&self, _unit: &str) -> Result<StopRules, ServiceError> {
        Ok(StopRules {
            kill_mode: "mixed".into(),
            kill_signal: Signal::SIGTERM as i32,
            time_limit: self.time_limit,
        })
    }

    async fn start(&self, unit: &str) -> Result<(), ManagerError> {
        self.set(unit, self.comes_up_as);
        Ok(())
    }

    async fn reset_failed(&self, unit: &str) -> Result<(), ManagerError> {
        self.set(unit, "inactive");
        Ok(())
    }

    async fn stop(&self, unit: &str) -> Result<(), ManagerError> {
        self.set(unit, "deactivating");
        Ok(())
    }
}

/// Processes and cgroups of the instances 1 to 5.
fn host() -> Fixture {
    let mut host = Fixture::new();
    for number in 1..=5 {
        host.process(100 + number, 1, &[Signal::SIGTERM], "program");
        host.cgroup(&format!("{SLICE}/mail@{number}.service"), &[100 + number]);
    }
    host
}

fn actuator<'m>(host: &Fixture, manager: &'m Manager) -> TemplateInstances<&'m Manager> {
    let procfs = host.procfs();
    let mount = CgroupMount::discover(&procfs).unwrap();
    let slice = mount.open(Path::new(SLICE)).unwrap();
    let queues = ["celery".to_owned()];
    let what = (TEMPLATE, TaskQueue::Celery, queues.as_slice());
    TemplateInstances::new(manager, (&procfs, &mount), &slice, what, Box::new(Nobody))
}

async fn go(actuator: &mut TemplateInstances<&Manager>, to: u32) -> Result<Scaled, crate::model::ScaleError> {
    let plan = Plan {
        workers: actuator.workers().await.unwrap(),
        to,
        bounds: Bounds { min: 1, max: 5 },
        together: false,
    };
    scale(actuator, &plan, &Timing::default(), false).await
}

#[tokio::test(start_paused = true)]
async fn the_lowest_free_numbers_come_and_the_newest_go_first() {
    let host = host();
    // 3 still ends: its number is taken. 2 failed: whatever the cause, it is tried again before another number.
    let manager = Manager::with(&[(1, "active"), (2, "failed"), (3, "deactivating")]);
    let mut actuator = actuator(&host, &manager);
    assert_eq!(go(&mut actuator, 3).await.unwrap(), Scaled { from: 1, to: 3 });
    let up = [(1, "active"), (2, "active"), (3, "deactivating"), (4, "active")];
    assert_eq!(manager.states(), up);

    assert_eq!(go(&mut actuator, 1).await.unwrap(), Scaled { from: 3, to: 1 });
    let ending = [2, 3, 4].map(|number| (number, "deactivating"));
    assert_eq!(manager.states()[1..], ending);
    assert_eq!(manager.states()[0], (1, "active"));
}

#[tokio::test]
async fn nothing_is_stopped_that_could_be_killed_at_work() {
    let host = host();
    let mut manager = Manager::with(&[(1, "active"), (2, "active")]);
    manager.time_limit = Some(Duration::from_secs(90));
    let refused = actuator(&host, &manager).ask(Step::Down).await.unwrap_err();
    let unit = "mail@2.service".to_owned();
    let fault = StopFault::WouldBeKilled {
        after: Duration::from_secs(90),
    };
    assert_eq!(refused, Refusal::Unstoppable { unit, fault });

    manager.time_limit = None;
    let mut host = host;
    host.process(102, 1, &[], "program");
    let refused = actuator(&host, &manager).ask(Step::Down).await.unwrap_err();
    let unit = "mail@2.service".to_owned();
    let fault = StopFault::NotCaught {
        pid: 102,
        signal: "SIGTERM",
    };
    assert_eq!(refused, Refusal::Unstoppable { unit, fault });
    assert_eq!(manager.states(), [(1, "active"), (2, "active")]);
}

#[tokio::test]
async fn an_instance_that_fails_at_once_is_named() {
    let host = host();
    let mut manager = Manager::with(&[(1, "active")]);
    manager.comes_up_as = "failed";
    let error = go(&mut actuator(&host, &manager), 2).await.unwrap_err();
    let unit = "mail@2.service".to_owned();
    assert_eq!(
        error.cause,
        crate::model::Cause::Refused(Refusal::InstanceFailed { unit })
    );
}

/// An instance that crashes again and again is up for moments only: check by check another was started beside it.
#[tokio::test]
async fn none_is_started_while_another_is_on_its_way_up() {
    let host = host();
    let manager = Manager::with(&[(1, "active"), (2, "activating")]);
    let refused = actuator(&host, &manager).ask(Step::Up).await.unwrap_err();
    let unit = "mail@2.service".to_owned();
    assert_eq!(refused, Refusal::InstanceStarting { unit });
    assert_eq!(manager.states(), [(1, "active"), (2, "activating")]);
}

/// What failed is not left behind for another number, however often it is tried.
#[tokio::test]
async fn those_that_fail_do_not_grow_in_number() {
    let host = host();
    let mut manager = Manager::with(&[(1, "active")]);
    manager.comes_up_as = "failed";
    for _ in 0..3 {
        go(&mut actuator(&host, &manager), 2).await.unwrap_err();
    }
    assert_eq!(manager.states(), [(1, "active"), (2, "failed")]);
}
