//! The pool of a real Celery worker, grown and shrunk over real brokers.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use autoscaler::act::{Actuator, Plan, PoolControl, Timing, scale};
use autoscaler::host::cgroup::{Cgroup, CgroupMount};
use autoscaler::host::process::Procfs;
use autoscaler::model::{
    Bounds, BrokerAccess, BrokerUrl, Cause, Ladder, PoolFault, Priorities, ProcessId, QueueActuator,
    QueueFault, QueueRule, QueueSizing, Refusal, Step, TaskQueue,
};
use autoscaler::observe::measure::busy::Busy;
use autoscaler::observe::measure::celery::Inspector;
use autoscaler::observe::measure::queue;
use autoscaler_tests::broker::{Access, RabbitMq, Redis};
use autoscaler_tests::celery::{App, Worker};
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::{CELERIES, NEWEST};
use autoscaler_tests::{ScratchCgroup, Venv, require_root, until};

/// For what takes a worker a moment, on a machine that may be busy with other tests.
const SOON: Duration = Duration::from_mins(1);

fn rule(url: &str, queues: &[&str]) -> QueueRule {
    let ladder = Ladder {
        up: [].into(),
        down: [].into(),
        up_hold: Duration::ZERO,
        down_hold: Duration::ZERO,
    };
    QueueRule {
        sizing: QueueSizing::Rungs(ladder),
        broker: BrokerAccess {
            task_queue: TaskQueue::Celery,
            url: BrokerUrl::Written(url.into()),
            key_prefix: String::new(),
            priorities: Priorities::default(),
            management: None,
        },
        queues: queues.iter().map(ToString::to_string).collect(),
        count_running: false,
        actuator: QueueActuator::Pool,
    }
}

fn open(cgroup: &ScratchCgroup) -> Result<Cgroup> {
    Ok(CgroupMount::discover(&Procfs::default())?.open(&cgroup.relative())?)
}

async fn control(cgroup: &ScratchCgroup, url: &str) -> Result<Result<PoolControl, Refusal>> {
    Ok(PoolControl::open(
        &Procfs::default(),
        &open(cgroup)?,
        url,
        &rule(url, &["celery"]),
        None,
    )
    .await)
}

async fn go(control: &mut PoolControl, to: u32) -> Result<()> {
    let workers = control.workers().await?;
    let plan = Plan {
        workers,
        to,
        bounds: Bounds { min: 1, max: 20 },
        together: false,
    };
    scale(control, &plan, &Timing::default(), false).await?;
    Ok(())
}

/// The size of the pool as Celery's own command line tells it.
fn celery_says(app: &App, node: &str) -> Result<usize> {
    let stats = app.inspect("stats")?;
    let processes = stats[node]["pool"]["processes"]
        .as_array()
        .context("no pool in the stats")?;
    Ok(processes.len())
}

async fn grows_and_shrinks_and_loses_nothing(version: &str, url: &str) -> Result<()> {
    let app = App::new(&Venv::celery(version)?, url)?;
    let cgroup = ScratchCgroup::new("pool")?;
    let worker = Worker::start(&app, &cgroup, "a", &["--concurrency", "1"])?;
    let mut control = control(&cgroup, url).await?.with_context(|| worker.log())?;
    assert_eq!(control.node(), "a@test");

    app.put(500, 0.02, 0)?;
    go(&mut control, 3).await.with_context(|| worker.log())?;
    assert_eq!(worker.children().len(), 3);
    assert_eq!(celery_says(&app, "a@test")?, 3);

    app.wait_ended(500, SOON)?;
    go(&mut control, 1).await.with_context(|| worker.log())?;
    assert_eq!(worker.children().len(), 1);
    assert_eq!(celery_says(&app, "a@test")?, 1);
    app.check_exactly_once(500)?;

    let refused = control.check(Step::Down).await;
    assert_eq!(refused, Err(Refusal::LastPoolProcess));
    Ok(())
}

