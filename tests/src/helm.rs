//! The Helm chart, rendered by Helm's own library, and the plain manifests that come of it.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::venv::Venv;

/// What Helm makes of the chart.
#[derive(Debug)]
pub struct Rendered {
    /// The text of each template, by the template's name.
    pub files: BTreeMap<String, String>,
    /// What `helm lint --strict` has against it.
    pub lint: Vec<String>,
}

/// The folder of what is packaged.
#[must_use]
pub fn packaging() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging")
}

/// The chart with these values, in the release and the namespace `autoscaler`; or why Helm refuses them.
///
/// # Errors
/// When Helm's library cannot be had.
pub fn render(venv: &Venv, values: &Value) -> Result<Result<Rendered, String>> {
    let answer = run(
        venv,
        "helm.py",
        &json!({ "chart": packaging().join("helm/autoscaler"), "values": values }),
    )?;
    if let Some(why) = answer["refused"].as_str() {
        return Ok(Err(why.to_owned()));
    }
    Ok(Ok(Rendered {
        files: serde_json::from_value(answer["files"].clone())?,
        lint: serde_json::from_value(answer["lint"].clone())?,
    }))
}

/// Runs a script of `tests/apps` that takes JSON and gives JSON.
///
/// # Errors
/// When it cannot be run, or fails.
pub fn run(venv: &Venv, script: &str, asked: &Value) -> Result<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("apps").join(script);
    let mut python = Command::new(venv.bin("python"))
        .arg(&script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {}", script.display()))?;
    let mut input = python.stdin.take().context("a pipe")?;
    input.write_all(asked.to_string().as_bytes())?;
    drop(input);
    let output = python.wait_with_output()?;
    ensure!(output.status.success(), "{} failed: {output:?}", script.display());
    Ok(serde_json::from_slice(&output.stdout)?)
}

const HEAD: &str = "# Written by `cargo xtask manifests` from the Helm chart in packaging/helm/autoscaler, with its default values.\n";

/// The plain manifests: what the chart gives, without the labels that are Helm's. By their place below [`packaging`].
///
/// # Errors
/// When the chart cannot be rendered.
pub fn manifests(venv: &Venv) -> Result<Vec<(&'static str, String)>> {
    let plain = json!({});
    let operator = json!({ "podMonitor": { "enabled": true }, "rules": { "enabled": true } });
    let of = |values: &Value, template: &str| -> Result<String> {
        let rendered = render(venv, values)?.map_err(anyhow::Error::msg)?;
        let text = rendered.files.get(template).context("no such template")?;
        let lines = text.trim().lines().filter(|line| {
            let line = line.trim();
            line != "app.kubernetes.io/managed-by: Helm" && !line.starts_with("helm.sh/chart: ")
        });
        Ok(format!("{HEAD}{}\n", lines.collect::<Vec<_>>().join("\n")))
    };
    Ok(vec![
        ("kubernetes/exporter.yaml", of(&plain, "exporter.yaml")?),
        ("kubernetes/keda.yaml", of(&plain, "keda.yaml")?),
        (
            "kubernetes/prometheus-operator.yaml",
            of(&operator, "prometheus.yaml")?,
        ),
    ])
}
