//! Set-up: what each command needs of the machine, and how it comes there.
//!
//! Programs of the system are listed in [`autoscaler_tests::tools`], Python environments in [`autoscaler_tests::venv`], parts of
//! the toolchain in rust-toolchain.toml. Programs of the registry that one command compiles for itself are in
//! [`crate::cargo::tool`].

use std::process::Command;

use anyhow::{Context, Result, bail};
use autoscaler_tests::in_ci;
use autoscaler_tests::tools::{self, Manager, Tool};
use nix::unistd::geteuid;

use crate::arch::Arch;

/// `cargo xtask demo`.
pub(crate) const DEMO: &[Tool] = &[Tool::Cc, Tool::Python];

/// `cargo xtask demo celery`.
pub(crate) const DEMO_CELERY: &[Tool] = &[Tool::Cc, Tool::Python, Tool::Redis];

/// `cargo xtask bench`.
pub(crate) const BENCH: &[Tool] = &[
    Tool::Cc,
    Tool::Nginx,
    Tool::Perf,
    Tool::Puma,
    Tool::Python,
    Tool::Redis,
    Tool::Unicorn,
    Tool::UtilLinux,
];

/// `cargo xtask dist`, for this machine's own architecture.
const DIST: &[Tool] = &[Tool::AptUtils, Tool::Cc, Tool::Dpkg, Tool::Gpg, Tool::Rpm];

/// `cargo xtask screenshot`.
pub(crate) const SCREENSHOT: &[Tool] = &[Tool::Cc, Tool::Python, Tool::Tmux];

/// `cargo xtask soak`.
pub(crate) const SOAK: &[Tool] = &[Tool::Cc, Tool::Python, Tool::Redis];

/// `cargo xtask test fuzz`.
pub(crate) const FUZZ: &[Tool] = &[Tool::Cc, Tool::Cxx];

/// `cargo xtask kubernetes`: what it runs beside is unpacked, not installed.
pub(crate) const KUBERNETES: &[Tool] = &[Tool::Cc, Tool::Dpkg, Tool::DpkgDev, Tool::Openssl, Tool::Python];

/// What the guest is given beside it that is to be a cluster's node.
pub(crate) const CLUSTER: &[Tool] = &[
    Tool::Cc,
    Tool::Dpkg,
    Tool::DpkgDev,
    Tool::Openssl,
    Tool::Prometheus,
    Tool::Python,
];

/// `cargo xtask vm`.
pub(crate) const VM: &[Tool] = &[
    Tool::Cc,
    Tool::Dpkg,
    Tool::E2fsprogs,
    Tool::Mmdebstrap,
    Tool::Pip,
    Tool::Qemu,
    Tool::UtilLinux,
];

/// `cargo xtask vm` for guests of `arch`.
pub(crate) fn vm(arch: Arch) -> Vec<Tool> {
    // The program that goes into the guest is compiled for it here.
    let mut tools = with_compiler(VM, arch);
    if arch == Arch::Aarch64 {
        tools.push(Tool::QemuAarch64);
    }
    tools
}

/// `cargo xtask dist` for `arch`.
pub(crate) fn dist(arch: Arch) -> Vec<Tool> {
    with_compiler(DIST, arch)
}

/// `cargo xtask dist image` for `arch`.
pub(crate) fn image(arch: Arch) -> Vec<Tool> {
    with_compiler(&[Tool::Cc, Tool::Dpkg], arch)
}

fn with_compiler(tools: &[Tool], arch: Arch) -> Vec<Tool> {
    let mut tools = tools.to_vec();
    if arch == Arch::Aarch64 && Arch::host().is_ok_and(|host| host != arch) {
        tools.push(Tool::CcAarch64);
    }
    tools
}

/// `cargo xtask test`, without what [`VM`] lists.
pub(crate) const TEST: &[Tool] = &[
    Tool::Cc,
    Tool::Dbus,
    Tool::Dpkg,
    Tool::Openssl,
    Tool::Podman,
    Tool::Prometheus,
    Tool::Iproute,
    Tool::Ps,
    Tool::Python,
    Tool::RabbitMq,
    Tool::Redis,
    Tool::Tmux,
    Tool::UtilLinux,
];

/// Brings what is missing of `tools` where root and a known package manager can, and returns what is missing still.
///
/// # Errors
/// With `CI=true` when anything is missing still: there, nothing may be skipped for it.
pub(crate) fn bring(tools: &[Tool]) -> Result<Vec<Tool>> {
    let missing = tools::missing(tools);
    if missing.is_empty() {
        return Ok(missing);
    }
    let remedy = tools::remedy(&missing);
    if let Some(manager) = Manager::of_this_machine().filter(|_| geteuid().is_root()) {
        println!("missing: {remedy}; installing");
        for command in manager.commands(&missing) {
            if let Err(error) = install(&command) {
                println!("{error:#}");
            }
        }
    }
    let missing = tools::missing(tools);
    if !missing.is_empty() && in_ci() {
        bail!(
            "it must all run in CI, but this is missing: {}",
            tools::remedy(&missing)
        );
    }
    Ok(missing)
}

/// The same as [`bring`] for a command that can do nothing without them: returns false, having told the reason and the
/// command, where it cannot run.
///
/// # Errors
/// As [`bring`].
pub(crate) fn ready(command: &str, tools: &[Tool]) -> Result<bool> {
    let missing = bring(tools)?;
    if !missing.is_empty() {
        println!("skipped: {command}: it needs {}", tools::remedy(&missing));
    }
    Ok(missing.is_empty())
}

fn install(command: &[String]) -> Result<()> {
    let (program, arguments) = command.split_first().context("an empty command")?;
    let output = Command::new(program)
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .output()
        .with_context(|| format!("cannot run {program}"))?;
    if !output.status.success() {
        bail!(
            "`{}` ended with {}: {}",
            command.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Arch, Tool, vm};

    #[test]
    fn a_guest_of_another_architecture_needs_a_compiler_for_it() {
        let tools = vm(Arch::Aarch64);
        let is_foreign = Arch::host().is_ok_and(|host| host != Arch::Aarch64);
        assert_eq!(tools.contains(&Tool::CcAarch64), is_foreign);
        assert!(tools.contains(&Tool::QemuAarch64) && !vm(Arch::X86_64).contains(&Tool::QemuAarch64));
    }
}
