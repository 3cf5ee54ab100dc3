use std::time::Instant;

use anyhow::{Context, Result, ensure};
use autoscaler::model::TaskQueue;
use autoscaler_tests::broker::{Access, Redis};
use autoscaler_tests::task_queue::Tasks;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::RQS;
use autoscaler_tests::{ScratchCgroup, Venv, require_root};

use super::{Reading, SOON};

#[tokio::test]
async fn the_jobs_that_wait_and_those_that_run_are_those_that_rq_counts() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    for version in RQS {
        let redis = Redis::start(Access::Open)?;
        let url = redis.database(2);
        let tasks = Tasks::new(&Venv::rq(version)?, "queue_rq", &url, "mail")?;
        let mut reading = Reading::of(TaskQueue::Rq, &url, "mail")?;
        reading
            .tells_what_waits(&tasks, "rq:queue:mail", 5)
            .await
            .context(version)?;

        let cgroup = ScratchCgroup::new("rq")?;
        let arguments = ["worker", "--url", url.as_str(), "mail"];
        let workers = [
            tasks.worker(&cgroup, "rq", &arguments)?,
            tasks.worker(&cgroup, "rq", &arguments)?,
        ];
        tasks.wait_begun(2, &workers[0])?;
        let says = tasks.says()?;
        let depth = reading.depth().await?;
        assert_eq!(says["waiting"], depth.waiting, "{version}");
        assert_eq!(says["running"], depth.unacknowledged.unwrap_or(0), "{version}");
        assert_eq!((depth.waiting, depth.unacknowledged), (3, Some(2)), "{version}");
        assert_eq!(depth.fetched_ahead, Some(0), "{version}");
    }
    Ok(())
}

#[tokio::test]
async fn a_worker_of_rq_is_busy_while_it_runs_a_job() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    for version in RQS {
        let redis = Redis::start(Access::Open)?;
        let tasks = Tasks::new(&Venv::rq(version)?, "queue_rq", &redis.url(), "mail")?;
        let (ours, theirs) = (ScratchCgroup::new("rq")?, ScratchCgroup::new("theirs")?);
        let arguments = ["worker", "--url", &redis.url(), "mail"];
        let busy = tasks.worker(&ours, "rq", &arguments)?;
        tasks.put(1, 600)?;
        tasks.wait_begun(1, &busy)?;
        let idle = tasks.worker(&ours, "rq", &arguments)?;
        let foreign = tasks.worker(&theirs, "rq", &arguments)?;

        let mut reading = Reading::of(TaskQueue::Rq, &redis.url(), "mail")?;
        let begun = Instant::now();
        while tasks.says()?["workers"]
            .as_array()
            .is_none_or(|all| all.len() < 3)
        {
            ensure!(
                begun.elapsed() < SOON,
                "{version}: the workers are not entered:\n{}\n{}",
                idle.log(),
                foreign.log()
            );
        }
        // The process of the job belongs to the busy one.
        let mut known = reading.busy(&ours).await?;
        known.retain(|pid, _| [busy.pid(), idle.pid()].contains(pid));
        let expected = [(busy.pid(), true), (idle.pid(), false)].into();
        assert_eq!(known, expected, "{version}");
        assert_eq!(
            tasks.says()?["busy"],
            serde_json::json!([busy.pid()]),
            "{version}"
        );

        // Behind another prefix there are no workers, and nobody is taken for idle.
        let mut elsewhere = Reading::behind(TaskQueue::Rq, &redis.url(), "mail", "shop")?;
        assert!(elsewhere.busy(&ours).await?.is_empty());
    }
    Ok(())
}
