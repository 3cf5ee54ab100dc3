//! A count of waiting tasks that is too low, and what is said of it: over a real Redis with real Celery applications.

use std::time::Duration;

use anyhow::{Context, Result};
use autoscaler::host::cgroup::CgroupMount;
use autoscaler::host::process::Procfs;
use autoscaler::model::{
    BrokerAccess, BrokerUrl, Language, Place, PoolFault, Priorities, Remedy, TaskQueue, Uncounted,
};
use autoscaler::observe::measure::celery::Inspector;
use autoscaler::observe::measure::queue;
use autoscaler::observe::measure::queue::Command;
use autoscaler::words::pool_fault;
use autoscaler_tests::broker::{Access, Redis};
use autoscaler_tests::celery::{App, Worker};
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::NEWEST;
use autoscaler_tests::{Daemon, Home, ScratchCgroup, Venv, require_root, until};
use serde_json::json;

const SOON: Duration = Duration::from_mins(2);

/// A broker with this key prefix, separator and steps; nothing stands for what is not configured.
fn broker(url: &str, prefix: &str, separator: Option<&str>) -> BrokerAccess {
    let mut priorities = Priorities::default();
    if let Some(separator) = separator {
        separator.clone_into(&mut priorities.separator);
    }
    BrokerAccess {
        task_queue: TaskQueue::Celery,
        url: BrokerUrl::Written(url.to_owned()),
        key_prefix: prefix.to_owned(),
        priorities,
        management: None,
    }
}

/// What is counted, and what is found to be left out.
async fn look(url: &str, broker: &BrokerAccess, queues: &[&str]) -> Result<(u64, Vec<Uncounted>)> {
    let queues: Vec<String> = queues.iter().map(ToString::to_string).collect();
    let mut opened = queue::open(url, broker)?;
    let depth = opened.depth(&queues).await?;
    Ok((depth.waiting, opened.uncounted(&queues).await?))
}

