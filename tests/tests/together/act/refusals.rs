//! What must not be signalled is not.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use autoscaler::act::{ActOptions, SignalTarget, WorkerSignal, Workers};
use autoscaler::host::cgroup::CgroupMount;
use autoscaler::host::process::Procfs;
use autoscaler::model::{ProcessId, ProjectSample, Refusal};
use autoscaler_tests::cgroup::mount;
use autoscaler_tests::server::{Options, state};
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::NEWEST;
use autoscaler_tests::{ScratchCgroup, Server, Venv, require_root, until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::bench::{MODE, TIMING, actor, apply, id, project, refusal, sample, sample_of, signals_got};

const LIMIT: Duration = Duration::from_mins(1);

/// A process that catches nothing, ended when dropped.
struct Bystander(Child);

impl Bystander {
    fn start(cgroup: &ScratchCgroup) -> Result<Self> {
        let child = Command::new("sleep")
            .arg("600")
            .spawn()
            .context("cannot start sleep")?;
        let bystander = Self(child);
        cgroup.add(bystander.0.id())?;
        Ok(bystander)
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_process_that_catches_neither_signal_is_refused_and_not_stopped() -> Result<()> {
    if !require_root() {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("bystander")?;
    let bystander = Bystander::start(&cgroup)?;
    let pid = bystander.0.id();
    // Until the fork has become `sleep`, it has the name of this test. Stopped, it would stay so.
    let sleeps = || {
        until("sleep to sleep", LIMIT, || {
            (state(pid) == Some('S')).then_some(())
        })
    };
    sleeps()?;
    let sample = sample_of(cgroup.path(), id(pid)?, vec![id(pid)?]);
    for dry_run in [true, false] {
        let actor = actor(ActOptions {
            dry_run,
            timing: TIMING,
        })?;
        let refused = refusal(apply(&actor, &project(4), &sample, 2)?);
        assert_eq!(
            refused,
            Some(Refusal::WouldStop {
                pid,
                command: "sleep".to_owned()
            })
        );
    }
    sleeps()
}

/// An exec keeps pid and start time, and drops every handler: what was true when the process was looked at is true no more.
#[test]
fn a_process_that_has_become_another_program_is_refused_and_not_stopped() -> Result<()> {
    if !require_root() {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("exec")?;
    let mut child = Command::new("bash");
    child
        .args(["-c", "trap : TTIN TTOU; read -r; exec sleep 600"])
        .stdin(Stdio::piped());
    let mut bystander = Bystander(child.spawn().context("cannot start bash")?);
    cgroup.add(bystander.0.id())?;
    let pid = bystander.0.id();
    let own = CgroupMount::at(mount()?).open(&cgroup.relative())?;
    let procfs = Procfs::default();
    let target = until("bash to catch the signals", LIMIT, || {
        SignalTarget::open(&procfs, &own, id(pid).ok()?).ok()
    })?;
    drop(bystander.0.stdin.take());
    until("bash to be sleep", LIMIT, || {
        (procfs.stat(pid).ok()?.command == "sleep").then_some(())
    })?;
    let refused = target.send(WorkerSignal::Add).unwrap_err();
    assert!(matches!(refused, Refusal::WouldStop { .. }), "{refused:?}");
    assert_eq!(state(pid), Some('S'));
    Ok(())
}

#[test]
fn a_reused_pid_is_refused() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("reused")?;
    let server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &Options::workers(1))?;
    let mut sample = sample(&server, &cgroup)?;
    sample.master = ProcessId {
        start_ticks: sample.master.start_ticks - 1,
        ..sample.master
    };
    let refused = refusal(apply(&actor(MODE)?, &project(4), &sample, 2)?);
    assert_eq!(
        refused,
        Some(Refusal::Reused {
            pid: server.master_pid()
        })
    );
    assert_eq!(server.workers().len(), 1);
    Ok(())
}

#[test]
fn a_master_in_another_cgroup_is_refused() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("home")?;
    let other = ScratchCgroup::new("other")?;
    let server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &Options::workers(1))?;
    let sample = ProjectSample {
        cgroup: other.path().to_owned(),
        container: None,
        ..sample(&server, &cgroup)?
    };
    let refused = refusal(apply(&actor(MODE)?, &project(4), &sample, 2)?);
    assert!(matches!(refused, Some(Refusal::Elsewhere { .. })), "{refused:?}");
    assert_eq!(signals_got(&server, "ttin"), 0);
    Ok(())
}

#[test]
fn a_server_in_a_cgroup_below_the_projects_is_its_own() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("nested")?;
    let server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &Options::workers(1))?;
    let below = cgroup.child("payload")?;
    for pid in cgroup.pids() {
        std::fs::write(below.join("cgroup.procs"), pid.to_string())?;
    }
    let outcome = apply(&actor(MODE)?, &project(4), &sample(&server, &cgroup)?, 3)?;
    assert_eq!(outcome.workers, Ok(Workers::Scaled { from: 1, to: 3 }));
    Ok(())
}

#[test]
fn a_stopped_master_is_refused_until_it_goes_on() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("stopped")?;
    let server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &Options::workers(1))?;
    let (actor, sample) = (actor(MODE)?, sample(&server, &cgroup)?);
    let pid = server.master_pid();
    let raw = Pid::from_raw(i32::try_from(pid)?);
    kill(raw, Signal::SIGSTOP)?;
    until("the master to stop", LIMIT, || {
        (state(pid) == Some('T')).then_some(())
    })?;
    assert_eq!(
        refusal(apply(&actor, &project(4), &sample, 2)?),
        Some(Refusal::Stopped { pid })
    );
    kill(raw, Signal::SIGCONT)?;
    until("the master to go on", LIMIT, || {
        (state(pid) != Some('T')).then_some(())
    })?;
    let outcome = apply(&actor, &project(4), &sample, 2)?;
    assert_eq!(outcome.workers, Ok(Workers::Scaled { from: 1, to: 2 }));
    Ok(())
}

#[test]
fn a_disabled_project_is_not_touched() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("disabled")?;
    let server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &Options::workers(1))?;
    let mut project = project(4);
    project.enabled = false;
    let outcome = apply(&actor(MODE)?, &project, &sample(&server, &cgroup)?, 3)?;
    assert_eq!(outcome.workers, Ok(Workers::Untouched));
    assert!(outcome.memory.is_none());
    assert_eq!(signals_got(&server, "ttin"), 0);
    Ok(())
}
