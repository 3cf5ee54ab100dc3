//! What is packaged for Kubernetes: the Helm chart as Helm reads it, and every manifest against the schemas that Kubernetes publishes.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use autoscaler_tests::Venv;
use autoscaler_tests::helm::{every_manifest, manifests, packaging, render, run};
use autoscaler_tests::tools::{Tool, require};
use serde_json::{Value, json};

/// The oldest version that has all that the plain manifests say, and the newest whose schemas there are.
const VERSIONS: [&str; 2] = ["1.30", "1.37"];

#[test]
fn the_plain_manifests_are_what_the_chart_gives() -> Result<()> {
    if !require(&[Tool::Python]) {
        return Ok(());
    }
    for (place, text) in manifests(&Venv::kubernetes()?)? {
        let path = packaging().join(place);
        let committed = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        ensure!(
            committed == text,
            "{place} is not what the chart gives: run cargo xtask manifests"
        );
    }
    Ok(())
}

#[test]
fn every_manifest_is_what_kubernetes_publishes_of_its_kind() -> Result<()> {
    if !require(&[Tool::Python]) {
        return Ok(());
    }
    let venv = Venv::kubernetes()?;
    let texts = every_manifest(&venv)?;
    let asked = |texts: &BTreeMap<String, String>| {
        run(
            &venv,
            "kubernetes.py",
            &json!({ "versions": VERSIONS, "texts": texts }),
        )
    };
    let told = asked(&texts)?;
    ensure!(told["faults"] == json!([]), "{:#}", told["faults"]);
    ensure!(
        told["kinds"]
            == json!([
                "DaemonSet",
                "Deployment",
                "HorizontalPodAutoscaler",
                "Namespace",
                "NetworkPolicy",
                "Service",
                "ServiceAccount"
            ]),
        "{}",
        told["kinds"]
    );
    // A slip is found, or the above would say nothing.
    let slip = |from: &str, to: &str| -> Result<Value> {
        let all = texts
            .iter()
            .map(|(name, text)| (name.clone(), text.replace(from, to)));
        Ok(asked(&all.collect())?["faults"].clone())
    };
    for (from, to) in [
        ("hostPID: true", "hostPid: true"),
        ("averageValue: 5600m", "averageValue: []"),
        ("grpc: { port: 9921 }", "grpc: { port: grpc }"),
    ] {
        ensure!(slip(from, to)? != json!([]), "{to} is no fault");
    }
    Ok(())
}

#[test]
fn the_chart_refuses_what_it_does_not_know() -> Result<()> {
    if !require(&[Tool::Python]) {
        return Ok(());
    }
    let venv = Venv::kubernetes()?;
    for (values, part) in [
        (json!({ "keda": { "promtheus": "http://p" } }), "promtheus"),
        (json!({ "keda": { "prometheus": "https://p" } }), "prometheus"),
        (json!({ "exporter": { "port": 0 } }), "port"),
        (json!({ "image": { "digest": "latest" } }), "digest"),
    ] {
        match render(&venv, &values)? {
            Err(why) => ensure!(why.contains(part), "{values}: {why}"),
            Ok(_) => anyhow::bail!("{values} is taken"),
        }
    }
    Ok(())
}

/// A Prometheus that goes by annotations and by the `PodMonitor` would scrape each exporter twice.
#[test]
fn the_exporter_is_found_in_one_way() -> Result<()> {
    if !require(&[Tool::Python]) {
        return Ok(());
    }
    let venv = Venv::kubernetes()?;
    for (monitor, annotated) in [(false, true), (true, false)] {
        let rendered =
            render(&venv, &json!({ "podMonitor": { "enabled": monitor } }))?.map_err(anyhow::Error::msg)?;
        let exporter = rendered.files.get("exporter.yaml").context("no exporter")?;
        ensure!(
            exporter.contains("prometheus.io/scrape") == annotated,
            "{exporter}"
        );
        ensure!(exporter.contains("annotations:") == annotated, "{exporter}");
    }
    Ok(())
}

/// The exporter may do what its systemd unit may, and no more.
#[test]
fn the_exporter_has_the_capabilities_of_its_unit_and_is_not_privileged() -> Result<()> {
    let unit = fs::read_to_string(packaging().join("autoscaler-export.service"))?;
    let manifest = fs::read_to_string(packaging().join("kubernetes/exporter.yaml"))?;
    let capabilities = |text: &str, begins: &str, ends: char| -> Vec<String> {
        let found = text.lines().filter_map(|line| {
            let line = line.trim_start_matches(['#', ' ']);
            Some(line.strip_prefix(begins)?.trim_end_matches(ends).to_owned())
        });
        let names = found.flat_map(|names| {
            let names = names.replace(',', " ").replace("CAP_", "");
            let names = names.split_whitespace().map(str::to_owned);
            // What is no name is a comment's word.
            let is_name = |name: &String| name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
            names.filter(is_name).collect::<Vec<_>>()
        });
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    };
    let of_unit = capabilities(&unit, "CapabilityBoundingSet=", ' ');
    assert_eq!(capabilities(&manifest, "add: [", ']'), of_unit);
    ensure!(manifest.contains("drop: [ALL]") && manifest.contains("privileged: false"));
    ensure!(manifest.contains("readOnlyRootFilesystem: true"));
    Ok(())
}

#[test]
fn the_rules_for_pods_give_what_their_tests_say() -> Result<()> {
    if !require(&[Tool::Prometheus]) {
        return Ok(());
    }
    for arguments in [
        ["check", "rules", "../helm/autoscaler/rules.yaml"],
        ["test", "rules", "autoscaler.pods.rules.test.yml"],
    ] {
        let output = Command::new("promtool")
            .args(arguments)
            .current_dir(packaging().join("prometheus"))
            .output()?;
        ensure!(output.status.success(), "{arguments:?}: {output:?}");
    }
    Ok(())
}
