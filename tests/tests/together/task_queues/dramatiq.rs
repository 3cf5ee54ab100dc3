use std::time::Instant;

use anyhow::{Context, Result, ensure};
use autoscaler::model::{QueueFault, TaskQueue};
use autoscaler_tests::broker::{Access, RabbitMq, Redis};
use autoscaler_tests::task_queue::Tasks;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::{DRAMATIQS, NEWEST};
use autoscaler_tests::{ScratchCgroup, Venv, require_root};

use super::{Reading, SOON};

const WORKER: [&str; 5] = ["-p", "1", "-t", "1", "queue_dramatiq"];

#[tokio::test]
async fn the_messages_in_redis_are_those_that_dramatiq_counts() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    for version in DRAMATIQS {
        let redis = Redis::start(Access::Open)?;
        let url = redis.database(2);
        let tasks = Tasks::new(&Venv::dramatiq(version)?, "queue_dramatiq", &url, "mail")?;
        let tasks = tasks.set("NAMESPACE", "shop");
        let mut reading = Reading::behind(TaskQueue::Dramatiq, &url, "mail", "shop")?;
        reading
            .tells_what_waits(&tasks, "shop:mail", 3)
            .await
            .context(version)?;

        // One thread runs one task and has taken another; the tasks for later are in its memory.
        let cgroup = ScratchCgroup::new("dramatiq")?;
        let worker = tasks.worker(&cgroup, "dramatiq", &WORKER)?;
        tasks.wait_begun(1, &worker)?;
        let (says, depth) = (tasks.says()?, reading.depth().await?);
        assert_eq!(says["waiting"], depth.waiting, "{version}");
        assert_eq!(says["taken"], depth.unacknowledged.unwrap_or(0), "{version}");
        assert_eq!((depth.waiting, depth.unacknowledged), (3, Some(2)), "{version}");
        assert_eq!(says["later"], 3, "{version}");
        assert!(
            reading.busy(&cgroup).await?.is_empty(),
            "nobody tells who is busy"
        );
    }
    Ok(())
}

#[tokio::test]
async fn the_messages_in_rabbitmq_are_those_that_dramatiq_counts() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::RabbitMq]) {
        return Ok(());
    }
    let rabbitmq = RabbitMq::start()?;
    // pika takes the path `//`, Celery's for the virtual host `/`, for one without a name.
    let url = format!("amqp://guest:guest@127.0.0.1:{}/%2F", rabbitmq.port());
    let tasks = Tasks::new(&Venv::dramatiq(NEWEST)?, "queue_dramatiq", &url, "mail")?;
    let mut reading = Reading::of(TaskQueue::Dramatiq, &url, "mail")?;
    let missing = reading.depth().await.unwrap_err();
    assert!(matches!(missing, QueueFault::NoSuchQueue { .. }), "{missing:?}");

    tasks.put_for_later(3)?;
    tasks.put(5, 600)?;
    let says = tasks.says()?;
    assert_eq!((&says["waiting"], &says["later"]), (&5.into(), &3.into()));
    assert_eq!(reading.depth().await?.waiting, 5);

    let cgroup = ScratchCgroup::new("dramatiq")?;
    let worker = tasks.worker(&cgroup, "dramatiq", &WORKER)?;
    tasks.wait_begun(1, &worker)?;
    let begun = Instant::now();
    while reading.depth().await?.waiting != 3 {
        ensure!(
            begun.elapsed() < SOON,
            "{:?}:\n{}",
            reading.depth().await,
            worker.log()
        );
    }
    assert_eq!(tasks.says()?["waiting"], 3);
    // No command of Celery's is sent to workers that know none.
    assert!(reading.busy(&cgroup).await?.is_empty());
    Ok(())
}
