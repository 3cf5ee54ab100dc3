//! The package for Fedora, RHEL, openSUSE and their kin. What is in it is written in `[package.metadata.generate-rpm]` of
//! autoscaler/Cargo.toml.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::deb::Profile;
use super::program::Program;
use super::{Release, VERSION};
use crate::cargo;
use crate::command::output;

/// What of it stands in the checkout.
const COPIED: [&str; 5] = [
    "packaging/autoscaler.example.json",
    "packaging/autoscaler.service",
    "packaging/autoscaler-export.service",
    "LICENSE-MIT",
    "LICENSE-APACHE",
];

/// Builds the package.
pub(super) fn of(release: &Release<'_>, program: &Program) -> Result<PathBuf> {
    stage(release, program)?;
    let arch = release.arch.name();
    let path = release
        .folder()
        .join(format!("autoscaler-{VERSION}-{}.{arch}.rpm", release.revision));
    let (major, minor) = program.glibc;
    let mut rpm = release.command(cargo::tool::RPM.program()?);
    rpm.args(["generate-rpm", "--package", "autoscaler", "--arch", arch])
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

/// Puts what was not made just now beside what was, in `target/dist/rpm`: cargo-generate-rpm gives a file the release's time only
/// where its own is later, and a checkout's files are as old as the checkout.
fn stage(release: &Release<'_>, program: &Program) -> Result<()> {
    let folder = release.folder().join("rpm");
    fs::create_dir_all(&folder).with_context(|| format!("{}", folder.display()))?;
    let copied = COPIED.map(|file| release.root.join(file));
    for file in copied.iter().chain([&program.path]) {
        let copy = folder.join(file.file_name().unwrap_or_default());
        fs::copy(file, &copy).with_context(|| format!("{}", copy.display()))?;
    }
    Ok(())
}

/// What it needs beside /bin/sh, as the metadata of cargo-generate-rpm.
fn requires(major: u32, minor: u32) -> String {
    format!(
        "requires = {{ glibc = \">= {major}.{minor}\", systemd = \">= 247\", \"libgcc_s.so.1()(64bit)\" = \"*\" }}"
    )
}
