//! A broker that does not answer keeps nobody else waiting.

use std::path::Path;
use std::sync::{Arc, Mutex};

use autoscaler_common::{Requests, bucket_of};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::*;
use crate::config::parse;
use crate::control::ProjectStatus;
use crate::daemon::requests::tests::{options, order_of, sources};
use crate::daemon::start::Sources;
use crate::decide::Promised;
use crate::host::fixture::{Fixture, GUNICORN, GUNICORN_WORKER};
use crate::host::requests::RequestWatch;
use crate::model::{RequestLook, RequestsWay};

/// A site with two workers, and a Celery project whose broker is at `port`.
fn host() -> Fixture {
    let mut host = Fixture::new();
    host.process(10, 1, GUNICORN, "gunicorn");
    host.process(11, 10, GUNICORN_WORKER, "gunicorn");
    host.process(12, 10, GUNICORN_WORKER, "gunicorn");
    host.cgroup("site", &[10, 11, 12]);
    host.process(20, 1, &[], "celery");
    host.process(21, 20, &[], "celery");
    host.cgroup("tasks", &[20, 21]);
    for cgroup in ["site", "tasks"] {
        host.write(&format!("cgroup/{cgroup}/cpu.stat"), "usage_usec 5\n");
    }
    host
}

fn checks(host: &Fixture, dir: &Path, port: u16) -> Checks {
    let text = format!(
        r#"{{ "global": {{ "history": {{ "enabled": false }} }}, "projects": {{
            "site": {{ "enabled": true, "cgroup": "/site", "max_workers": 3, "cpu_thresholds": {{ "scale_up_2": 60 }} }},
            "tasks": {{ "enabled": true, "cgroup": "/tasks", "max_workers": 3, "queue_thresholds": {{ "scale_up_2": 60 }},
                "redis_url": "redis://127.0.0.1:{port}/0" }} }} }}"#
    );
    Checks::looking_at(
        sources(host),
        parse("config.json", &text).unwrap(),
        &options(dir, true),
    )
    .unwrap()
}

fn decided(checks: &Checks, project: &str) -> Option<String> {
    let status = checks.status();
    let project: &ProjectStatus = status.project(project).unwrap();
    project.decision.as_ref().map(|told| told.reason.clone())
}

async fn ask(checks: &mut Checks, project: &str, workers: u32) -> oneshot::Receiver<Answer> {
    order_of(checks, (project, workers), None).await
}

/// Handles what happens until nobody is awaited any more.
async fn until_read(checks: &mut Checks) {
    let read = async {
        while !checks.awaited.is_empty() {
            let happened = checks.happened().await;
            checks.handle(happened).await;
        }
    };
    timeout(Duration::from_mins(1), read).await.unwrap();
}

/// Handles what happens until no step of the project is under way.
async fn until_done(checks: &mut Checks, project: &str) {
    let done = async {
        while checks.steps.is_under_way(project) {
            let happened = checks.happened().await;
            checks.handle(happened).await;
        }
    };
    timeout(Duration::from_mins(1), done).await.unwrap();
}

/// A broker that accepts every connection, and answers none until the listener is dropped with the connections.
async fn silent() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

async fn connected(listener: &TcpListener) -> TcpStream {
    let accepted = timeout(Duration::from_mins(1), listener.accept());
    accepted.await.unwrap().unwrap().0
}

#[tokio::test]
async fn a_silent_broker_delays_no_other_check_and_no_order() {
    let (host, dir) = (host(), tempfile::tempdir().unwrap());
    let (broker, port) = silent().await;
    let mut checks = checks(&host, dir.path(), port);
    checks.timed_check().await;
    let connection = connected(&broker).await;
    // The broker is still asked: its time has not run out.
    assert!(checks.awaited.contains_key("tasks"));
    assert!(decided(&checks, "site").is_some());
    assert_eq!(decided(&checks, "tasks"), None);

    until_done(&mut checks, "site").await;
    let answer = ask(&mut checks, "site", 2).await.try_recv();
    assert!(matches!(answer, Ok(Answer::Done(_))), "{answer:?}");
    let mut waits = ask(&mut checks, "tasks", 2).await;
    assert!(waits.try_recv().is_err(), "its own broker is waited for");
    assert!(checks.awaited.contains_key("tasks"));

    drop((connection, broker));
    until_read(&mut checks).await;
    assert!(decided(&checks, "tasks").is_some());
}

#[tokio::test]
async fn who_ordered_something_is_answered_when_the_broker_is_no_longer_asked() {
    let (host, dir) = (host(), tempfile::tempdir().unwrap());
    let (broker, port) = silent().await;
    let mut checks = checks(&host, dir.path(), port);
    let mut answered = ask(&mut checks, "tasks", 1).await;
    let _connection = connected(&broker).await;
    assert!(answered.try_recv().is_err() && checks.awaited.contains_key("tasks"));
    let mut config = checks.config.clone();
    config.projects.get_mut("tasks").unwrap().queue = None;
    checks
        .reload(Ok(crate::config::Loaded {
            config,
            notices: Vec::new(),
        }))
        .await;
    assert!(checks.awaited.is_empty());
    assert!(answered.try_recv().is_ok());
}

