//! The Grafana dashboard held against Grafana's own published model of one.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use autoscaler_tests::Venv;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::GRAFANAS;
use serde_json::{Value, json};

fn dashboard() -> Result<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/grafana/autoscaler.json");
    Ok(serde_json::from_reader(File::open(path)?)?)
}

/// What the model has against a dashboard; empty if nothing.
fn faults(venv: &Venv, dashboard: &Value) -> Result<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("apps/dashboard.py");
    let mut python = Command::new(venv.bin("python"))
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = python.stdin.take().context("a pipe")?;
    input.write_all(&serde_json::to_vec(dashboard)?)?;
    drop(input);
    let output = python.wait_with_output()?;
    let said = String::from_utf8(output.stdout)?;
    // Anything else is the script's own failure.
    ensure!(
        matches!(output.status.code(), Some(0 | 1)),
        "{}: {said}",
        output.status
    );
    ensure!(
        output.status.success() == said.trim().is_empty(),
        "{}: {said:?}",
        output.status
    );
    Ok(said.trim().to_owned())
}

#[test]
fn the_dashboard_is_what_grafana_models() -> Result<()> {
    if !require(&[Tool::Python]) {
        return Ok(());
    }
    let dashboard = dashboard()?;
    for version in GRAFANAS {
        let venv = Venv::grafana(version)?;
        let found = faults(&venv, &dashboard)?;
        assert_eq!(found, "", "{version}");
    }
    Ok(())
}

/// Each fault alone is found, or the test above would say nothing.
#[test]
fn a_fault_of_each_kind_in_the_dashboard_would_be_found() -> Result<()> {
    if !require(&[Tool::Python]) {
        return Ok(());
    }
    let venv = Venv::grafana(GRAFANAS[1])?;
    let slips = [
        ("/panels/0/targets/0", "legendFormatt", json!("x")),
        ("/panels/0/fieldConfig/defaults/custom", "lineWith", json!(3)),
        (
            "/panels/0/fieldConfig/defaults/custom",
            "showPoints",
            json!("nver"),
        ),
        ("/panels/0/options/legend", "displayMode", json!("lists")),
        ("/panels/0/gridPos", "w", json!("12")),
        ("/panels/0", "type", json!("timeserie")),
        ("/templating/list/1", "type", json!("querry")),
    ];
    for (place, key, value) in slips {
        let mut dashboard = dashboard()?;
        let object = dashboard.pointer_mut(place).and_then(Value::as_object_mut);
        let written = object.with_context(|| place.to_owned())?;
        written.insert(key.to_owned(), value);
        let found = faults(&venv, &dashboard)?;
        assert_eq!(found.lines().count(), 1, "{place}/{key}: {found:?}");
    }
    Ok(())
}
