//! The host's programs that a guest is made and run with.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use nix::unistd::geteuid;

/// A program and the Debian package that holds it.
const NEEDED: [(&str, &str); 6] = [
    ("qemu-system-x86_64", "qemu-system-x86"),
    ("mmdebstrap", "mmdebstrap"),
    ("mke2fs", "e2fsprogs"),
    ("debugfs", "e2fsprogs"),
    ("dpkg-deb", "dpkg"),
    ("pip3", "python3-pip"),
];

/// Makes sure that the programs are there: installs their packages as root, or names them in the error.
pub(super) fn ensure() -> Result<()> {
    let mut missing: Vec<_> = NEEDED
        .iter()
        .filter(|(program, _)| !installed(program))
        .map(|(_, package)| *package)
        .collect();
    missing.dedup();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    if !geteuid().is_root() {
        bail!("the guest needs packages that are not installed: apt-get install {list}");
    }
    println!("installing {list}");
    apt_get(&["update", "-qq"])?;
    let mut install = vec!["install", "-qq", "--yes", "--no-install-recommends"];
    install.extend(&missing);
    apt_get(&install)
}

fn installed(program: &str) -> bool {
    ["/usr/sbin", "/sbin"]
        .iter()
        .map(|sbin| Path::new(sbin).into())
        .chain(std::env::split_paths(
            &std::env::var_os("PATH").unwrap_or_default(),
        ))
        .any(|directory| directory.join(program).is_file())
}

fn apt_get(args: &[&str]) -> Result<()> {
    let status = Command::new("apt-get")
        .args(args)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .status()
        .context("apt-get cannot be run: install the packages by your system's own means")?;
    if !status.success() {
        bail!("apt-get {} ended with {status}", args.join(" "));
    }
    Ok(())
}