#[tokio::test]
async fn one_that_is_still_awaited_has_its_cpu_of_both_checks() {
    let (host, dir) = (host(), tempfile::tempdir().unwrap());
    let (broker, port) = silent().await;
    let mut checks = checks(&host, dir.path(), port);
    checks.timed_check().await;
    let _connection = connected(&broker).await;
    let mut cpu = Vec::new();
    for used in [7, 10] {
        host.write("cgroup/tasks/cpu.stat", &format!("usage_usec {used}\n"));
        checks.timed_check().await;
        cpu.push(checks.awaited["tasks"].sample.cpu.unwrap());
    }
    let used: Vec<u128> = cpu.iter().map(|cpu| cpu.on_cpu.as_micros()).collect();
    assert_eq!(used, [2, 5]);
    assert!(cpu[1].covered > cpu[0].covered);
}

#[tokio::test]
async fn what_was_begun_to_be_read_during_a_step_is_read_anew_after_its_end() {
    let (mut host, dir) = (host(), tempfile::tempdir().unwrap());
    host.process(22, 20, &[], "celery");
    host.cgroup("tasks", &[20, 21, 22]);
    let (broker, port) = silent().await;
    let mut checks = checks(&host, dir.path(), port);
    checks
        .steps
        .begin_endless("tasks", Action::ScaleDown { from: 2, to: 1 });
    checks.timed_check().await;
    let connection = connected(&broker).await;
    assert!(checks.awaited.contains_key("tasks"));
    checks.steps.break_all();
    until_done(&mut checks, "tasks").await;
    host.cgroup("tasks", &[20, 21]);
    drop((connection, broker));
    until_read(&mut checks).await;
    let status = checks.status();
    let tasks = status.project("tasks").unwrap();
    assert!(tasks.decision.is_some());
    assert_eq!(tasks.workers, Some(1));
    assert!(
        checks.board.get("tasks").unwrap().checked.is_some(),
        "it stays a check"
    );
}

#[tokio::test]
async fn a_step_under_way_has_its_memory_promised() {
    let (host, dir) = (host(), tempfile::tempdir().unwrap());
    let mut checks = checks(&host, dir.path(), 1);
    let free = checks.steps.promised(&checks.config);
    assert_eq!(free, Promised::default());
    checks
        .steps
        .begin_endless("site", Action::ScaleUp { from: 2, to: 3 });
    assert_ne!(checks.steps.promised(&checks.config), free);
}

/// A kernel that has counted these requests.
struct Counted(Arc<Mutex<Requests>>);

impl RequestWatch for Counted {
    fn way(&self) -> RequestsWay {
        RequestsWay::Tracepoints
    }

    fn want(&mut self, _: u32, _: &Path) -> Result<()> {
        Ok(())
    }

    fn look(&self, indexes: &[u32]) -> Result<Vec<RequestLook>> {
        let look = |_: &u32| RequestLook {
            at: monotonic(),
            counted: *self.0.lock().unwrap(),
            live: Vec::new(),
        };
        Ok(indexes.iter().map(look).collect())
    }
}

#[tokio::test]
async fn late_requests_of_a_time_in_which_nothing_else_was_seen_are_counted_once() {
    let (host, dir) = (host(), tempfile::tempdir().unwrap());
    let text = r#"{ "site": { "enabled": true, "cgroup": "/site", "max_workers": 3, "policy": "target" } }"#;
    let counted = Arc::new(Mutex::new(Requests::default()));
    let kernel = Arc::clone(&counted);
    let sources = Sources {
        requests: Box::new(move |_| Ok(Box::new(Counted(Arc::clone(&kernel))))),
        ..sources(&host)
    };
    let mut checks = Checks::looking_at(
        sources,
        parse("config.json", text).unwrap(),
        &options(dir.path(), true),
    )
    .unwrap();
    let promised = |checks: &Checks| checks.board.get("site").unwrap().counts.promised;
    let wait = |millis: u64| {
        let mut counted = counted.lock().unwrap();
        counted.begun += 1;
        counted.waits[bucket_of(millis * 1_000_000)] += 1;
    };
    checks.timed_check().await;
    wait(900);
    wait(1);
    checks.timed_check().await;
    assert_eq!(promised(&checks), Lateness { begun: 2, late: 1.0 });

    // The service is being restarted at the very check.
    until_done(&mut checks, "site").await;
    host.cgroup("site", &[]);
    wait(900);
    checks.timed_check().await;
    assert_eq!(decided(&checks, "site").as_deref(), Some("cgroup_empty"));
    host.cgroup("site", &[10, 11, 12]);
    for _ in 0..2 {
        checks.timed_check().await;
        assert_eq!(promised(&checks), Lateness { begun: 3, late: 2.0 });
    }
}