#[tokio::test]
async fn over_redis() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    for version in CELERIES {
        let redis = Redis::start(Access::Open)?;
        grows_and_shrinks_and_loses_nothing(version, &redis.url())
            .await
            .with_context(|| format!("Celery {version}"))?;
        // Nothing of ours stays but lists that end by themselves.
        for key in redis.command(&["--raw", "KEYS", "*autoscaler*"])?.lines() {
            assert_ne!(redis.command(&["TTL", key])?, "-1", "{key}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn over_rabbitmq() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::RabbitMq]) {
        return Ok(());
    }
    let rabbitmq = RabbitMq::start()?;
    for version in CELERIES {
        grows_and_shrinks_and_loses_nothing(version, &rabbitmq.url())
            .await
            .with_context(|| format!("Celery {version}"))?;
    }
    Ok(())
}

#[tokio::test]
async fn a_rabbitmq_short_of_memory_says_so_until_it_is_not() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::RabbitMq]) {
        return Ok(());
    }
    let rabbitmq = RabbitMq::start()?;
    let app = App::new(&Venv::celery(NEWEST)?, &rabbitmq.url())?;
    let cgroup = ScratchCgroup::new("alarm")?;
    let _worker = Worker::start(&app, &cgroup, "a", &["--concurrency", "1"])?;
    let mut control = control(&cgroup, &rabbitmq.url()).await??;
    rabbitmq.limit_memory("0")?;
    let at = format!("127.0.0.1:{}", rabbitmq.port());
    let (memory, disk) = (true, false);
    let blocked = PoolFault::Broker(QueueFault::Blocked { at, memory, disk });
    assert_eq!(control.check(Step::Up).await, Err(Refusal::Pool(blocked)));

    rabbitmq.limit_memory("0.4")?;
    let start = Instant::now();
    while let Err(refusal) = control.check(Step::Up).await {
        ensure!(start.elapsed() < SOON, "{refusal:?}");
    }
    go(&mut control, 2).await
}

/// As `celery multi` starts them: several nodes in the cgroup of one unit.
#[tokio::test]
async fn of_several_nodes_in_one_cgroup_the_one_that_is_meant_is_changed() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    let redis = Redis::start(Access::Open)?;
    let (app, url) = (App::new(&Venv::celery(NEWEST)?, &redis.url())?, redis.url());
    let cgroup = ScratchCgroup::new("several")?;
    let start = |name| Worker::start(&app, &cgroup, name, &["--concurrency", "1"]);
    let (first, second) = (start("a")?, start("b")?);
    let nodes = ["a@test".to_owned(), "b@test".to_owned()].to_vec();
    assert_eq!(
        control(&cgroup, &url).await?.err(),
        Some(Refusal::Pool(PoolFault::SeveralNodes { nodes }))
    );
    let procfs = Procfs::default();
    let main = procfs.stat(second.pid())?.id;
    let rule = rule(&url, &["celery"]);
    let mut control = PoolControl::open(&procfs, &open(&cgroup)?, &url, &rule, Some(main)).await?;
    assert_eq!(control.node(), "b@test");
    go(&mut control, 2).await.with_context(|| second.log())?;
    assert_eq!((first.children().len(), second.children().len()), (1, 2));
    Ok(())
}

/// Each task ends its process, so that soon all processes are others, the new one among them.
#[tokio::test]
async fn a_pool_that_replaces_its_processes_after_each_task_grows_and_shrinks() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    let redis = Redis::start(Access::Open)?;
    let app = App::new(&Venv::celery(NEWEST)?, &redis.url())?;
    let cgroup = ScratchCgroup::new("replaced")?;
    let arguments = ["--concurrency", "2", "--max-tasks-per-child", "1"];
    let worker = Worker::start(&app, &cgroup, "a", &arguments)?;
    let mut control = control(&cgroup, &redis.url()).await??;
    app.put(150, 0.2, 0)?;
    until("tasks to begin", SOON, || (app.begun().len() > 4).then_some(()))?;
    go(&mut control, 4).await.with_context(|| worker.log())?;
    ensure!(app.ended().len() < 150, "the pool was to grow among tasks");
    app.wait_ended(150, SOON)?;
    go(&mut control, 2).await.with_context(|| worker.log())?;
    app.check_exactly_once(150)
}

