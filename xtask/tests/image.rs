//! The container image: that the same goes in again, and that Podman runs it as the manifests for Kubernetes have it run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::{in_ci, require_root, require_root_bpf};
use nix::sys::resource::{Resource, getrlimit};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Makes it of the program that the tests run, and returns the archive; `None` where that program needs a newer C library.
fn made() -> Result<Option<PathBuf>> {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["dist", "image", "--quick"])
        // The sources' last change, whatever is being changed.
        .env("SOURCE_DATE_EPOCH", "1764460800")
        .output()?;
    if !in_ci() && text(&output).contains(", and the image has ") {
        eprintln!("skipped: {}", text(&output));
        return Ok(None);
    }
    ensure!(output.status.success(), "{output:?}");
    let told = String::from_utf8(output.stdout)?;
    Ok(Some(PathBuf::from(told.trim().lines().last().context("a path")?)))
}

fn text(output: &Output) -> String {
    let parts = [&output.stdout, &output.stderr].map(|part| String::from_utf8_lossy(part).into_owned());
    parts.concat()
}

/// Files and processes that a container is given.
const MOST: u64 = 4096;

/// Podman with a store of its own, which is thrown away.
struct Podman {
    store: TempDir,
    image: String,
}

impl Podman {
    fn with(archive: &Path) -> Result<Self> {
        let version = env!("CARGO_PKG_VERSION");
        let podman = Self {
            store: tempfile::tempdir()?,
            image: format!("docker.io/library/autoscaler:{version}"),
        };
        let loaded = podman.output(&["load", "--input", &archive.display().to_string()])?;
        ensure!(loaded.status.success(), "{}", text(&loaded));
        Ok(podman)
    }

    fn output(&self, arguments: &[&str]) -> Result<Output> {
        let at = |name: &str| self.store.path().join(name).display().to_string();
        Ok(Command::new("podman")
            .args([
                "--root",
                &at("root"),
                "--runroot",
                &at("run"),
                "--tmpdir",
                &at("tmp"),
            ])
            .args(["--storage-driver", "vfs", "--events-backend", "none"])
            .args(["--runtime", "runc", "--cgroup-manager", "cgroupfs"])
            .args(arguments)
            .output()?)
    }

    /// Runs it on a read-only root, without a network and without capabilities but those that `sandbox` adds.
    fn run(&self, sandbox: &[&str], arguments: &[&str]) -> Result<Output> {
        // No more than Podman's own processes may, whatever it would like to give: without CAP_SYS_RESOURCE it cannot raise theirs.
        let limit = |name: &str, resource| -> Result<String> {
            let hard = getrlimit(resource)?.1.min(MOST);
            Ok(format!("--ulimit={name}={hard}:{hard}"))
        };
        let files = limit("nofile", Resource::RLIMIT_NOFILE)?;
        let processes = limit("nproc", Resource::RLIMIT_NPROC)?;
        let confined = [
            "run",
            "--rm",
            "--pull=never",
            "--read-only",
            "--network=none",
            "--cap-drop=all",
            "--security-opt=no-new-privileges",
            &files,
            &processes,
        ];
        self.output(&[&confined[..], sandbox, &[&self.image], arguments].concat())
    }
}

#[test]
fn the_image_is_the_same_twice_and_runs_as_nobody() -> Result<()> {
    if !require_root() || !require(&[Tool::Dpkg, Tool::Podman]) {
        return Ok(());
    }
    let Some(archive) = made()? else {
        return Ok(());
    };
    let first = fs::read(&archive)?;
    ensure!(made()? == Some(archive.clone()), "another place");
    ensure!(fs::read(&archive)? == first, "other bytes");

    let podman = Podman::with(&archive)?;
    let told = podman.output(&["image", "inspect", &podman.image])?;
    let told: Value = serde_json::from_slice(&told.stdout).with_context(|| text(&told))?;
    let config = &told[0]["Config"];
    ensure!(config["User"] == "65532:65532", "{config}");
    ensure!(config["Entrypoint"] == json!(["/usr/bin/autoscaler"]), "{config}");
    let version = env!("CARGO_PKG_VERSION");
    ensure!(
        config["Labels"]["org.opencontainers.image.version"] == version,
        "{config}"
    );

    let ran = podman.run(&[], &["--version"])?;
    let told = text(&ran);
    ensure!(
        ran.status.success() && told.contains(&format!("autoscaler {version}")),
        "{told}"
    );
    // The scaler's Deployment.
    let refused = podman.run(&[], &["keda", "--language=en", "--prometheus=https://p"])?;
    ensure!(text(&refused).contains("without TLS"), "{}", text(&refused));
    drop(podman);
    exporter_sees_the_host(&archive)
}

/// As the exporter's `DaemonSet` has it: root with four capabilities and not privileged, the host's cgroups read only.
fn exporter_sees_the_host(archive: &Path) -> Result<()> {
    if !require_root_bpf() {
        return Ok(());
    }
    let podman = Podman::with(archive)?;
    let profile = podman.store.path().join("seccomp.json");
    fs::write(&profile, seccomp()?.to_string())?;
    let seccomp = format!("--security-opt=seccomp={}", profile.display());
    let sandbox = [
        "--user=0:0",
        "--cap-add=BPF,PERFMON,DAC_READ_SEARCH,SYS_PTRACE",
        "--pid=host",
        "--volume=/sys/fs/cgroup:/sys/fs/cgroup:ro,rslave",
        "--security-opt=apparmor=unconfined",
        "--security-opt=label=disable",
        &seccomp,
    ];
    let ran = podman.run(&sandbox, &["export", "--language=en", "--once", "--requests"])?;
    let told = text(&ran);
    for part in [
        "source=\"ebpf\"",
        "autoscaler_host_cgroup_runqueue_wait_seconds_total{",
        "autoscaler_requests_seen{",
    ] {
        ensure!(told.contains(part), "{part} is not in\n{told}");
    }
    ensure!(!told.contains("requests cannot be seen"), "{told}");
    Ok(())
}

/// The profile that Podman has for every container, with what containerd's and Docker's have beside it: who has `CAP_BPF` and
/// `CAP_PERFMON` may call bpf(2) and `perf_event_open(2)`.
fn seccomp() -> Result<Value> {
    let path = "/usr/share/containers/seccomp.json";
    let mut profile: Value = serde_json::from_slice(&fs::read(path).context(path)?)?;
    let calls = ["bpf", "perf_event_open"];
    let rules = profile["syscalls"].as_array_mut().context("rules")?;
    for rule in rules.iter_mut() {
        if let Some(names) = rule["names"].as_array_mut() {
            names.retain(|name| !calls.iter().any(|call| name == call));
        }
    }
    rules.retain(|rule| rule["names"].as_array().is_some_and(|names| !names.is_empty()));
    rules.push(json!({ "names": calls, "action": "SCMP_ACT_ALLOW" }));
    Ok(profile)
}
