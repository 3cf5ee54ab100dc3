//! Which process would take the signals.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Result;
use autoscaler::host::process::Procfs;
use autoscaler::model::Unobservable;
use autoscaler_tests::server::{Options, apps, children, state};
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::{GUNICORNS, NEWEST};
use autoscaler_tests::{ScratchCgroup, Server, Venv, require_root, until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{LIMIT, look};

#[test]
fn gunicorn_of_every_age_is_its_own_master() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    for version in GUNICORNS {
        let cgroup = ScratchCgroup::new("master")?;
        let server = Server::gunicorn(&Venv::gunicorn(version)?, &cgroup, &Options::workers(2))?;
        let sample = look(&cgroup).unwrap();
        assert_eq!(sample.master.pid, server.master_pid(), "gunicorn {version}");
    }
    Ok(())
}

#[test]
fn below_a_wrapper_shell_gunicorn_is_found() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("wrapper")?;
    let options = Options {
        wrapper_shell: true,
        ..Options::workers(2)
    };
    let server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &options)?;
    let sample = look(&cgroup).unwrap();
    assert_ne!(sample.master.pid, server.main_pid());
    assert_eq!(sample.master.pid, server.master_pid());
    Ok(())
}

#[test]
fn what_catches_no_signal_is_refused_by_name() -> Result<()> {
    if !require_root() {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("sleeper")?;
    let mut sleeper = Command::new("sleep").arg("600").spawn()?;
    cgroup.add(sleeper.id())?;
    // Until the fork has become `sleep`, it has the name of this test.
    let seen = until("sleep to be refused", LIMIT, || match look(&cgroup) {
        Err(Unobservable::NotAWorkerServer { pid, command }) if command == "sleep" => Some(pid),
        _ => None,
    });
    // It may just be on its way to sleep; stopped, it would stay so.
    let sleeps = until("sleep to sleep, not to be stopped", LIMIT, || {
        (state(sleeper.id()) == Some('S')).then_some(())
    });
    sleeper.kill()?;
    sleeper.wait()?;
    assert_eq!(seen?, sleeper.id());
    sleeps
}

#[test]
fn two_servers_in_one_cgroup_are_refused() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("two")?;
    let venv = Venv::gunicorn(NEWEST)?;
    let first = Server::gunicorn(&venv, &cgroup, &Options::workers(1))?;
    let second = Server::gunicorn(&venv, &cgroup, &Options::workers(1))?;
    let Err(Unobservable::SeveralMasters { mut pids }) = look(&cgroup) else {
        panic!("{:?}", look(&cgroup));
    };
    pids.sort_unstable();
    let mut masters = vec![first.master_pid(), second.master_pid()];
    masters.sort_unstable();
    assert_eq!(pids, masters);
    Ok(())
}

#[test]
fn an_upgrade_in_place_is_refused_while_it_lasts() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("upgrade")?;
    let server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &Options::workers(1))?;
    let old = server.master_pid();
    kill(Pid::from_raw(i32::try_from(old)?), Signal::SIGUSR2)?;
    // From its exec on the new master is one, before it handles any signal.
    let pids = until("two masters", LIMIT, || match look(&cgroup) {
        Err(Unobservable::SeveralMasters { pids }) => Some(pids),
        _ => None,
    })?;
    assert_eq!(pids.len(), 2);
    assert_eq!(pids[0], old);
    kill(Pid::from_raw(i32::try_from(old)?), Signal::SIGQUIT)?;
    let new = until("the new master alone", LIMIT, || {
        look(&cgroup).ok().map(|sample| sample.master.pid)
    })?;
    assert_eq!(new, pids[1]);
    Ok(())
}

/// Between fork and exec a new master has its master's handlers, right after the exec it has none: at neither moment is
/// the old one alone.
#[test]
fn the_moments_of_an_upgrade_show_no_master_alone() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("moments")?;
    let program = apps().join("upgrade.py");
    let mut master = Command::new("python3")
        .arg(&program)
        .stdout(Stdio::null())
        .spawn()?;
    cgroup.add(master.id())?;
    let old = master.id();
    let result = moments(&cgroup, old);
    master.kill()?;
    master.wait()?;
    result
}

fn moments(cgroup: &ScratchCgroup, old: u32) -> Result<()> {
    let procfs = Procfs::default();
    let to = |pid: u32, signal| -> Result<()> { Ok(kill(Pid::from_raw(i32::try_from(pid)?), signal)?) };
    until("the old master", LIMIT, || look(cgroup).ok())?;
    // Its handler of USR2 is the last that it sets.
    until("all its handlers", LIMIT, || {
        let caught = procfs.status(old).ok()?.caught;
        caught.contains(Signal::SIGUSR2).then_some(())
    })?;
    to(old, Signal::SIGUSR2)?;
    let stopped = |forked: bool| {
        until("the new one to stand still", LIMIT, || {
            let pid = *children(old).first()?;
            let stat = procfs.stat(pid).ok()?;
            (stat.forked == forked && stat.letter == 'T').then_some(stat.id)
        })
    };
    let new = stopped(true)?;
    match look(cgroup) {
        Err(Unobservable::Forking { pid }) => assert_eq!(pid, new.pid),
        // On a crowded machine it may have stood still for so long that it passes for a worker.
        Ok(sample) if procfs.age(new)? > Duration::from_secs(3) => assert_eq!(sample.workers, [new]),
        other => panic!("{other:?}"),
    }
    to(new.pid, Signal::SIGCONT)?;
    assert_eq!(stopped(false)?, new);
    assert!(!procfs.status(new.pid)?.caught.has_worker_signals());
    let both = Unobservable::SeveralMasters {
        pids: vec![old, new.pid],
    };
    assert_eq!(look(cgroup), Err(both.clone()));
    to(new.pid, Signal::SIGCONT)?;
    until("its handlers", LIMIT, || {
        let caught = procfs.status(new.pid).ok()?.caught;
        caught.contains(Signal::SIGUSR2).then_some(())
    })?;
    assert_eq!(look(cgroup), Err(both));
    Ok(())
}

#[test]
fn workers_that_outlive_their_master_are_not_taken_for_it() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("orphans")?;
    let venv = Venv::gunicorn(NEWEST)?;
    let mut server = Server::gunicorn(&venv, &cgroup, &Options::workers(2))?;
    let orphans = server.workers();
    // A worker that has just been forked still has its master's handlers, and would pass for one.
    until("both workers to have handlers of their own", LIMIT, || {
        let booted = |pid: &u32| {
            let status = Procfs::default().status(*pid);
            status.is_ok_and(|status| !status.caught.contains(Signal::SIGHUP))
        };
        orphans.iter().all(booted).then_some(())
    })?;
    // Stopped, so that they are still there when the next master is.
    for pid in &orphans {
        kill(Pid::from_raw(i32::try_from(*pid)?), Signal::SIGSTOP)?;
    }
    server.kill()?;
    let next = Server::gunicorn(&venv, &cgroup, &Options::workers(1))?;
    assert!(orphans.iter().all(|pid| cgroup.pids().contains(pid)));
    let sample = look(&cgroup).unwrap();
    assert_eq!(sample.master.pid, next.master_pid());
    assert_eq!(sample.worker_count(), 1);
    Ok(())
}
