//! `autoscaler top --requests`, without a daemon and a configuration.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use autoscaler_tests::daemon::program;
use autoscaler_tests::load::Load;
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::{ScratchCgroup, Server, Venv, require_root_bpf};
use serde_json::Value;

/// What it says of the cgroup at `path` in its last pass of a few.
fn shown(path: &str, arguments: &[&str]) -> Result<Value> {
    let output = Command::new(program())
        .args([
            "top",
            "--language",
            "en",
            "--requests",
            "--json",
            "-n",
            "3",
            "-d",
            "1",
        ])
        .args(["--runtime-dir", "/there/is/none"])
        .args(arguments)
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let last: Value = serde_json::from_str(text.lines().last().with_context(|| format!("{output:?}"))?)?;
    let cgroups = last["cgroups"].as_array().context("its cgroups")?;
    let found = cgroups.iter().find(|cgroup| cgroup["path"] == path);
    found.cloned().with_context(|| format!("{path} in {last}"))
}

#[test]
fn without_a_project_every_server_of_the_host_has_its_requests() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("requests-top")?;
    let path = format!("/{}", cgroup.relative().display());
    let server = Server::gunicorn(&Venv::gunicorn("23.0.0")?, &cgroup, &Options::workers(2))?;
    let load = Load::start(server.address(), 3, "/sleep/0.05");
    for arguments in [&[][..], &["--cgroup", &path]] {
        let seen = shown(&path, arguments)?;
        ensure!(
            seen["requests_answered"].as_u64() > Some(0),
            "{arguments:?}: {seen}"
        );
        let busy = seen["requests_busy"].as_f64().context("busy")?;
        ensure!(busy > 0.1 && busy < 2.1, "{arguments:?}: {seen}");
    }
    ensure!(load.stop().failed.is_empty());
    Ok(())
}
