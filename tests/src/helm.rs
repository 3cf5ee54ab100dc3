//! The Helm chart, rendered by Helm's own library, and the plain manifests that come of it.

use std::collections::BTreeMap;
use std::fs;
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

/// What the chart can be asked for beside its defaults.
fn choices() -> [Value; 5] {
    [
        json!({}),
        json!({ "keda": { "tlsSecret": "autoscaler-tls", "replicas": 2 } }),
        json!({ "keda": { "enabled": false }, "exporter": { "requests": false } }),
        json!({ "keda": { "networkPolicy": { "enabled": false } }, "exporter": { "priorityClassName": "system-node-critical", "args": ["--depth=6"],
            "annotations": { "a": "b" }, "nodeSelector": { "kubernetes.io/arch": "amd64" }, "tolerations": [] } }),
        json!({ "image": { "repository": "registry.example/autoscaler", "digest": format!("sha256:{}", "0".repeat(64)) },
            "imagePullSecrets": [{ "name": "pull" }], "podMonitor": { "enabled": true, "labels": { "release": "p" } }, "rules": { "enabled": true } }),
    ]
}

/// Every manifest of the project by what it is called: those in [`packaging`] and what the chart gives, by its defaults and otherwise.
///
/// # Errors
/// When the chart cannot be rendered, or Helm has something against it.
pub fn every_manifest(venv: &Venv) -> Result<BTreeMap<String, String>> {
    let mut texts = BTreeMap::new();
    yaml(&packaging().join("kubernetes"), &mut texts)?;
    for (number, values) in choices().iter().enumerate() {
        let rendered = render(venv, values)?.map_err(anyhow::Error::msg)?;
        ensure!(rendered.lint.is_empty(), "{values}: {:?}", rendered.lint);
        for (name, text) in rendered.files {
            if name != "NOTES.txt" {
                texts.insert(format!("{name} of choice {number}"), text);
            }
        }
    }
    Ok(texts)
}

/// Every manifest in a folder and those below it, by its place below [`packaging`].
fn yaml(folder: &Path, found: &mut BTreeMap<String, String>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        let is_values = path.ends_with("prometheus-adapter-values.yaml");
        if path.is_dir() {
            yaml(&path, found)?;
        } else if path.extension().is_some_and(|end| end == "yaml") && !is_values {
            let place = path
                .strip_prefix(packaging())
                .unwrap_or(&path)
                .display()
                .to_string();
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            found.insert(place, text);
        }
    }
    Ok(())
}
