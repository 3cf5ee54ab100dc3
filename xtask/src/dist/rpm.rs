//! The package for Fedora, RHEL, openSUSE and their kin. What is in it is written in `[package.metadata.generate-rpm]` of
//! autoscaler/Cargo.toml.

use std::path::PathBuf;

use anyhow::Result;

use super::deb::Profile;
use super::program::Program;
use super::{Release, VERSION};
use crate::cargo;
use crate::command::output;

/// Builds the package.
pub(super) fn of(release: &Release<'_>, program: &Program) -> Result<PathBuf> {
    let arch = release.arch.name();
    let path = release
        .folder()
        .join(format!("autoscaler-{VERSION}-{}.{arch}.rpm", release.revision));
    let (major, minor) = program.glibc;
    let mut rpm = release.command(cargo::tool::RPM.program()?);
    rpm.args(["generate-rpm", "--package", "autoscaler", "--arch", arch])
        .args(program.whereabouts())
        .args(["--set-metadata", &format!("release = \"{}\"", release.revision)])
        .args(["--set-metadata", &requires(major, minor)])
        // Older rpms do not know zstd, and those are what is still called enterprise.
        .args([
            "--payload-compress",
            if program.profile == Profile::Release {
                "gzip"
            } else {
                "none"
            },
        ])
        .arg("--output")
        .arg(&path);
    output(&mut rpm)?;
    Ok(path)
}

/// What it needs beside /bin/sh, as the metadata of cargo-generate-rpm.
fn requires(major: u32, minor: u32) -> String {
    format!(
        "requires = {{ glibc = \">= {major}.{minor}\", systemd = \">= 247\", \"libgcc_s.so.1()(64bit)\" = \"*\" }}"
    )
}