/// The one remedy, and how many tasks it would have counted.
fn remedy(found: &[Uncounted]) -> (u64, String) {
    match found {
        [Uncounted::Lists { tasks, remedy, .. }] => (*tasks, remedy.line()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn every_priority_step_is_counted_without_a_word() -> Result<()> {
    if !require(&[Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    let venv = Venv::celery(NEWEST)?;
    let redis = Redis::start(Access::Open)?;
    let url = redis.url();
    App::new(&venv, &url)?
        .set("PRIORITY_STEPS", "0,1,2,3,4,5,6,7,8,9")
        .put_with_priorities(10, 0.0, 0, &[5, 8])?;
    assert_eq!(
        redis.command(&["LLEN", "celery\u{6}\u{16}5"])?,
        "5",
        "a list of its own"
    );
    assert_eq!(
        look(&url, &broker(&url, "", None), &["celery"]).await?,
        (10, vec![])
    );
    Ok(())
}

#[tokio::test]
async fn lists_under_other_names_are_told_with_the_line_to_write() -> Result<()> {
    if !require(&[Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    let venv = Venv::celery(NEWEST)?;
    let redis = Redis::start(Access::Open)?;
    let url = redis.database(1);
    App::new(&venv, &url)?
        .set("SEPARATOR", ":")
        .put_with_priorities(6, 0.0, 0, &[3, 9])?;
    // Another queue, whose name could be taken for a priority.
    App::new(&venv, &url)?.queue("celery-2").put(5, 0.0, 0)?;
    let (counted, found) = look(&url, &broker(&url, "", None), &["celery"]).await?;
    assert_eq!(counted, 0);
    assert_eq!(
        remedy(&found),
        (6, r#""redis_priority_separator": ":""#.to_owned())
    );
    assert_eq!(
        look(&url, &broker(&url, "", Some(":")), &["celery"]).await?,
        (6, vec![])
    );

    // A step beyond those that are looked at.
    redis.command(&["-n", "1", "RENAME", "celery:9", "celery\u{6}\u{16}12"])?;
    let (_, found) = look(&url, &broker(&url, "", None), &["celery"]).await?;
    let steps: Vec<String> = found
        .iter()
        .filter_map(|found| match found {
            Uncounted::Lists {
                remedy: remedy @ Remedy::Steps(_),
                ..
            } => Some(remedy.line()),
            _ => None,
        })
        .collect();
    assert_eq!(
        steps,
        [r#""redis_priority_steps": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12]"#]
    );

    let url = redis.database(2);
    App::new(&venv, &url)?.key_prefix("shop:").put(4, 0.0, 0)?;
    let (counted, found) = look(&url, &broker(&url, "", None), &["celery"]).await?;
    assert_eq!(counted, 0);
    assert_eq!(remedy(&found), (4, r#""redis_key_prefix": "shop:""#.to_owned()));
    let (counted, found) = look(&url, &broker(&url, "store:", None), &["celery"]).await?;
    assert_eq!(
        (counted, remedy(&found).1),
        (0, r#""redis_key_prefix": "shop:""#.to_owned())
    );
    assert_eq!(
        look(&url, &broker(&url, "shop:", None), &["celery"]).await?,
        (4, vec![])
    );
    // With an application of its own here, the prefix is another's.
    App::new(&venv, &url)?.put(1, 0.0, 0)?;
    assert_eq!(
        look(&url, &broker(&url, "", None), &["celery"]).await?,
        (1, vec![])
    );
    Ok(())
}

#[tokio::test]
async fn a_large_keyspace_is_looked_through_a_piece_at_a_time() -> Result<()> {
    if !require(&[Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    let venv = Venv::celery(NEWEST)?;
    let redis = Redis::start(Access::Open)?;
    let url = redis.url();
    App::new(&venv, &url)?
        .set("SEPARATOR", "|")
        .put_with_priorities(3, 0.0, 0, &[9])?;
    redis
        .command(&["DEBUG", "POPULATE", "150000", "cache"])
        .or_else(|_| {
            redis.command(&[
                "EVAL",
                "for i = 1, 150000 do redis.call('SET', 'cache:'..i, i) end",
                "0",
            ])
        })?;
    let queues = ["celery".to_owned()];
    let mut opened = queue::open(&url, &broker(&url, "", None))?;
    let mut found = Vec::new();
    let mut looks = 0;
    while found.is_empty() && looks < 8 {
        found = opened.uncounted(&queues).await?;
        looks += 1;
    }
    assert_eq!(remedy(&found).0, 3, "after {looks} looks");
    Ok(())
}

#[tokio::test]
async fn a_worker_that_listens_elsewhere_is_told_with_its_place() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    let redis = Redis::start(Access::Open)?;
    let app = App::new(&Venv::celery(NEWEST)?, &redis.database(3))?.key_prefix("shop:");
    let cgroup = ScratchCgroup::new("elsewhere")?;
    let _worker = Worker::start(&app, &cgroup, "a", &["--concurrency", "1"])?;
    let queues = ["celery".to_owned()];
    let procfs = Procfs::default();
    let opened = CgroupMount::discover(&procfs)?.open(cgroup.path())?;
    let url = redis.url();
    let mut wrong = queue::open(&url, &broker(&url, "", None))?;
    let fault = Inspector::new(&procfs, &opened)
        .look(wrong.as_mut(), &queues, None)
        .await
        .unwrap_err();
    let places = vec![Place {
        database: Some(3),
        key_prefix: "shop:".into(),
    }];
    assert_eq!(fault, PoolFault::ListensElsewhere { places });
    let told = pool_fault(Language::En, &fault);
    assert!(
        told.ends_with(r#""redis_url": "…/3", "redis_key_prefix": "shop:""#),
        "{told}"
    );
    Ok(())
}

#[tokio::test]
async fn the_answers_of_many_questions_come_on_one_list() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    let redis = Redis::start(Access::Open)?;
    let app = App::new(&Venv::celery(NEWEST)?, &redis.url())?;
    let cgroup = ScratchCgroup::new("answers")?;
    let _worker = Worker::start(&app, &cgroup, "a", &["--concurrency", "1"])?;
    let url = redis.url();
    let mut opened = queue::open(&url, &broker(&url, "", None))?;
    let ask = |method| Command {
        method,
        arguments: json!({}),
        node: Some("a@test"),
    };
    let lists = || -> Result<usize> {
        let keys = redis.command(&["KEYS", "autoscaler.reply.*"])?;
        Ok(keys.lines().filter(|line| !line.is_empty()).count())
    };
    for _ in 0..5 {
        let answers = opened.call(&ask("ping"), SOON).await?.context("nobody listens")?;
        assert_eq!(answers[0].body, json!({ "ok": "pong" }));
    }
    assert!(lists()? <= 1, "{} lists", lists()?);

    // Asked and not waited for: the answer comes when the next question is asked.
    opened.call(&ask("ping"), Duration::from_millis(1)).await?;
    let answers = opened
        .call(&ask("active_queues"), SOON)
        .await?
        .context("nobody listens")?;
    assert_eq!(answers.len(), 1);
    assert!(
        answers[0].body.is_array(),
        "the answer to another question: {:?}",
        answers[0].body
    );
    assert!(lists()? <= 1, "{} lists", lists()?);
    Ok(())
}

fn project(cgroup: &ScratchCgroup, url: &str, more: &str) -> String {
    format!(
        r#"{{ "global": {{ "check_interval_seconds": 1, "language": "en" }}, "projects": {{ "shop": {{
            "enabled": true, "cgroup": "{}", "min_workers": 1, "max_workers": 3,
            "queue_thresholds": {{ "scale_up_2": 10, "scale_up_3": 20, "scale_down_1": 1 }},
            "queue_duration_minutes": {{ "scale_up": 0.01, "scale_down": 60 }},
            "scale_up_on_saturated_host": true, "min_available_mb_per_worker": 1,
            "redis_url": "{url}"{more} }} }} }}"#,
        cgroup.relative().display()
    )
}

#[test]
fn tasks_fetched_ahead_lead_up() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    // As many as it may list, and without any limit.
    for prefetch in ["60", "0"] {
        let redis = Redis::start(Access::Open)?;
        let app = App::new(&Venv::celery(NEWEST)?, &redis.url())?.set("PREFETCH", prefetch);
        let cgroup = ScratchCgroup::new("ahead")?;
        let worker = Worker::start(&app, &cgroup, "a", &["--concurrency", "1"])?;
        let home = Home::new(&project(&cgroup, &redis.url(), ""))?;
        app.put(40, 600.0, 0)?;
        let fetched = until("the worker to fetch all", SOON, || {
            (redis.command(&["LLEN", "celery"]).ok()? == "0").then_some(())
        });
        fetched.with_context(|| {
            format!(
                "prefetch {prefetch}: {:?}\n{}",
                redis.command(&["LLEN", "celery"]),
                worker.log()
            )
        })?;
        let daemon = Daemon::start(home.command())?;
        let grown = until("a pool of three", SOON, || {
            (worker.children().len() == 3).then_some(())
        });
        grown.with_context(|| daemon.printed().join("\n"))?;
    }
    Ok(())
}

#[test]
fn the_daemon_says_once_what_it_leaves_out_and_once_that_nothing_is_any_more() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    let redis = Redis::start(Access::Open)?;
    let app = App::new(&Venv::celery(NEWEST)?, &redis.url())?.set("SEPARATOR", ":");
    let cgroup = ScratchCgroup::new("uncounted")?;
    // All of the priorities' lists are at a standstill behind one long task.
    let _worker = Worker::start(
        &app,
        &cgroup,
        "a",
        &[
            "--concurrency",
            "1",
            "--prefetch-multiplier",
            "1",
            "-Q",
            "celery,mail",
        ],
    )?;
    let home = Home::new(&project(&cgroup, &redis.url(), ""))?;
    let daemon = Daemon::start(home.command())?;
    let line = daemon.wait_line("the node a@test also takes tasks from mail", SOON)?;
    assert!(line.contains(r#"write "queues": ["celery", "mail"]"#), "{line}");
    app.put_with_priorities(12, 600.0, 0, &[9])?;
    let line = daemon.wait_line(r#"write "redis_priority_separator": ":""#, SOON)?;
    assert!(line.starts_with("[WARN]"), "{line}");

    let more = r#", "redis_priority_separator": ":", "queues": ["celery", "mail"]"#;
    home.configure(&project(&cgroup, &redis.url(), more))?;
    daemon.wait_line("every task that waits is counted again", SOON)?;
    daemon.wait_line("-> scale_up to 2 workers", SOON)?;
    let said = daemon
        .printed()
        .iter()
        .filter(|line| line.contains("redis_priority_separator"))
        .count();
    assert_eq!(said, 1, "{}", daemon.printed().join("\n"));
    Ok(())
}
