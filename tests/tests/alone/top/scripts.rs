//! What a script gets.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use autoscaler_tests::daemon::program;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::{Burner, ScratchCgroup, require_root, require_root_bpf, until};
use serde_json::Value;

use super::host::{Host, SOON};

/// An id that owns nothing here: that of `nobody` on most systems.
const NOBODY: u32 = 65534;

fn passes(command: &mut Command) -> Result<Vec<Value>> {
    let output = command.output()?;
    anyhow::ensure!(
        output.status.success(),
        "{command:?} ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout)?;
    text.lines()
        .map(|line| serde_json::from_str(line).with_context(|| line.to_owned()))
        .collect()
}

fn cgroup<'v>(pass: &'v Value, name: &str) -> &'v Value {
    let found = pass["cgroups"].as_array().and_then(|all| {
        all.iter()
            .find(|one| one["path"].as_str().is_some_and(|path| path.ends_with(name)))
    });
    found.unwrap_or_else(|| panic!("no cgroup {name} in {pass}"))
}

#[test]
fn json_lines_agree_with_the_kernel_s_own_account() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let host = Host::start()?;
    // The two accounts are read some milliseconds apart; on a crowded machine those may be many for once.
    let mut ratios = Vec::new();
    for _ in 0..5 {
        let passes = passes(host.command().args(["--json", "-n", "3", "-d", "2"]))?;
        assert_eq!(passes.len(), 3);
        for pass in &passes {
            assert_eq!(pass["version"], 1);
            assert_eq!(pass["source"]["kind"], "ebpf");
            let cost = pass["source"]["switch_ns"]
                .as_f64()
                .context("a switch's cost was not measured")?;
            assert!(cost > 1.0, "{cost} ns for a switch");
            let interval = pass["interval_ns"].as_u64().context("no interval")?;
            assert!(interval > 1_900_000_000, "{interval}");
        }
        let sum = |name: &str, field: &str| -> u64 {
            let later = passes.iter().skip(1);
            later.filter_map(|pass| cgroup(pass, name)[field].as_u64()).sum()
        };
        let total =
            |pass: usize, name: &str| cgroup(&passes[pass], name)["cpu_total_ns"].as_u64().unwrap_or(0);
        ratios = ["pair", "half", "churn"]
            .into_iter()
            .map(|name| sum(name, "cpu_ns") as f64 / (total(2, name) - total(0, name)) as f64)
            .collect();
        // With twice as many busy processes as CPUs, each runs no more than half of the time.
        assert!(sum("pair", "wait_ns") > sum("pair", "cpu_ns") / 2);
        // One that sleeps uses nothing, by either account.
        assert_eq!(sum("idle", "cpu_ns"), 0);
        assert_eq!(total(2, "idle"), total(0, "idle"));
        assert!(sum("churn", "cpu_ns") > 0);
        assert!(sum("half", "cpu_ns") < sum("pair", "cpu_ns"));
        if ratios.iter().all(|ratio| (ratio - 1.0).abs() < 0.01) {
            return Ok(());
        }
    }
    panic!("CPU by the kernel program over CPU by cpu.stat, pair, half and churn: {ratios:?}");
}

#[test]
fn without_a_terminal_it_prints_one_pass_without_headings() -> Result<()> {
    if !require_root() {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("top-plain")?;
    cgroup.child("inside")?;
    let plain = |arguments: &[&str]| -> Result<Vec<String>> {
        let output = Command::new(program())
            .args(["top", "-d", "0.1", "--cgroup"])
            .arg(cgroup.path())
            .args(arguments)
            .output()?;
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout)?;
        Ok(text.lines().map(str::to_owned).collect())
    };
    let lines = plain(&[])?;
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[1].ends_with("/inside"), "{lines:?}");
    assert_eq!(plain(&["--depth", "0"])?.len(), 1);
    let batch = plain(&["-b", "-n", "2"])?;
    let headings = batch.iter().filter(|line| line.ends_with("CGROUP"));
    assert_eq!(headings.count(), 2, "{batch:?}");

    let csv = plain(&["--csv", "-n", "2"])?;
    assert_eq!(csv.len(), 1 + 2 * 2, "one heading, two cgroups twice: {csv:?}");
    let fields = |line: &str| line.split(',').count();
    assert!(csv.iter().all(|line| fields(line) == fields(&csv[0])), "{csv:?}");
    assert!(csv[0].starts_with("unix_ns,interval_ns,path,"), "{csv:?}");
    Ok(())
}

#[test]
fn a_reader_that_stops_reading_is_no_error() -> Result<()> {
    let mut top = Command::new(program())
        .args(["top", "-n", "0", "-d", "0.1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut reader = BufReader::new(top.stdout.take().context("no pipe")?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    assert!(!line.is_empty());
    drop(reader);
    let status = until("top to end when nobody reads", SOON, || {
        top.try_wait().ok().flatten()
    });
    if status.is_err() {
        top.kill()?;
    }
    let output = top.wait_with_output()?;
    assert!(status?.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    Ok(())
}

#[test]
fn without_privilege_it_reads_cpu_stat_and_says_what_root_would_add() -> Result<()> {
    if !require_root() {
        return Ok(());
    }
    // In a fifth of a second a machine with nothing to do uses less than a tick.
    let busy = ScratchCgroup::new("busy")?;
    let _loop = Burner::busy(busy.path())?;
    // Where anyone may run it: the build directory may be root's own.
    let public = tempfile::tempdir()?;
    std::fs::set_permissions(public.path(), std::fs::Permissions::from_mode(0o755))?;
    let copy = public.path().join("autoscaler");
    std::fs::copy(program(), &copy)?;
    let passes = passes(
        Command::new(copy)
            .args(["top", "--json", "-d", "0.2"])
            .uid(NOBODY)
            .gid(NOBODY),
    )?;
    let source = &passes[0]["source"];
    assert_eq!(source["kind"], "cpu.stat");
    let why = source["why_not_ebpf"].as_str().unwrap_or_default();
    assert!(why.starts_with("root would add run-queue wait"), "{why}");
    let root = &passes[0]["cgroups"][0];
    assert!(root["cpu_ns"].as_u64().unwrap_or(0) > 0, "{root}");
    assert!(root["wait_ns"].is_null(), "{root}");
    Ok(())
}

#[test]
fn what_is_not_there_is_said() -> Result<()> {
    if !require_root() {
        return Ok(());
    }
    let run = |arguments: &[&str]| -> Result<(Option<i32>, String)> {
        let output = Command::new(program()).arg("top").args(arguments).output()?;
        Ok((output.status.code(), String::from_utf8(output.stderr)?))
    };
    let (code, said) = run(&["--cgroup", "/no/such"])?;
    assert_eq!(code, Some(1));
    assert!(said.contains("/no/such"), "{said}");
    let (code, said) = run(&["--config", "/no/such.json"])?;
    assert_eq!(code, Some(2));
    assert!(said.contains("/no/such.json"), "{said}");
    let (code, _) = run(&["-d", "0"])?;
    assert_eq!(code, Some(2));
    Ok(())
}
