//! Servers that change while they are acted on.

use std::thread;
use std::time::Duration;

use anyhow::Result;
use autoscaler::act::{ActOptions, Timing};
use autoscaler::model::{AfterBoot, Cause, Refusal, Step};
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::{GUNICORNS, NEWEST};
use autoscaler_tests::{ScratchCgroup, Server, Venv, require_root, until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::bench::{TIMING, actor, apply, apply_while, project, sample, signals_got};

const MODE: ActOptions = ActOptions {
    dry_run: false,
    timing: TIMING,
};

fn hup(server: &Server) -> Result<()> {
    Ok(kill(
        Pid::from_raw(i32::try_from(server.master_pid())?),
        Signal::SIGHUP,
    )?)
}

#[test]
fn a_master_killed_after_the_observation_is_gone() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("killed")?;
    let mut server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &Options::workers(1))?;
    let sample = sample(&server, &cgroup)?;
    let pid = server.master_pid();
    server.kill()?;
    let error = apply(&actor(MODE)?, &project(4), &sample, 3)?
        .workers
        .unwrap_err();
    assert_eq!(error.cause, Cause::Refused(Refusal::Gone { pid }));
    assert_eq!((error.from, error.reached, error.wanted), (1, 1, 3));
    Ok(())
}

#[test]
fn a_master_killed_between_two_steps_ends_the_way() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("killed-midway")?;
    let mut server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &Options::workers(1))?;
    let sample = sample(&server, &cgroup)?;
    let pid = server.master_pid();
    let outcome = apply_while(&actor(MODE)?, &project(90), &sample, 90, || {
        server.wait_workers_at_least(3)?;
        server.kill()
    })?;
    let error = outcome.workers.unwrap_err();
    // Where the kill comes before the next worker is seen, that one may as well have ended the server.
    let ended = Cause::BootFailed {
        pid: None,
        server: AfterBoot::Ended,
    };
    let gone = Cause::Refused(Refusal::Gone { pid });
    assert!(error.cause == gone || error.cause == ended, "{error}");
    assert!(error.reached < 90, "{error}");
    Ok(())
}

#[test]
fn a_reload_after_the_observation_is_noticed_before_any_signal() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    for version in GUNICORNS {
        let cgroup = ScratchCgroup::new("reload")?;
        let server = Server::gunicorn(&Venv::gunicorn(version)?, &cgroup, &Options::workers(1))?;
        let (actor, project) = (actor(MODE)?, project(9));
        apply(&actor, &project, &sample(&server, &cgroup)?, 4)?.workers?;
        let before = sample(&server, &cgroup)?;
        hup(&server)?;
        let old = server.workers();
        until("the reload", Duration::from_mins(1), || {
            let now = server.workers();
            (now.len() == 1 && !old.contains(&now[0])).then_some(())
        })?;
        let error = apply(&actor, &project, &before, 5)?.workers.unwrap_err();
        assert_eq!(error.cause, Cause::Reloaded, "gunicorn {version}");
        assert_eq!((error.from, error.reached, error.wanted), (4, 1, 5));
        assert_eq!(signals_got(&server, "ttin"), 3, "gunicorn {version}");
    }
    Ok(())
}

#[test]
fn a_reload_between_two_steps_ends_the_way() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    for version in GUNICORNS {
        let cgroup = ScratchCgroup::new("reload-midway")?;
        let server = Server::gunicorn(&Venv::gunicorn(version)?, &cgroup, &Options::workers(1))?;
        let sample = sample(&server, &cgroup)?;
        let outcome = apply_while(&actor(MODE)?, &project(60), &sample, 60, || {
            server.wait_workers_at_least(4)?;
            hup(&server)
        })?;
        // On a busy machine the old workers may go one by one between the looks, so slowly that the count never lacks one:
        // then all that were asked for are there, and none too many.
        match outcome.workers {
            Ok(_) => assert!(server.workers().len() <= 60, "gunicorn {version}"),
            Err(error) => {
                let noticed = matches!(error.cause, Cause::Reloaded | Cause::Moved { .. });
                assert!(noticed, "gunicorn {version}: {error}");
                assert!(error.reached < 60, "gunicorn {version}: {error}");
            }
        }
    }
    Ok(())
}

#[test]
fn a_worker_that_will_not_die_gets_one_signal_in_all() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("stubborn")?;
    // Without its timeout, gunicorn lets a request take for ever.
    let options = Options::workers(2).args(&["--timeout", "0"]);
    let server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &options)?;
    for _ in 0..2 {
        let address = server.address().clone();
        thread::spawn(move || drop(address.get("/sleep/3600", Duration::from_mins(5))));
    }
    // Long enough that an idle worker answers on a busy machine, too.
    until("both workers to be busy", Duration::from_mins(1), || {
        server
            .address()
            .get("/", Duration::from_secs(2))
            .is_err()
            .then_some(())
    })?;

    let down = Duration::from_secs(2);
    let actor = actor(ActOptions {
        dry_run: false,
        timing: Timing {
            up: down,
            down,
            ..TIMING
        },
    })?;
    let sample = sample(&server, &cgroup)?;
    let error = apply(&actor, &project(4), &sample, 1)?.workers.unwrap_err();
    assert_eq!((error.from, error.reached, error.wanted), (2, 2, 1));
    let expected = Cause::TimedOut {
        step: Step::Down,
        after: down,
        workers: sample.workers.clone(),
    };
    assert_eq!(error.cause, expected);

    // The next check finds the same worker still there: no further one is taken away.
    let error = apply(&actor, &project(4), &sample, 1)?.workers.unwrap_err();
    let stands = matches!(error.cause, Cause::Unanswered { step: Step::Down, .. });
    assert!(stands, "{error}");
    assert_eq!(signals_got(&server, "ttou"), 1);

    // Where the load has come back, a worker is asked for that is to take its place; only one.
    for _ in 0..2 {
        let error = apply(&actor, &project(4), &sample, 3)?.workers.unwrap_err();
        assert!(
            matches!(
                error.cause,
                Cause::TimedOut { step: Step::Up, .. } | Cause::Unanswered { step: Step::Up, .. }
            ),
            "{error}"
        );
    }
    assert_eq!(
        (signals_got(&server, "ttou"), signals_got(&server, "ttin")),
        (1, 1)
    );
    kill(
        Pid::from_raw(i32::try_from(sample.workers[0].pid)?),
        Signal::SIGKILL,
    )?;
    until("another in its place", Duration::from_mins(1), || {
        let now = server.workers();
        (now.len() == 2 && !now.contains(&sample.workers[0].pid)).then_some(())
    })?;
    Ok(())
}
