//! The tarball, for systems with neither apt nor rpm: the program, what belongs to it, and INSTALL, which says where it goes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::program::Program;
use super::{Release, VERSION};
use crate::command::output;

const INSTALL: &str = include_str!("../../../packaging/INSTALL");

/// What is in the tarball beside the program, INSTALL and the units, by where it is in the checkout.
const FILES: [&str; 7] = [
    "packaging/autoscaler.example.json",
    "LICENSE-MIT",
    "LICENSE-APACHE",
    "README.md",
    "target/dist/config.schema.json",
    "target/dist/man",
    "target/dist/completions",
];

/// The units in it.
const UNITS: [&str; 2] = ["autoscaler.service", "autoscaler-export.service"];

/// Makes the tarball.
pub(super) fn of(release: &Release<'_>, program: &Program) -> Result<PathBuf> {
    let name = format!("autoscaler-{VERSION}-linux-{}", release.arch.name());
    let folder = release.folder();
    let tree = folder.join(&name);
    if tree.exists() {
        fs::remove_dir_all(&tree).with_context(|| format!("{}", tree.display()))?;
    }
    fs::create_dir_all(&tree).with_context(|| format!("{}", tree.display()))?;
    fs::copy(&program.path, tree.join("autoscaler"))
        .with_context(|| format!("{}", program.path.display()))?;
    for file in FILES {
        copy(&release.root.join(file), &tree)?;
    }
    for name in UNITS {
        let path = release.root.join("packaging").join(name);
        let unit = fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
        // What no package manager knows of belongs below /usr/local.
        fs::write(
            tree.join(name),
            unit.replace("/usr/bin/autoscaler", "/usr/local/bin/autoscaler"),
        )?;
    }
    let (major, minor) = program.glibc;
    fs::write(
        tree.join("INSTALL"),
        INSTALL.replace("{glibc}", &format!("{major}.{minor}")),
    )?;
    let tarball = folder.join(format!("{name}.tar.gz"));
    pack(release, &name, &tarball)?;
    fs::remove_dir_all(&tree).with_context(|| format!("{}", tree.display()))?;
    Ok(tarball)
}

fn copy(from: &Path, into: &Path) -> Result<()> {
    let status = Command::new("cp").arg("-r").args([from, into]).status()?;
    if !status.success() {
        bail!("{} cannot be copied: cp ended with {status}", from.display());
    }
    Ok(())
}

/// A new archive whose order, owners, modes and times say nothing of the machine; where it goes and what into it is to be added.
pub(super) fn tar(release: &Release<'_>) -> Command {
    let mut tar = release.command("tar");
    tar.args([
        "--create",
        "--sort=name",
        "--format=ustar",
        "--numeric-owner",
        "--owner=0",
        "--group=0",
        "--mode=u=rwX,go=rX",
    ]);
    tar.arg(format!("--mtime=@{}", release.epoch));
    tar
}

fn pack(release: &Release<'_>, name: &str, into: &Path) -> Result<()> {
    output(
        tar(release)
            // gzip's own header would hold the time as well.
            .arg("--use-compress-program=gzip -9n")
            .arg("--file")
            .arg(into)
            .arg(name)
            .current_dir(release.folder()),
    )?;
    Ok(())
}
