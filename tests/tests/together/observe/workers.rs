//! Which processes serve: those that answer requests, and no other child.

use std::collections::BTreeSet;

use anyhow::Result;
use autoscaler_tests::server::{Options, apps};
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::{GUNICORNS, NEWEST};
use autoscaler_tests::{ScratchCgroup, Server, Venv, require_root, until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{LIMIT, look, workers};

/// Asks until `count` different processes have answered: the workers, by what they do.
fn answering(server: &Server, count: usize) -> Result<BTreeSet<u32>> {
    let mut pids = BTreeSet::new();
    until(&format!("answers of {count} workers"), LIMIT, || {
        pids.extend(
            server
                .get("/")
                .ok()
                .and_then(|(_, body)| body.parse::<u32>().ok()),
        );
        (pids.len() >= count).then_some(())
    })?;
    Ok(pids)
}

fn seen(cgroup: &ScratchCgroup) -> BTreeSet<u32> {
    workers(cgroup).into_iter().collect()
}

#[test]
fn gunicorns_workers_are_those_that_answer() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    for version in GUNICORNS {
        let cgroup = ScratchCgroup::new("workers")?;
        let server = Server::gunicorn(&Venv::gunicorn(version)?, &cgroup, &Options::workers(2))?;
        assert_eq!(seen(&cgroup), answering(&server, 2)?, "gunicorn {version}");
    }
    Ok(())
}

#[test]
fn the_masters_other_children_do_not_count() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let config = apps().join("company.py");
    for version in GUNICORNS {
        let cgroup = ScratchCgroup::new("company")?;
        let options = Options::workers(2).args(&["--preload", "--config", &config.display().to_string()]);
        let server = Server::gunicorn(&Venv::gunicorn(version)?, &cgroup, &options)?;
        // Master, two workers, two managers, one program; the newest has a dirty arbiter with its worker too.
        let all = if version == NEWEST { 8 } else { 6 };
        until("the whole company", LIMIT, || {
            (cgroup.pids().len() >= all).then_some(())
        })?;
        let answering = answering(&server, 2)?;
        // The dirty arbiter takes a moment to set its own handlers.
        until("the workers alone", LIMIT, || {
            (seen(&cgroup) == answering).then_some(())
        })
        .map_err(|error| {
            anyhow::anyhow!(
                "gunicorn {version}: {error}: {answering:?} answer, {:?} are counted",
                seen(&cgroup)
            )
        })?;
        for _ in 0..50 {
            assert_eq!(seen(&cgroup), answering, "gunicorn {version}");
        }
    }
    Ok(())
}

#[test]
fn titles_of_setproctitle_change_nothing() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let venv = Venv::gunicorn_with_titles()?;
    let cgroup = ScratchCgroup::new("titled")?;
    let config = apps().join("company.py");
    let options = Options::workers(2).args(&["--config", &config.display().to_string()]);
    let server = Server::gunicorn(&venv, &cgroup, &options)?;
    until("the whole company", LIMIT, || {
        (cgroup.pids().len() >= 8).then_some(())
    })?;
    assert_eq!(look(&cgroup).unwrap().master.pid, server.master_pid());
    let answering = answering(&server, 2)?;
    until("the workers alone", LIMIT, || {
        (seen(&cgroup) == answering).then_some(())
    })?;
    Ok(())
}

#[test]
fn every_worker_class_is_counted() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let venv = Venv::gunicorn_with_classes()?;
    for (class, app) in [
        ("gthread", "wsgi:app"),
        ("gevent", "wsgi:app"),
        ("asgi", "asgi:app"),
        ("uvicorn_worker.UvicornWorker", "asgi:app"),
    ] {
        let cgroup = ScratchCgroup::new("classes")?;
        let options = Options {
            app: Some(app.to_owned()),
            ..Options::workers(2).args(&["--worker-class", class])
        };
        let server = Server::gunicorn(&venv, &cgroup, &options)?;
        let answering = answering(&server, 2)?;
        until(&format!("the two workers of {class}"), LIMIT, || {
            (seen(&cgroup) == answering).then_some(())
        })?;
    }
    Ok(())
}

#[test]
fn uvicorns_workers_are_counted_without_the_resource_tracker() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("uvicorn")?;
    let server = Server::uvicorn(&Venv::uvicorn(NEWEST)?, &cgroup, &Options::workers(2))?;
    let sample = look(&cgroup).unwrap();
    assert_eq!(sample.master.pid, server.master_pid());
    assert_eq!(seen(&cgroup), answering(&server, 2)?);
    assert!(cgroup.pids().len() > 3, "no resource tracker to be told apart");
    Ok(())
}

#[test]
fn a_worker_more_is_seen_and_the_oldest_comes_first() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("one-more")?;
    let server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &Options::workers(1))?;
    let first = workers(&cgroup);
    kill(
        Pid::from_raw(i32::try_from(server.master_pid())?),
        Signal::SIGTTIN,
    )?;
    let both = until("two workers", LIMIT, || {
        Some(workers(&cgroup)).filter(|pids| pids.len() == 2)
    })?;
    assert_eq!(both[0], first[0]);
    Ok(())
}