#[tokio::test]
async fn a_foreign_worker_is_never_commanded() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    let redis = Redis::start(Access::Open)?;
    let app = App::new(&Venv::celery(NEWEST)?, &redis.url())?;
    let (theirs, ours) = (ScratchCgroup::new("theirs")?, ScratchCgroup::new("ours")?);
    let foreign = Worker::start(&app, &theirs, "foreign", &["--concurrency", "1"])?;
    let refused = control(&ours, &redis.url()).await?.err();
    let answered = vec!["foreign@test".to_owned()];
    assert_eq!(refused, Some(Refusal::Pool(PoolFault::NotOurs { answered })));

    let own = Worker::start(&app, &ours, "own", &["--concurrency", "1"])?;
    let mut control = control(&ours, &redis.url()).await??;
    go(&mut control, 3).await?;
    assert_eq!((own.children().len(), foreign.children().len()), (3, 1));

    let namesake = Worker::start(&app, &theirs, "own", &["--concurrency", "1"])?;
    let refused = self::control(&ours, &redis.url()).await?.err();
    assert_eq!(
        refused,
        Some(Refusal::Pool(PoolFault::SameName {
            node: "own@test".into()
        }))
    );
    assert_eq!(namesake.children().len(), 1);
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_commanded_is_refused_with_its_reason() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    let redis = Redis::start(Access::Open)?;
    let app = App::new(&Venv::celery(NEWEST)?, &redis.url())?;
    let node = || "a@test".to_owned();
    let cases: [(&[&str], PoolFault); 3] = [
        (
            &["--pool", "solo"],
            PoolFault::NoProcesses {
                node: node(),
                pool: "solo".into(),
            },
        ),
        (
            &["--pool", "threads"],
            PoolFault::NoProcesses {
                node: node(),
                pool: "thread".into(),
            },
        ),
        (&["--autoscale", "4,2"], PoolFault::OwnAutoscale { node: node() }),
    ];
    for (arguments, fault) in cases {
        let cgroup = ScratchCgroup::new("refused")?;
        let _worker = Worker::start(&app, &cgroup, "a", arguments)?;
        assert_eq!(
            control(&cgroup, &redis.url()).await?.err(),
            Some(Refusal::Pool(fault))
        );
    }
    let cgroup = ScratchCgroup::new("deaf")?;
    assert_eq!(
        control(&cgroup, &redis.url()).await?.err(),
        Some(Refusal::Pool(PoolFault::NobodyListens))
    );

    let _worker = Worker::start(&app, &cgroup, "a", &["--concurrency", "1"])?;
    let url = redis.url();
    let rule = rule(&url, &["celery", "mial"]);
    let refused = PoolControl::open(&Procfs::default(), &open(&cgroup)?, &url, &rule, None)
        .await
        .err();
    let fault = PoolFault::NotConsumed {
        node: node(),
        queue: "mial".into(),
        consumed: vec!["celery".into()],
    };
    assert_eq!(refused, Some(Refusal::Pool(fault)));

    Ok(())
}

#[tokio::test]
async fn a_running_task_is_not_killed_and_prefetched_ones_are_shown() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    let redis = Redis::start(Access::Open)?;
    let app = App::new(&Venv::celery(NEWEST)?, &redis.url())?;
    let cgroup = ScratchCgroup::new("busy")?;
    let _worker = Worker::start(&app, &cgroup, "a", &["--concurrency", "2"])?;
    let mut control = control(&cgroup, &redis.url()).await??;
    app.put(4, 20.0, 0)?;
    until("two tasks to begin", SOON, || {
        (app.begun().len() == 2).then_some(())
    })?;

    let mut broker = queue::open(&redis.url(), &rule(&redis.url(), &["celery"]).broker)?;
    let mut inspector = Inspector::new(&Procfs::default(), &open(&cgroup)?);
    let pool = inspector
        .look(broker.as_mut(), &["celery".to_owned()], None)
        .await?;
    assert_eq!((pool.active, pool.reserved), (2, Some(2)));
    let depth = broker.depth(&["celery".to_owned()]).await?;
    assert_eq!((depth.waiting, depth.unacknowledged), (0, Some(2)));

    assert_eq!(control.ask(Step::Down).await, Err(Refusal::PoolBusy));
    assert_eq!(cgroup.pids().len(), 3);
    Ok(())
}

