//! What the kernel program needs and this host lacks: each has a sentence that names it, and `cpu.stat` in its place.
//!
//! The host lacks it for real, for one `autoscaler check` alone: a mount namespace of its own, in which other files
//! lie over the kernel's. What no file can take away, a helper that came later, an older kernel in the guest shows.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use autoscaler_tests::daemon::program;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::{Home, require_root_bpf};
use serde_json::Value;

const BTF: &str = "/sys/kernel/btf/vmlinux";
const SECURITY: &str = "/sys/kernel/security";

/// What `check` says of eBPF after `hide`, a shell command, has run in the mount namespace.
fn why_without(hide: &str) -> Result<String> {
    let home = Home::new(r#"{ "projects": {} }"#)?;
    let output = Command::new("unshare")
        .args(["--mount", "sh", "-ec", &format!("{hide}\nexec \"$@\""), "sh"])
        .arg(program())
        .args(["check", "--json", "--config"])
        .arg(home.config())
        .arg("--runtime-dir")
        .arg(home.runtime())
        .arg("--state-dir")
        .arg(home.state())
        .output()
        .context("cannot run unshare")?;
    let checked: Value = serde_json::from_slice(&output.stdout).with_context(|| format!("{output:?}"))?;
    let findings = checked["findings"].as_array().context("no findings")?;
    let finding = |code: &str| findings.iter().find(|finding| finding["code"] == code);
    let source = finding("source").with_context(|| format!("no source: {checked:#}"))?;
    ensure!(
        source["grade"] == "ok" && source["words"].to_string().contains("cpu.stat"),
        "{source}"
    );
    let why = finding("without_ebpf").with_context(|| format!("eBPF works all the same: {checked:#}"))?;
    Ok(why["words"].to_string())
}

fn over(original: &str, replacement: &Path) -> String {
    format!("mount --bind '{}' {original}", replacement.display())
}

/// This kernel's type information with one name of it written differently, everywhere.
fn renamed(name: &str, other: &str) -> Result<Vec<u8>> {
    assert_eq!(name.len(), other.len());
    let mut btf = fs::read(BTF).context(BTF)?;
    // Names stand in one table, each between two zeros.
    let framed = |name: &str| [b"\0", name.as_bytes(), b"\0"].concat();
    let (wanted, other) = (framed(name), framed(other));
    let places: Vec<usize> = btf
        .windows(wanted.len())
        .enumerate()
        .filter_map(|(place, window)| (window == wanted).then_some(place))
        .collect();
    ensure!(!places.is_empty(), "no {name} in {BTF}");
    for place in places {
        btf[place..place + other.len()].copy_from_slice(&other);
    }
    Ok(btf)
}

fn with_types(btf: &[u8]) -> Result<String> {
    let file = tempfile::NamedTempFile::new()?;
    fs::write(file.path(), btf)?;
    why_without(&over(BTF, file.path()))
}

#[test]
fn no_type_information() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::UtilLinux]) {
        return Ok(());
    }
    let why = why_without("mount -t tmpfs none /sys/kernel/btf")?;
    assert!(
        why.contains(BTF) && why.contains("CONFIG_DEBUG_INFO_BTF=y"),
        "{why}"
    );
    let why = with_types(b"nothing of the kind")?;
    assert!(why.contains(BTF), "{why}");
    Ok(())
}

#[test]
fn a_kernel_that_does_not_count_the_wait() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::UtilLinux]) {
        return Ok(());
    }
    let why = with_types(&renamed("run_delay", "run_dalay")?)?;
    assert!(
        why.contains("task_struct.sched_info.run_delay") && why.contains("CONFIG_SCHED_INFO=y"),
        "{why}"
    );
    Ok(())
}

#[test]
fn a_field_that_is_called_otherwise() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::UtilLinux]) {
        return Ok(());
    }
    let why = with_types(&renamed("dfl_cgrp", "dfl_cgro")?)?;
    assert!(why.contains("css_set.dfl_cgrp"), "{why}");
    Ok(())
}

/// Another field of the structure under the wanted one's name: its place is no pointer to a cgroup, and the verifier says so.
/// On a kernel that is locked down, that is told beside it.
#[test]
fn offsets_that_are_not_this_kernel_s() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::UtilLinux]) {
        return Ok(());
    }
    let mut btf = renamed("dfl_cgrp", "dfl_cgro")?;
    let (from, to) = (b"\0nr_tasks\0", b"\0dfl_cgrp\0");
    let place = btf.windows(from.len()).position(|window| window == from);
    let place = place.context("no nr_tasks")?;
    btf[place..place + to.len()].copy_from_slice(to);
    let why = with_types(&btf)?;
    assert!(why.contains("verifier refused `"), "{why}");
    assert!(!why.contains("locked down"), "{why}");
    let file = tempfile::NamedTempFile::new()?;
    fs::write(file.path(), &btf)?;
    let locked = format!(
        "{}\nmount -t tmpfs none {SECURITY}\necho 'none integrity [confidentiality]' > {SECURITY}/lockdown",
        over(BTF, file.path())
    );
    let why = why_without(&locked)?;
    assert!(
        why.contains("verifier refused `") && why.contains("locked down"),
        "{why}"
    );
    Ok(())
}

#[test]
fn no_capability() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::UtilLinux]) {
        return Ok(());
    }
    let bare = "set -- setpriv --bounding-set=-bpf,-sys_admin --inh-caps=-bpf,-sys_admin \"$@\"";
    let why = why_without(bare)?;
    assert!(why.contains("CAP_BPF") && !why.contains("CAP_PERFMON"), "{why}");
    Ok(())
}

#[test]
fn no_unified_hierarchy() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::UtilLinux]) {
        return Ok(());
    }
    let gone = "grep ' - cgroup2 ' /proc/self/mountinfo | cut -d' ' -f5 | sort -r | while read -r mount; do umount -l \"$mount\"; done";
    let output = Command::new("unshare")
        .args(["--mount", "sh", "-ec", &format!("{gone}\nexec \"$@\""), "sh"])
        .arg(program())
        .args(["top", "-n", "1"])
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("cgroup2"), "{output:?}");
    Ok(())
}
