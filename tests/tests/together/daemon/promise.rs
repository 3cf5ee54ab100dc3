//! A promise about the requests of a real server: what is late of them is counted, told and remembered.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use autoscaler_tests::daemon::program;
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::NEWEST;
use autoscaler_tests::{Address, Daemon, Home, Load, ScratchCgroup, Server, Venv, require_root_bpf, until};
use serde_json::Value;

const LIMIT: Duration = Duration::from_mins(2);

/// One worker, whatever is promised: four clients that ask for 0.1 s each keep three of them waiting.
fn config(cgroup: &Path, metrics: &Path) -> String {
    format!(
        r#"{{ "global": {{ "check_interval_seconds": 0.5, "language": "en",
                          "metrics": {{ "listen": "unix:{}" }} }},
             "projects": {{ "site": {{ "enabled": true, "cgroup": "/{}", "max_workers": 1,
                                       "policy": "target", "target": {{ "wait_ms": 50, "percent": 2 }} }} }} }}"#,
        metrics.display(),
        cgroup.display()
    )
}

/// What a command of `home` prints.
fn printed(home: &Home, args: &[&str]) -> Result<String> {
    let mut command = Command::new(program());
    command.args(args);
    if args[0] != "history" {
        command.arg("--runtime-dir").arg(home.runtime());
    }
    if args[0] != "status" {
        command.arg("--config").arg(home.config());
        command.arg("--state-dir").arg(home.state());
    }
    let output = command.output()?;
    ensure!(output.status.success(), "{args:?}: {output:?}");
    Ok(String::from_utf8(output.stdout)?)
}

/// How the promise was kept, once `wanted` is true of the requests of seven days.
fn kept(home: &Home, what: &str, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
    let mut last = Value::Null;
    let found = until(what, LIMIT, || {
        let output = Command::new(program())
            .args(["status", "--json", "--runtime-dir"])
            .arg(home.runtime())
            .output()
            .ok()?;
        let status: Value = serde_json::from_slice(&output.stdout).ok()?;
        let promise = status["projects"][0]["promise"].clone();
        let good = wanted(&promise["week"]);
        last.clone_from(&promise);
        good.then_some(promise)
    });
    found.with_context(|| format!("{last:#}"))
}

/// The figure of the project that `metrics` serves.
fn figure(metrics: &Address, name: &str) -> Result<f64> {
    let (_, text) = metrics.get("/metrics", LIMIT)?;
    let start = format!("{name}{{project=\"site\"}} ");
    let value = text.lines().find_map(|line| line.strip_prefix(&start));
    Ok(value
        .with_context(|| format!("{name} is not in\n{text}"))?
        .parse()?)
}

#[test]
fn late_requests_of_a_real_server_are_counted_told_and_remembered() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("promise")?;
    let server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &Options::workers(1))?;
    let sockets = tempfile::tempdir()?;
    let socket = sockets.path().join("metrics.sock");
    let home = Home::new(&config(&cgroup.relative(), &socket))?;
    let daemon = Daemon::start(home.command())?;
    daemon.wait_line("metrics are served at ", LIMIT)?;
    let metrics = Address::Unix(socket);
    ensure!(figure(&metrics, "autoscaler_requests_late_total")?.abs() < 1e-9);
    ensure!((figure(&metrics, "autoscaler_requests_late_promised_ratio")? - 0.02).abs() < 1e-9);
    // From here on every request is seen.
    kept(&home, "a look at its requests", Value::is_object)?;

    let load = Load::start(server.address(), 4, "/sleep/0.1");
    let seen = kept(&home, "late requests", |week| week["late"].as_u64() > Some(20))?;
    let seen_load = load.stop();
    ensure!(seen_load.failed.is_empty(), "{seen_load:?}");
    ensure!(seen["wait_ms"] == 50.0 && seen["percent"] == 2.0, "{seen}");
    ensure!(seen["week"]["late_percent"].as_f64() > Some(40.0), "{seen}");
    let answered = seen_load.answered;
    let all = kept(&home, "every request that was answered", |week| {
        week["requests"].as_u64() == Some(answered)
    })?;

    let late = figure(&metrics, "autoscaler_requests_late_total")?;
    let promised = figure(&metrics, "autoscaler_requests_promised_total")?;
    ensure!(late > 20.0 && late <= promised, "{late} of {promised}");
    ensure!(
        (promised - answered as f64).abs() < 0.5,
        "{promised} of {answered}"
    );

    let english = printed(&home, &["status", "--language", "en"])?;
    ensure!(
        english.contains("over 50 ms: ") && english.contains(" of 2 % promised"),
        "{english}"
    );
    let spanish = printed(&home, &["why", "site", "--language", "es"])?;
    ensure!(
        spanish.contains("más de 50 ms: ") && spanish.contains(" de un 2 % prometido"),
        "{spanish}"
    );
    daemon.end()?;

    // The history holds them all, and tells the next daemon.
    let told: Value = serde_json::from_str(&printed(&home, &["history", "site", "--json"])?)?;
    ensure!(
        told["promise"]["week"]["requests"] == all["week"]["requests"],
        "{}",
        told["promise"]
    );
    let alone = printed(&home, &["why", "site"])?;
    ensure!(alone.contains("over 50 ms: "), "{alone}");
    let again = Daemon::start(home.command())?;
    let remembered = kept(&home, "what was before", |week| {
        week["requests"].as_u64() >= Some(answered)
    })?;
    ensure!(
        remembered["week"]["late"] == all["week"]["late"],
        "{remembered} after {all}"
    );
    again.end()
}
