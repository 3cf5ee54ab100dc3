use anyhow::{Context, Result};
use autoscaler::model::TaskQueue;
use autoscaler_tests::broker::{Access, Redis};
use autoscaler_tests::task_queue::Tasks;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::ARQS;
use autoscaler_tests::{ScratchCgroup, Venv, require_root};

use super::Reading;

#[tokio::test]
async fn the_jobs_that_are_due_and_do_not_run_are_those_that_arq_has_queued() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    for version in ARQS {
        let redis = Redis::start(Access::Open)?;
        let url = redis.database(2);
        let tasks = Tasks::new(&Venv::arq(version)?, "queue_arq", &url, "arq:mail")?;
        let mut reading = Reading::of(TaskQueue::Arq, &url, "arq:mail")?;
        reading
            .tells_what_waits(&tasks, "arq:mail", 3)
            .await
            .context(version)?;

        // Two at a time. Those that run stay in the queue until they have ended.
        let cgroup = ScratchCgroup::new("arq")?;
        let worker = tasks.worker(&cgroup, "arq", &["queue_arq.Worker"])?;
        tasks.wait_begun(2, &worker)?;
        let (says, depth) = (tasks.says()?, reading.depth().await?);
        assert_eq!(says["waiting"], depth.waiting, "{version}");
        assert_eq!(says["running"], depth.unacknowledged.unwrap_or(0), "{version}");
        assert_eq!((depth.waiting, depth.unacknowledged), (3, Some(2)), "{version}");
        assert_eq!(depth.fetched_ahead, Some(0), "{version}");
        assert!(
            reading.busy(&cgroup).await?.is_empty(),
            "nobody tells who is busy"
        );
    }
    Ok(())
}
