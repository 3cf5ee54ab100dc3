//! The daemon itself, with real Celery workers on a real Redis.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use autoscaler_tests::broker::{Access, RabbitMq, Redis};
use autoscaler_tests::celery::{App, Worker};
use autoscaler_tests::daemon::program;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::{CELERIES, NEWEST};
use autoscaler_tests::{Daemon, Home, ScratchCgroup, Venv, require_root, until};
use serde_json::Value;

const SOON: Duration = Duration::from_mins(2);

/// A project with one to four workers: more above 10, 20 and 30 waiting tasks, one again below 1.
fn project(cgroup: &ScratchCgroup, url: &str, more: &str) -> String {
    project_at(cgroup, &format!(r#""redis_url": "{url}"{more}"#))
}

/// The same with whatever names its broker.
fn project_at(cgroup: &ScratchCgroup, broker: &str) -> String {
    format!(
        r#"{{ "enabled": true, "cgroup": "{}", "min_workers": 1, "max_workers": 4,
            "queue_thresholds": {{ "scale_up_2": 10, "scale_up_3": 20, "scale_up_4": 30, "scale_down_1": 1 }},
            "queue_duration_minutes": {{ "scale_up": 0.01, "scale_down": 0.05 }},
            "scale_up_on_saturated_host": true, "min_available_mb_per_worker": 1,
            "scale_down_min_available_mb": 1, {broker} }}"#,
        cgroup.relative().display()
    )
}

fn home(projects: &[(&str, String)]) -> Result<Home> {
    Home::new(&text(projects))
}

fn text(projects: &[(&str, String)]) -> String {
    let projects: Vec<String> = projects
        .iter()
        .map(|(name, project)| format!("{name:?}: {project}"))
        .collect();
    format!(
        r#"{{ "global": {{ "check_interval_seconds": 1, "language": "es" }}, "projects": {{ {} }} }}"#,
        projects.join(", ")
    )
}

fn wait_pool(worker: &Worker, size: usize) -> Result<()> {
    until(&format!("a pool of {size}"), SOON, || {
        (worker.children().len() == size).then_some(())
    })
    .with_context(|| format!("it is {:?}", worker.children()))
}

/// Tasks that are put at a time.
const BATCH: u32 = 300;

/// Keeps the queue of `app`, to which `put` tasks of 0.1 s have been put, long until the pool has four processes, and gives
/// how many were put then. On a busy machine each step takes several times as long as on a free one, and the tasks, which
/// only sleep, do not.
fn load_until_four(app: &App, worker: &Worker, mut put: u32) -> Result<u32> {
    let began = Instant::now();
    while worker.children().len() != 4 {
        let pool = worker.children();
        ensure!(
            began.elapsed() < SOON,
            "no pool of 4 within {SOON:?}: it is {pool:?}"
        );
        if app.ended().len() + BATCH as usize > put as usize {
            app.put(BATCH, 0.1, put)?;
            put += BATCH;
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(put)
}

fn printed(daemon: &Daemon) -> String {
    daemon.printed().join("\n")
}

#[test]
fn the_pool_follows_the_queue_and_every_task_runs_once() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    for version in CELERIES {
        let redis = Redis::start(Access::Password)?;
        let app = App::new(&Venv::celery(version)?, &redis.url())?;
        let cgroup = ScratchCgroup::new("queue")?;
        let worker = Worker::start(&app, &cgroup, "a", &["--concurrency", "1"])?;
        let home = home(&[("tienda", project(&cgroup, &redis.url(), ""))])?;
        let daemon = Daemon::start(home.command())?;
        let followed = || {
            let put = load_until_four(&app, &worker, 0)?;
            app.wait_ended(put as usize, SOON)?;
            wait_pool(&worker, 1)?;
            app.check_exactly_once(put)
        };
        followed().with_context(|| printed(&daemon))?;
        let up = daemon.wait_line("-> scale_up a 4 workers", SOON)?;
        assert!(up.contains("📊 tienda.service: Cola="), "{up}");
        daemon.wait_line("-> scale_down a 1 worker", SOON)?;
        assert!(
            !printed(&daemon).contains("ss%2Fw"),
            "the password was printed:\n{}",
            printed(&daemon)
        );
    }
    Ok(())
}

/// What Celery logs when it ends for a fault of its own.
const CELERYS_OWN: &str = "Unrecoverable error: AttributeError";

/// kombu takes a task from its list by one command and notes it as unacknowledged by another (kombu/transport/redis.py,
/// `_brpop_read` and `QoS.append`): a Redis that is killed between the two takes the task with it.
const TAKEN_ALONG: &str = "the task that Celery was just taking is lost";

#[test]
fn a_broker_that_dies_blocks_its_project_and_is_used_again_when_it_is_back() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    // Celery 5.7 ends when the connection is lost at the wrong moment, for kombu then asks a connection that it no longer has
    // for its errors (kombu/common.py, `_ignore_errors`). That says nothing of the daemon: once more, then.
    for _ in 0..4 {
        let ended = broker_dies();
        let own = |error: &anyhow::Error| {
            let told = format!("{error:#}");
            told.contains(CELERYS_OWN) || told.contains(TAKEN_ALONG)
        };
        match ended {
            Err(error) if own(&error) => {}
            ended => return ended,
        }
    }
    anyhow::bail!("Celery ended by itself, or lost a task, four times")
}

