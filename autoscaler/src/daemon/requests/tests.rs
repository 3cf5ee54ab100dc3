//! Orders whose project, host or step goes away before they are carried out.

use std::path::Path;
use std::time::Duration;

use super::*;
use crate::config::{Loaded, parse};
use crate::daemon::start::Sources;
use crate::daemon::{Options, RunMode};
use crate::host::fixture::Fixture;
use crate::host::usage::CpuStatSource;
use crate::model::WhyNotEbpf;

const SITE: &str = r#"{ "global": { "history": { "enabled": false } }, "projects": { "site": {
    "enabled": true, "cgroup": "/there/is/none", "max_workers": 3, "cpu_thresholds": { "scale_up_2": 60 } } } }"#;

fn loaded(text: &str) -> Loaded {
    parse("config.json", text).unwrap()
}

/// A host that is a folder.
pub(in crate::daemon) fn sources(host: &Fixture) -> Sources {
    Sources {
        procfs: host.procfs(),
        usage: Box::<CpuStatSource>::default(),
        without_ebpf: None,
        requests: Box::new(|_| Err(WhyNotEbpf::NoCgroup2)),
    }
}

/// A daemon that keeps all that it has in `dir`.
pub(in crate::daemon) fn options(dir: &Path, dry_run: bool) -> Options {
    Options {
        language: None,
        config: dir.join("config.json"),
        runtime_dir: dir.to_owned(),
        state_dir: dir.to_owned(),
        dry_run,
        mode: RunMode::Daemon,
    }
}

fn checks(dir: &Path) -> Checks {
    checks_at(&Fixture::new(), dir)
}

fn checks_at(host: &Fixture, dir: &Path) -> Checks {
    Checks::looking_at(sources(host), loaded(SITE), &options(dir, false)).unwrap()
}

fn root() -> Peer {
    Peer {
        uid: 0,
        pid: None,
        login: None,
    }
}

/// Orders a count, and gives where the answer comes.
pub(in crate::daemon) async fn order_of(
    checks: &mut Checks,
    (project, workers): (&str, u32),
    for_seconds: Option<u64>,
) -> oneshot::Receiver<Answer> {
    let (reply, answered) = oneshot::channel();
    let command = Command::Scale {
        project: project.into(),
        workers,
        for_seconds,
    };
    let by = root();
    checks
        .call(Call {
            command,
            language: None,
            by,
            reply,
        })
        .await;
    answered
}

async fn order(checks: &mut Checks, for_seconds: Option<u64>) -> oneshot::Receiver<Answer> {
    order_of(checks, ("site", 2), for_seconds).await
}

fn refusal(answered: &mut oneshot::Receiver<Answer>) -> (RefusedCode, String) {
    match answered.try_recv() {
        Ok(Answer::Refused(refused)) => (refused.code, refused.message),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_order_that_waits_is_answered_when_its_project_is_taken_out() {
    let dir = tempfile::tempdir().unwrap();
    let mut checks = checks(dir.path());
    checks.steps.begin_endless("site", Action::Hold);
    let mut answered = order(&mut checks, None).await;
    assert!(answered.try_recv().is_err(), "it waits for the step");
    checks.reload(Ok(loaded(r#"{ "projects": {} }"#))).await;
    let (code, message) = refusal(&mut answered);
    assert_eq!(code, RefusedCode::UnknownProject);
    assert!(message.contains("site"), "{message}");
    assert!(checks.waiting.is_empty() && checks.asked.is_empty());
}

#[tokio::test]
async fn an_order_that_waits_is_kept_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = checks(dir.path());
    first.steps.begin_endless("site", Action::Hold);
    let _answered = order(&mut first, Some(3600)).await;
    drop(first);
    let second = checks(dir.path());
    assert_eq!(
        second.orders.get("site").map(|given| given.order),
        Some(Order::Scale(2))
    );
}

#[tokio::test]
async fn an_order_that_was_refused_is_not_carried_out_later() {
    let dir = tempfile::tempdir().unwrap();
    let host = Fixture::new();
    std::fs::remove_file(host.path("proc/meminfo")).unwrap();
    let mut checks = checks_at(&host, dir.path());
    let mut answered = order(&mut checks, None).await;
    assert_eq!(refusal(&mut answered).0, RefusedCode::Failed);
    assert_eq!(checks.orders.get("site"), None);
}

#[tokio::test]
async fn a_step_that_breaks_leaves_nobody_waiting() {
    let dir = tempfile::tempdir().unwrap();
    let mut checks = checks(dir.path());
    checks.steps.begin_endless("site", Action::Hold);
    let (reply, mut answered) = oneshot::channel();
    checks.asked.insert("site".into(), reply);
    checks.steps.break_all();
    let over = tokio::time::timeout(Duration::from_secs(10), checks.happened());
    let over = over.await.unwrap();
    checks.handle(over).await;
    assert_eq!(refusal(&mut answered).0, RefusedCode::Failed);
}
