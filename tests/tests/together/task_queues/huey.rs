use std::time::Instant;

use anyhow::{Context, Result, ensure};
use autoscaler::model::TaskQueue;
use autoscaler_tests::broker::{Access, Redis};
use autoscaler_tests::task_queue::Tasks;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::HUEYS;
use autoscaler_tests::{ScratchCgroup, Venv, require_root};

use super::{Reading, SOON};

#[tokio::test]
async fn the_tasks_that_wait_are_those_that_huey_has_pending() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    for (version, priorities) in HUEYS
        .into_iter()
        .flat_map(|version| [(version, ""), (version, "1")])
    {
        let redis = Redis::start(Access::Open)?;
        let url = redis.database(2);
        let tasks = Tasks::new(&Venv::huey(version)?, "queue_huey", &url, "my-mail")?;
        let tasks = tasks.set("PRIORITIES", priorities);
        let mut reading = Reading::of(TaskQueue::Huey, &url, "my-mail")?;
        assert_eq!(reading.depth().await?.waiting, 0, "{version}");

        tasks.put(5, 600)?;
        assert_eq!(tasks.says()?["waiting"], 5, "{version}");
        assert_eq!(reading.depth().await?.waiting, 5, "{version} {priorities:?}");
        reading.grows_older().await.context(version)?;

        let cgroup = ScratchCgroup::new("huey")?;
        let worker = tasks.worker(&cgroup, "huey_consumer", &["queue_huey.huey", "-w", "1"])?;
        tasks.wait_begun(1, &worker)?;
        let (says, depth) = (tasks.says()?, reading.depth().await?);
        assert_eq!(says["waiting"], depth.waiting, "{version} {priorities:?}");
        assert_eq!(depth.waiting, 4, "{version} {priorities:?}");
        assert_eq!(depth.unacknowledged, None, "nobody tells what runs");
        assert!(
            reading.busy(&cgroup).await?.is_empty(),
            "nobody tells who is busy"
        );

        // A task for later goes through the queue: a worker puts it aside.
        let later = Tasks::new(&Venv::huey(version)?, "queue_huey", &url, "later")?;
        let later = later.set("PRIORITIES", priorities);
        let mut reading = Reading::of(TaskQueue::Huey, &url, "later")?;
        later.put_for_later(3)?;
        let _aside = later.worker(&cgroup, "huey_consumer", &["queue_huey.huey", "-w", "1"])?;
        let put = Instant::now();
        while later.says()?["later"] != 3 {
            ensure!(put.elapsed() < SOON, "{version}: {}", later.says()?);
        }
        assert_eq!(reading.depth().await?.waiting, 0, "{version} {priorities:?}");
    }
    Ok(())
}
