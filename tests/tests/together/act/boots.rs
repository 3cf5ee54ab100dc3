//! New workers that cannot boot: said so, and never called done.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};
use autoscaler::act::{ActOptions, Timing, Workers};
use autoscaler::host::process::Procfs;
use autoscaler::model::{AfterBoot, Cause, ScaleError};
use autoscaler::observe::{CodeSource, Serving, boots_from, newer_code, serving};
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::{GUNICORNS, NEWEST};
use autoscaler_tests::{ScratchCgroup, Server, Venv, require_root, until};

use super::bench::{TIMING, actor, apply, project, sample};

const MODE: ActOptions = ActOptions {
    dry_run: false,
    timing: TIMING,
};
const LIMIT: Duration = Duration::from_mins(1);

const WSGI: &str =
    "def app(environ, start):\n    start('200 OK', [('Content-Length', '0')])\n    return [b'']\n";
const ASGI: &str = "async def app(scope, receive, send):\n    await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n    await send({'type': 'http.response.body', 'body': b''})\n";
/// What half a deployment leaves.
const BROKEN: &str = "import no_such_module\n";

/// A directory with the application `shop:app`.
fn application(code: &str) -> Result<tempfile::TempDir> {
    let directory = tempfile::tempdir()?;
    fs::write(directory.path().join("shop.py"), code)?;
    Ok(directory)
}

fn deploy(directory: &tempfile::TempDir, code: &str) -> Result<()> {
    Ok(fs::write(directory.path().join("shop.py"), code)?)
}

fn gunicorn(version: &str, cgroup: &ScratchCgroup, app: &tempfile::TempDir, more: &[&str]) -> Result<Server> {
    let directory = app.path().display().to_string();
    let mut options = Options::workers(1).args(&["--chdir", &directory]).args(more);
    options.app = Some("shop:app".to_owned());
    Server::gunicorn(&Venv::gunicorn(version)?, cgroup, &options)
}

fn failure(server: &Server, cgroup: &ScratchCgroup) -> Result<ScaleError> {
    let outcome = apply(&actor(MODE)?, &project(3), &sample(server, cgroup)?, 2)?;
    Ok(outcome.workers.expect_err("the worker cannot boot"))
}

#[test]
fn a_worker_that_cannot_boot_ends_gunicorn_and_is_no_step() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    for version in GUNICORNS {
        let cgroup = ScratchCgroup::new("broken")?;
        let app = application(WSGI)?;
        let server = gunicorn(version, &cgroup, &app, &[])?;
        let seen = sample(&server, &cgroup)?;
        let procfs = Procfs::default();
        assert_eq!(newer_code(&procfs, &seen), None, "gunicorn {version}");
        // A process's start is told in ticks of 10 ms (`proc_pid_stat(5)`), and this one may have served within the first.
        until("the worker to be older than a tick", LIMIT, || {
            let age = procfs.age(*seen.workers.first()?).ok()?;
            (age > Duration::from_millis(100)).then_some(())
        })?;
        deploy(&app, BROKEN)?;
        let newer = newer_code(&procfs, &seen).map(|code| code.path);
        let told = || format!("gunicorn {version}, {seen:?}\n{}", server.log());
        assert_eq!(newer, Some(app.path().join("shop.py")), "{}", told());
        let Cause::BootFailed { server: then, .. } = failure(&server, &cgroup)?.cause else {
            panic!("gunicorn {version}: {}", server.log());
        };
        assert_eq!(then, AfterBoot::Ended, "gunicorn {version}: {}", server.log());
    }
    Ok(())
}

#[test]
fn with_preload_a_worker_boots_whatever_is_on_disk() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("preload")?;
    let app = application(WSGI)?;
    let server = gunicorn(NEWEST, &cgroup, &app, &["--preload"])?;
    deploy(&app, BROKEN)?;
    let seen = sample(&server, &cgroup)?;
    assert_eq!(
        boots_from(&Procfs::default(), seen.master.pid),
        CodeSource::Master
    );
    assert_eq!(newer_code(&Procfs::default(), &seen), None);
    let outcome = apply(&actor(MODE)?, &project(3), &seen, 2)?;
    assert_eq!(outcome.workers?, Workers::Scaled { from: 1, to: 2 });
    Ok(())
}

/// uvicorn starts it again and again, and takes its newest worker away: the step is taken back.
#[test]
fn a_worker_that_uvicorn_starts_again_and_again_is_taken_back() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("broken-uvicorn")?;
    let app = application(ASGI)?;
    let directory = app.path().display().to_string();
    let venv = Venv::uvicorn(NEWEST)?;
    // Of two `--app-dir` the last counts; the application is the last argument.
    let options = Options::workers(2).args(&["--app-dir", &directory, "--factory"]);
    deploy(
        &app,
        &format!("{ASGI}inner = app\ndef app():\n    return inner\n"),
    )?;
    fs::rename(app.path().join("shop.py"), app.path().join("asgi.py"))?;
    let server = Server::uvicorn(&venv, &cgroup, &options)?;
    until("both workers to have the code", LIMIT, || {
        (server.log().matches("Application startup complete").count() == 2).then_some(())
    })?;
    fs::write(app.path().join("asgi.py"), BROKEN)?;
    let before = server.workers();
    // On a crowded machine Python alone takes seconds to start.
    let patient = ActOptions {
        timing: Timing {
            settle: Duration::from_secs(6),
            ..TIMING
        },
        ..MODE
    };
    let outcome = apply(&actor(patient)?, &project(4), &sample(&server, &cgroup)?, 3)?;
    let error = outcome.workers.expect_err("the worker cannot boot");
    let Cause::BootFailed { server: then, .. } = error.cause else {
        panic!("{error}\n{}", server.log());
    };
    assert_eq!(then, AfterBoot::TakenBack, "{}", server.log());
    let alone = until("the two that serve, alone", LIMIT, || {
        (server.workers() == before).then_some(())
    });
    alone.with_context(|| format!("{before:?}, now {:?}\n{}", server.workers(), server.log()))?;
    assert_eq!(server.get("/")?.0, 200);
    Ok(())
}

/// By what a worker is known to serve: its heartbeat, or the listening socket that it waits for, of every class.
#[test]
fn a_worker_of_each_kind_is_seen_to_serve_once_it_does() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let slow = format!("import time\ntime.sleep(3)\n{WSGI}");
    for (version, class) in [
        (NEWEST, "sync"),
        (NEWEST, "gthread"),
        ("20.1.0", "sync"),
        ("20.1.0", "gthread"),
    ] {
        let cgroup = ScratchCgroup::new("serves")?;
        let app = application(WSGI)?;
        let server = gunicorn(version, &cgroup, &app, &["--worker-class", class])?;
        let procfs = Procfs::default();
        let seen = |pid| serving(&procfs, pid);
        let first = server.workers()[0];
        until("the first to serve", LIMIT, || {
            (seen(first).ok()? == Serving::Yes).then_some(())
        })?;
        deploy(&app, &slow)?;
        let outcome = apply(&actor(MODE)?, &project(3), &sample(&server, &cgroup)?, 2)?;
        let started = std::time::Instant::now();
        assert_eq!(outcome.workers?, Workers::Scaled { from: 1, to: 2 }, "{class}");
        let newest = *server.workers().last().expect("a second worker");
        assert_eq!(
            seen(newest)?,
            Serving::Yes,
            "{version} {class}: {:?}",
            started.elapsed()
        );
    }
    Ok(())
}
