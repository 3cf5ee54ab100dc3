//! The way up and down.

use std::thread;
use std::time::Duration;

use anyhow::Result;
use autoscaler::act::{ActOptions, Workers};
use autoscaler::model::MemoryError;
use autoscaler_tests::server::{Options, state};
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::{GUNICORNS, NEWEST};
use autoscaler_tests::{Load, ScratchCgroup, Server, Venv, require_root, until};

use super::bench::{TIMING, actor, apply, apply_while, project, sample, signals_got};

const MODE: ActOptions = ActOptions {
    dry_run: false,
    timing: TIMING,
};

#[test]
fn eight_steps_in_a_row_arrive_as_eight_and_back_down_no_request_fails() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    for version in GUNICORNS {
        let cgroup = ScratchCgroup::new("steps")?;
        let server = Server::gunicorn(&Venv::gunicorn(version)?, &cgroup, &Options::workers(1))?;
        let (actor, project) = (actor(MODE)?, project(9));

        let up = apply(&actor, &project, &sample(&server, &cgroup)?, 9)?;
        assert_eq!(
            up.workers,
            Ok(Workers::Scaled { from: 1, to: 9 }),
            "gunicorn {version}"
        );
        assert_eq!(server.workers().len(), 9, "gunicorn {version}");
        assert_eq!(
            signals_got(&server, "ttin"),
            8,
            "gunicorn {version}: {}",
            server.log()
        );

        // Short requests all the time, and a longer one in each worker when its signal comes.
        let short = Load::start(server.address(), 4, "/sleep/0.02");
        let long = Load::start(server.address(), 9, "/sleep/0.3");
        until("requests in flight", Duration::from_mins(1), || {
            server
                .get("/")
                .is_ok_and(|(status, _)| status == 200)
                .then_some(())
        })?;
        let down = apply(&actor, &project, &sample(&server, &cgroup)?, 1)?;
        assert_eq!(
            down.workers,
            Ok(Workers::Scaled { from: 9, to: 1 }),
            "gunicorn {version}"
        );
        // The kernel takes an exiting process out of its cgroup before it becomes a zombie.
        server.wait_workers(1)?;
        assert_eq!(
            signals_got(&server, "ttou"),
            8,
            "gunicorn {version}: {}",
            server.log()
        );
        for (kind, load) in [("short", short), ("long", long)] {
            let totals = load.stop();
            assert!(totals.answered > 9, "gunicorn {version}, {kind}: {totals:?}");
            assert!(
                totals.failed.is_empty(),
                "gunicorn {version}, {kind}: {:?}",
                totals.failed
            );
        }
    }
    Ok(())
}

#[test]
fn uvicorn_goes_up_and_down() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("uvicorn-steps")?;
    let server = Server::uvicorn(&Venv::uvicorn(NEWEST)?, &cgroup, &Options::workers(2))?;
    let (actor, project) = (actor(MODE)?, project(5));
    let up = apply(&actor, &project, &sample(&server, &cgroup)?, 5)?;
    assert_eq!(up.workers, Ok(Workers::Scaled { from: 2, to: 5 }));
    let down = apply(&actor, &project, &sample(&server, &cgroup)?, 2)?;
    assert_eq!(down.workers, Ok(Workers::Scaled { from: 5, to: 2 }));
    server.wait_workers(2)?;
    Ok(())
}

#[test]
fn a_wrapper_shell_is_never_stopped() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("shell-steps")?;
    let options = Options {
        wrapper_shell: true,
        ..Options::workers(1)
    };
    let server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &options)?;
    let (actor, project) = (actor(MODE)?, project(4));
    let sample = sample(&server, &cgroup)?;
    let outcome = apply_while(&actor, &project, &sample, 4, || {
        until("four workers", Duration::from_mins(1), || {
            assert_ne!(state(server.main_pid()), Some('T'), "the shell was stopped");
            (server.workers().len() == 4).then_some(())
        })
    })?;
    assert_eq!(outcome.workers, Ok(Workers::Scaled { from: 1, to: 4 }));
    assert_ne!(state(server.main_pid()), Some('T'), "the shell was stopped");
    Ok(())
}

#[test]
fn a_dry_run_signals_nobody() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("dry")?;
    let server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &Options::workers(2))?;
    let actor = actor(ActOptions {
        dry_run: true,
        timing: TIMING,
    })?;
    let sample = sample(&server, &cgroup)?;
    for to in [5, 1] {
        let planned = apply(&actor, &project(5), &sample, to)?;
        assert!(planned.dry_run);
        assert_eq!(planned.workers, Ok(Workers::Scaled { from: 2, to }));
    }
    // A signal sent now is seen after any that was sent before.
    let real = super::bench::actor(MODE)?;
    apply(&real, &project(5), &sample, 3)?.workers?;
    assert_eq!(
        (signals_got(&server, "ttin"), signals_got(&server, "ttou")),
        (1, 0)
    );
    Ok(())
}

#[test]
fn a_project_may_be_acted_on_while_another_waits() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let venv = Venv::gunicorn(NEWEST)?;
    let cgroups = [ScratchCgroup::new("one")?, ScratchCgroup::new("two")?];
    let servers: Vec<Server> = cgroups
        .iter()
        .map(|cgroup| Server::gunicorn(&venv, cgroup, &Options::workers(1)))
        .collect::<Result<_>>()?;
    let actor = actor(MODE)?;
    thread::scope(|scope| -> Result<()> {
        let mut running = Vec::new();
        for (server, cgroup) in servers.iter().zip(&cgroups) {
            let (actor, sample) = (&actor, sample(server, cgroup)?);
            running.push(scope.spawn(move || apply(actor, &project(4), &sample, 4)));
        }
        for applied in running {
            let outcome = applied.join().expect("the actor panicked")?;
            assert_eq!(outcome.workers, Ok(Workers::Scaled { from: 1, to: 4 }));
        }
        Ok(())
    })?;
    assert!(servers.iter().all(|server| signals_got(server, "ttin") == 3));
    Ok(())
}

#[test]
fn without_a_memory_controller_the_workers_are_scaled_all_the_same() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("no-memory")?;
    if cgroup.path().join("memory.max").exists() {
        eprintln!("skipped: the memory controller is enabled on cgroup v2 here");
        return Ok(());
    }
    let server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &Options::workers(1))?;
    let outcome = apply(&actor(MODE)?, &project(2), &sample(&server, &cgroup)?, 2)?;
    assert_eq!(outcome.workers, Ok(Workers::Scaled { from: 1, to: 2 }));
    assert!(
        matches!(outcome.memory, Some(Err(MemoryError::Unavailable { .. }))),
        "{:?}",
        outcome.memory
    );
    Ok(())
}
