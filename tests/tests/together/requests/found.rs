//! `autoscaler top --requests` and `autoscaler requests` find servers by themselves, without a daemon and a configuration.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use autoscaler_tests::daemon::program;
use autoscaler_tests::load::Load;
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::{Daemon, ScratchCgroup, Server, Venv, require_root_bpf, until};
use serde_json::Value;

use super::SOON;

/// What a command says in the last of a few passes of what has this name: an entry of one of its lists.
fn shown(arguments: &[&str], list: &str, key: &str, name: &str) -> Result<Option<Value>> {
    let output = Command::new(program())
        .args(arguments)
        .args(["--language", "en", "--json", "-n", "3", "-d", "1"])
        .args(["--runtime-dir", "/there/is/none"])
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let pass: Value = serde_json::from_str(text.lines().last().with_context(|| format!("{output:?}"))?)?;
    let entries = pass[list]
        .as_array()
        .with_context(|| format!("{list} in {pass}"))?;
    Ok(entries.iter().find(|entry| entry[key] == name).cloned())
}

#[test]
fn without_a_project_every_server_of_the_host_has_its_requests() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("requests-found")?;
    let path = format!("/{}", cgroup.relative().display());
    let server = Server::gunicorn(&Venv::gunicorn("23.0.0")?, &cgroup, &Options::workers(2))?;
    let load = Load::start(server.address(), 3, "/sleep/0.05");
    let (top, below) = (["top", "--requests"], ["top", "--requests", "--cgroup", &path]);
    for arguments in [&top[..], &below] {
        let seen = shown(arguments, "cgroups", "path", &path)?.context("its cgroup")?;
        ensure!(
            seen["requests_answered"].as_u64() > Some(0),
            "{arguments:?}: {seen}"
        );
        let busy = seen["requests_busy"].as_f64().context("busy")?;
        ensure!(busy > 0.1 && busy < 2.1, "{arguments:?}: {seen}");
    }
    let seen = shown(&["requests"], "services", "name", &path)?.context("its cgroup")?;
    ensure!(seen["answered"].as_u64() > Some(0), "{seen}");
    ensure!(load.stop().failed.is_empty());

    // Who has no requests is not told of, unless somebody asks for it.
    let seen = shown(&["requests"], "services", "name", &path)?;
    ensure!(seen.is_none(), "{seen:?}");
    let asked = shown(&["requests", "--cgroup", &path], "services", "name", &path)?;
    ensure!(asked.context("its cgroup")?["answered"].as_u64() == Some(0));
    Ok(())
}

/// Nobody has asked it before, so nothing is known of it but that it serves.
#[test]
fn the_first_request_of_a_server_that_was_found_is_shown() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("requests-first")?;
    let path = format!("/{}", cgroup.relative().display());
    let server = Server::gunicorn(&Venv::gunicorn("23.0.0")?, &cgroup, &Options::workers(1))?;
    let mut command = Command::new(program());
    command.args(["top", "--requests", "--json", "-n", "0", "-d", "0.5"]);
    command.args(["--runtime-dir", "/there/is/none"]);
    let top = Daemon::start(command)?;
    let passes = || {
        let printed = top.printed();
        printed
            .iter()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .collect::<Vec<_>>()
    };
    until("it to be found", SOON, || (passes().len() >= 3).then_some(()))?;
    ensure!(server.address().get("/", SOON)?.0 == 200);
    let told = |pass: &Value| {
        let cgroups = pass["cgroups"].as_array()?;
        cgroups.iter().find(|cgroup| cgroup["path"] == path)?["requests_answered"].as_u64()
    };
    until("the one request to be shown", SOON, || {
        (passes().iter().filter_map(told).sum::<u64>() == 1).then_some(())
    })?;
    Ok(())
}