#[tokio::test]
async fn a_command_that_is_answered_late_was_given_all_the_same() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    let redis = Redis::start(Access::Open)?;
    // Longer than an answer is waited for.
    let app = App::new(&Venv::celery(NEWEST)?, &redis.url())?.set("SLOW_GROWTH", "8");
    let cgroup = ScratchCgroup::new("late")?;
    let worker = Worker::start(&app, &cgroup, "a", &["--concurrency", "1"])?;
    let mut control = control(&cgroup, &redis.url()).await??;
    let workers = control.workers().await?;
    let plan = Plan {
        workers: workers.clone(),
        to: 2,
        bounds: Bounds { min: 1, max: 20 },
        together: false,
    };
    let up = Duration::from_millis(100);
    let impatient = Timing {
        up,
        ..Timing::default()
    };
    let error = scale(&mut control, &plan, &impatient, false).await.unwrap_err();
    // Not a refusal: nothing more is asked for while it may still come.
    let (step, after) = (Step::Up, up);
    assert_eq!(error.cause, Cause::TimedOut { step, after, workers });
    until("the late process", SOON, || {
        (worker.children().len() == 2).then_some(())
    })?;

    go(&mut control, 3).await.with_context(|| worker.log())?;
    assert_eq!(worker.children().len(), 3);
    Ok(())
}

#[tokio::test]
async fn of_several_workers_in_one_slice_each_is_known_with_what_it_runs_and_has_fetched() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    let redis = Redis::start(Access::Open)?;
    let venv = Venv::celery(NEWEST)?;
    let app = |queue| anyhow::Ok(App::new(&venv, &redis.url())?.queue(queue));
    let (first, second, third) = (app("first")?, app("second")?, app("third")?);
    let (ours, theirs) = (ScratchCgroup::new("slice")?, ScratchCgroup::new("theirs")?);
    let busy = Worker::start(&first, &ours, "first", &["--concurrency", "1"])?;
    let idle = Worker::start(&second, &ours, "second", &["--concurrency", "1"])?;
    let _foreign = Worker::start(&third, &theirs, "third", &["--concurrency", "1"])?;
    first.put(1, 600.0, 0)?;
    until("the task to begin", SOON, || {
        (!first.begun().is_empty()).then_some(())
    })?;

    let mut broker = queue::open(&redis.url(), &rule(&redis.url(), &["first"]).broker)?;
    let (procfs, cgroup) = (Procfs::default(), open(&ours)?);
    let queues = ["first".to_owned()];
    let seen = Busy::look((&procfs, &cgroup), broker.as_mut(), &queues).await?;
    let mains: Vec<ProcessId> = seen.workers().keys().copied().collect();
    let known: BTreeMap<u32, bool> = seen
        .workers()
        .iter()
        .map(|(main, busy)| (main.pid, *busy))
        .collect();
    assert_eq!(known, BTreeMap::from([(busy.pid(), true), (idle.pid(), false)]));

    // Fetched ahead by the one that is busy: its prefetch is four tasks.
    first.put(2, 600.0, 0)?;
    let fetched = Instant::now();
    while seen.reserved(broker.as_mut(), &mains, None).await? != Some(2) {
        ensure!(fetched.elapsed() < SOON, "the tasks are not fetched");
    }
    assert_eq!(seen.reserved(broker.as_mut(), &mains, Some(1)).await?, Some(0));
    Ok(())
}
