//! The JSON Schema that `autoscaler check --schema` prints, held against the parser by a validator: it takes what the parser
//! takes, and of what the parser refuses it lets through only what no schema can tell.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use autoscaler_tests::Venv;
use autoscaler_tests::daemon::program;
use autoscaler_tests::tools::{Tool, require};
use serde_json::{Value, json};

/// Faults that no JSON Schema can tell, as `autoscaler/testdata/faults.txt` names them: of an order, of two keys together,
/// of a number as it is written, inside a text, or of a key that stands twice.
const BEYOND: &[&str] = &[
    "a bad broker URL",
    "a busy threshold as a part of one",
    "a cron expression with a weekday in Spanish",
    "a cron expression with an hour that no day has",
    "a key twice",
    "a management API of Redis",
    "a pool of RQ's",
    "a prefix of arq's keys",
    "a project called as an instance of another",
    "a queue of RQ's in RabbitMQ",
    "a schedule on 30 February",
    "a schedule whose maximum is below the minimum",
    "a schedule whose minimum is above its maximum",
    "a schedule whose minimum is above the maximum",
    "a star that is no instance",
    "a template without an instance",
    "a time zone that is none",
    "a unit that is no service",
    "a user of Docker's",
    "down at or above the next up",
    "lists of Celery's for RQ",
    "metrics for the whole world",
    "min above max",
    "parts of one for percents",
    "rungs outside the bounds",
    "rungs that fall",
    "running tasks of a program that tells nobody",
    "template units without a template",
    "the whole tree",
    "two projects over one cgroup, with and without the mount",
    "two projects over one service and cgroup",
];

fn schema() -> Result<Value> {
    let printed = Command::new(program()).args(["check", "--schema"]).output()?;
    ensure!(printed.status.success(), "{printed:?}");
    Ok(serde_json::from_slice(&printed.stdout)?)
}

/// What a validator says of each text: `good`, `bad`, or `none` for what is no JSON.
fn judged(texts: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("apps/schema.py");
    let mut python = Command::new(Venv::jsonschema()?.bin("python"))
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let asked = json!({ "schema": schema()?, "texts": texts });
    let mut input = python.stdin.take().context("a pipe")?;
    input.write_all(&serde_json::to_vec(&asked)?)?;
    drop(input);
    let output = python.wait_with_output()?;
    ensure!(output.status.success(), "{}", output.status);
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The texts of a file of the source.
fn text(file: &str) -> Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    std::fs::read_to_string(&path).with_context(|| path.display().to_string())
}

#[test]
fn the_schema_takes_every_configuration_that_the_parser_takes() -> Result<()> {
    if !require(&[Tool::Python]) {
        return Ok(());
    }
    let mut texts = BTreeMap::new();
    for file in [
        "packaging/autoscaler.example.json",
        "autoscaler/testdata/documentation.json",
        "autoscaler/testdata/six-projects.json",
    ] {
        texts.insert(file.to_owned(), text(file)?);
    }
    for written in [
        "{ }",
        r#"{ "$schema": "x.json" }"#,
        r#"{ "$schema": "x.json", "web": { "max_workers": 2, "cpu_thresholds": { "scale_up_2": 60 } } }"#,
        r#"{ "global": { "metrics": { "listen": "unix:/run/m.sock" }, "budget": { "memory_mb": 900 } } }"#,
        r#"{ "global": { "metrics": { "listen": "[::1]:9919" }, "history": { "path": "/h/h.db" } } }"#,
        r#"{ "projects": { "web": { "max_workers": 2, "policy": "target", "target": { "percent": 5 } } } }"#,
        r#"{ "projects": { "web": { "max_workers": 2, "policy": "target", "cadence_seconds": 2.5, "weight": 3 } } }"#,
        r#"{ "log_file": "x", "web": { "max_workers": 2, "queue_thresholds": { "scale_up_2": 6 }, "redis_url": "redis://h" } }"#,
        r#"{ "projects": { "web": { "max_workers": 2, "tasks_per_worker": 6, "broker_url_env": "BROKER", "actuator": "units",
            "redis_priority_separator": ":", "redis_priority_steps": [0, 255], "queues": ["a", "b"], "log_file": 3 } } }"#,
        r#"{ "projects": { "web": { "max_workers": 2, "tasks_per_worker": 6, "broker_url": "pyamqp://h",
            "management_url": "http://h:15672", "cpu_thresholds": { "scale_down_1": 0 } } } }"#,
        r#"{ "projects": { "web": { "max_workers": 2, "cgroup": "./a", "service_name": "_a\\x2db",
            "wait_thresholds": { "scale_up_2": 0.5 }, "threads_per_worker": 2 } } }"#,
        r#"{ "global": { "time_zone": "Etc/GMT+3" }, "projects": { "web": { "max_workers": 2, "policy": "target", "at": [
            { "cron": " */5  8-18/2 1,15 jan MON-fri ", "until": "8:05", "min_workers": 2 },
            { "cron": "0 8 * * 7", "until": "23:59", "max_workers": 9, "time_zone": "America/Argentina/Buenos_Aires" }] } } }"#,
        r#"{ "projects": { "web": { "max_workers": 2, "policy": "target", "at": [] } } }"#,
    ] {
        texts.insert(written.to_owned(), written.to_owned());
    }
    for (name, text) in &texts {
        autoscaler::config::parse("config.json", text).with_context(|| name.clone())?;
    }
    for (name, judgement) in judged(&texts)? {
        assert_eq!(judgement, "good", "{name}");
    }
    Ok(())
}

#[test]
fn of_what_the_parser_refuses_the_schema_takes_only_what_no_schema_can_tell() -> Result<()> {
    if !require(&[Tool::Python]) {
        return Ok(());
    }
    let table = text("autoscaler/testdata/faults.txt")?;
    let cases = table
        .split("\n=== ")
        .skip(1)
        .filter_map(|block| block.split_once('\n'));
    let texts: BTreeMap<_, _> = cases
        .map(|(kind, block)| {
            let lines = block
                .lines()
                .filter(|line| !line.starts_with("-> ") && !line.starts_with("=> "));
            (kind.to_owned(), lines.collect::<Vec<_>>().join("\n"))
        })
        .collect();
    let judged = judged(&texts)?;
    let taken: BTreeSet<_> = judged
        .iter()
        .filter(|(_, judgement)| *judgement == "good")
        .map(|(kind, _)| kind.as_str())
        .collect();
    assert_eq!(taken, BEYOND.iter().copied().collect());
    Ok(())
}