fn broker_dies() -> Result<()> {
    let mut redis = Redis::start(Access::Open)?;
    let app = App::new(&Venv::celery(NEWEST)?, &redis.url())?.visibility_timeout(5);
    let cgroup = ScratchCgroup::new("broker")?;
    let worker = Worker::start(&app, &cgroup, "a", &["--concurrency", "1"])?;
    let home = home(&[("tienda", project(&cgroup, &redis.url(), ""))])?;
    let daemon = Daemon::start(home.command())?;
    app.put(BATCH, 0.1, 0)?;
    daemon.wait_line("-> scale_up a 2 workers", SOON)?;
    redis.kill()?;
    daemon.wait_line("no responde", SOON)?;
    redis.start_again()?;
    let put = load_until_four(&app, &worker, BATCH)
        .with_context(|| format!("{}\n{}", printed(&daemon), worker.log()))?;
    let put = put as usize;
    // Counted by the journal, not by an empty queue. A task is acknowledged when it begins, and what was fetched
    // when the broker died goes back into the list only after its visibility timeout: in that moment a look at the
    // list and then one at the hash `unacked` can both find nothing while tasks have yet to end.
    app.wait_ended(put, SOON)
        .map_err(|error| {
            if app.ended().len() + 1 == put {
                error.context(TAKEN_ALONG)
            } else {
                error
            }
        })
        .with_context(|| printed(&daemon))?;
    wait_pool(&worker, 1).with_context(|| printed(&daemon))?;
    let said = daemon
        .printed()
        .iter()
        .filter(|line| line.contains("no responde"))
        .count();
    assert!(said <= 2, "said once, not at every check:\n{}", printed(&daemon));
    // Celery gives out again what was fetched when the broker died, so that a task may run twice; none is lost.
    let ended = app.ended().len();
    assert_eq!(ended, put, "{}", printed(&daemon));
    Ok(())
}

#[test]
fn two_projects_on_one_broker_are_told_apart() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    let redis = Redis::start(Access::Open)?;
    let venv = Venv::celery(NEWEST)?;
    let busy = App::new(&venv, &redis.url())?.queue("busy");
    let calm = App::new(&venv, &redis.url())?.queue("calm");
    let cgroups = (ScratchCgroup::new("busy")?, ScratchCgroup::new("calm")?);
    let at_work = Worker::start(&busy, &cgroups.0, "busy", &["--concurrency", "1"])?;
    let at_rest = Worker::start(&calm, &cgroups.1, "calm", &["--concurrency", "1"])?;
    let url = redis.url();
    let home = home(&[
        ("busy", project(&cgroups.0, &url, r#", "queues": ["busy"]"#)),
        ("calm", project(&cgroups.1, &url, r#", "queues": ["calm"]"#)),
    ])?;
    let daemon = Daemon::start(home.command())?;
    busy.put_with_priorities(BATCH, 0.1, 0, &[0, 3, 6, 9])?;
    let put = load_until_four(&busy, &at_work, BATCH).with_context(|| printed(&daemon))?;
    assert_eq!(at_rest.children().len(), 1, "{}", printed(&daemon));
    busy.wait_ended(put as usize, SOON)?;
    wait_pool(&at_work, 1).with_context(|| printed(&daemon))?;
    busy.check_exactly_once(put)?;
    assert!(
        !printed(&daemon).contains("calm.service: Cola=1"),
        "{}",
        printed(&daemon)
    );
    Ok(())
}

#[test]
fn the_broker_url_is_the_workers_own_and_is_read_again_when_another_worker_has_another() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    let brokers = (Redis::start(Access::Password)?, Redis::start(Access::Password)?);
    let venv = Venv::celery(NEWEST)?;
    let cgroup = ScratchCgroup::new("environment")?;
    let home = home(&[("tienda", project_at(&cgroup, r#""broker_url_env": "BROKER_URL""#))])?;
    let first = App::new(&venv, &brokers.0.url())?;
    let worker = Worker::start(&first, &cgroup, "a", &["--concurrency", "1"])?;
    let daemon = Daemon::start(home.command())?;
    let put = load_until_four(&first, &worker, 0).with_context(|| printed(&daemon))?;
    first.wait_ended(put as usize, SOON)?;
    wait_pool(&worker, 1).with_context(|| printed(&daemon))?;
    first.check_exactly_once(put)?;
    worker.end()?;

    let second = App::new(&venv, &brokers.1.url())?;
    let worker = Worker::start(&second, &cgroup, "a", &["--concurrency", "1"])?;
    let put = load_until_four(&second, &worker, 0).with_context(|| printed(&daemon))?;
    second.wait_ended(put as usize, SOON)?;
    second.check_exactly_once(put)?;
    for secret in ["ss%2Fw", Redis::PASSWORD] {
        assert!(!printed(&daemon).contains(secret), "{}", printed(&daemon));
    }
    Ok(())
}

#[test]
fn an_environment_without_the_url_blocks_with_what_to_do() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    let redis = Redis::start(Access::Password)?;
    let cgroups = (ScratchCgroup::new("without")?, ScratchCgroup::new("titled")?);
    let plain = App::new(&Venv::celery(NEWEST)?, &redis.url())?.queue("plain");
    let _plain = Worker::start(&plain, &cgroups.0, "plain", &["--concurrency", "1"])?;
    // The setproctitle package writes the title where the environment was.
    let titled = App::new(&Venv::celery_with_titles()?, &redis.url())?.queue("titled");
    let worker = Worker::start(&titled, &cgroups.1, "titled", &["--concurrency", "1"])?;
    let home = home(&[
        (
            "plain",
            project_at(&cgroups.0, r#""broker_url_env": "NOT_SET", "queues": ["plain"]"#),
        ),
        (
            "titled",
            project_at(
                &cgroups.1,
                r#""broker_url_env": "BROKER_URL", "queues": ["titled"]"#,
            ),
        ),
    ])?;
    let daemon = Daemon::start(home.command())?;
    let missing = daemon.wait_line("plain.service: bloqueado", SOON)?;
    assert!(missing.contains("sin NOT_SET en su entorno"), "{missing}");
    let overwritten = daemon.wait_line("titled.service: bloqueado", SOON)?;
    assert!(overwritten.contains("Environment=SPT_NOENV=1"), "{overwritten}");
    worker.end()?;

    let titled = titled.set("SPT_NOENV", "1");
    let worker = Worker::start(&titled, &cgroups.1, "titled", &["--concurrency", "1"])?;
    titled.put(60, 0.1, 0)?;
    wait_pool(&worker, 2).with_context(|| printed(&daemon))?;
    Ok(())
}

/// What Celery's own `inspect` says of the node `a@test`: pool processes, tasks that run, tasks fetched ahead.
fn celery_says(app: &App) -> Result<(usize, usize, usize)> {
    let count = |what: &str, within: &str| {
        let said = app.inspect(what)?;
        let list = said["a@test"].pointer(within).and_then(Value::as_array);
        list.map(Vec::len)
            .with_context(|| format!("inspect {what}: {said}"))
    };
    Ok((
        count("stats", "/pool/processes")?,
        count("active", "")?,
        count("reserved", "")?,
    ))
}

/// The same from `autoscaler status --json`.
fn we_say(home: &Home) -> Result<(usize, usize, usize)> {
    let output = Command::new(program())
        .args(["status", "--json", "--runtime-dir"])
        .arg(home.runtime())
        .output()?;
    let status: Value = serde_json::from_slice(&output.stdout)?;
    let figure = |key: &str| {
        let figure = status["projects"][0][key].as_u64();
        let figure = figure.with_context(|| format!("no {key}: {status}"))?;
        anyhow::Ok(usize::try_from(figure)?)
    };
    Ok((figure("workers")?, figure("active")?, figure("reserved")?))
}

#[test]
fn celerys_own_inspect_agrees_with_what_status_shows() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    let redis = Redis::start(Access::Open)?;
    let app = App::new(&Venv::celery(NEWEST)?, &redis.url())?;
    let cgroup = ScratchCgroup::new("inspect")?;
    let worker = Worker::start(&app, &cgroup, "a", &["--concurrency", "1"])?;
    let home = home(&[("tienda", project(&cgroup, &redis.url(), ""))])?;
    let daemon = Daemon::start(home.command())?;
    let agree = |what: &str| {
        // Both look at a moment of their own: they must come to agree while nothing moves.
        let agreed = until(&format!("agreement {what}"), SOON, || {
            let said = celery_says(&app).ok()?;
            (we_say(&home).ok()? == said).then_some(said)
        });
        agreed.with_context(|| format!("Celery {:?}, status {:?}", celery_says(&app), we_say(&home)))
    };
    assert_eq!(agree("at rest")?, (1, 0, 0));
    // Longer than the test: what runs and what was fetched ahead stays as it is once the pool has grown.
    app.put(60, 600.0, 0)?;
    wait_pool(&worker, 4).with_context(|| printed(&daemon))?;
    let (processes, active, reserved) = agree("under load")?;
    assert_eq!((processes, active), (4, 4), "{reserved} fetched ahead");
    assert!(reserved > 0, "Celery fetches tasks ahead");
    Ok(())
}

#[test]
fn a_management_api_that_refuses_is_told_once_and_the_pool_follows_all_the_same() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::RabbitMq]) {
        return Ok(());
    }
    let rabbitmq = RabbitMq::with_management()?;
    let app = App::new(&Venv::celery(NEWEST)?, &rabbitmq.url())?;
    let cgroup = ScratchCgroup::new("refuses")?;
    let worker = Worker::start(&app, &cgroup, "a", &["--concurrency", "1"])?;
    let configured = |password| {
        let (url, management) = (rabbitmq.url(), rabbitmq.management_url("guest", password));
        let broker = format!(r#""broker_url": "{url}", "management_url": "{management}""#);
        [("tienda", project_at(&cgroup, &broker))]
    };
    let home = home(&configured("hunter2"))?;
    let daemon = Daemon::start(home.command())?;
    let put = load_until_four(&app, &worker, 0).with_context(|| printed(&daemon))?;
    let unknown = "no se sabe cuántas tareas están sin confirmar";
    let said = daemon.printed().into_iter().filter(|line| line.contains(unknown));
    assert_eq!(said.count(), 1, "{}", printed(&daemon));
    home.configure(&text(&configured("guest")))?;
    daemon.wait_line("se sabe de nuevo cuántas tareas están sin confirmar", SOON)?;
    app.wait_ended(put as usize, SOON)?;
    app.check_exactly_once(put)?;
    assert!(!printed(&daemon).contains("hunter2"), "{}", printed(&daemon));
    Ok(())
}
