//! `cargo xtask dist`: the Debian package, with man pages and shell completions made from the command line itself, and the book.

mod pages;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::Parser;

use crate::{cargo, docs};

/// Arguments of `cargo xtask dist`.
#[derive(Parser, Default)]
pub(crate) struct Args {
    /// Revision of the package: a higher one upgrades a lower one of the same version
    #[arg(long, value_name = "N", default_value = "1")]
    revision: String,
}

/// How a package is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    /// As small as can be, for those who download it.
    Small,
    /// As quickly as can be, for one that is installed next and then thrown away.
    Quick,
}

/// How the program in a package is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// As it is released: seven minutes on two CPUs.
    Release,
    /// As the whole-program tests compile it, checks for overflow and all: nothing where they have run.
    Dev,
}

impl Profile {
    /// What cargo calls it.
    fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Dev => "dev",
        }
    }
}

/// Builds the package and the book, and prints their paths.
pub(crate) fn run(args: &Args) -> Result<()> {
    let package = package(&args.revision, &folder(), Compression::Small, Profile::Release)?;
    println!("{}", package.display());
    println!("{}", docs::build(&folder().join("book"))?.display());
    Ok(())
}

/// Builds the package of this revision. Returns its path in the folder `into`, the only package there afterwards that
/// has this revision.
pub(crate) fn package(
    revision: &str,
    into: &Path,
    compression: Compression,
    profile: Profile,
) -> Result<PathBuf> {
    pages::write(&folder().join("man"), &folder().join("completions"))?;
    pages::write_schema(&folder().join("config.schema.json"))?;
    build(profile)?;
    fs::create_dir_all(into).with_context(|| format!("{}", into.display()))?;
    remove_packages(revision, into)?;
    let done = Command::new(cargo::tool::DEB.program()?)
        .args(["deb", "--quiet", "--no-build", "--package", "autoscaler"])
        .args(["--profile", profile.name()])
        // What is released is stripped by cargo, of less.
        .args((profile == Profile::Dev).then_some("--strip"))
        .args((compression == Compression::Quick).then_some("--fast"))
        .args(["--deb-revision", revision])
        .arg("--output")
        .arg(into)
        .current_dir(crate::workspace())
        .stderr(Stdio::inherit())
        .output()
        .context("cargo-deb cannot be run")?;
    if !done.status.success() {
        bail!("cargo-deb ended with {}", done.status);
    }
    Ok(PathBuf::from(String::from_utf8(done.stdout)?.trim_end()))
}

fn folder() -> PathBuf {
    crate::workspace().join("target/dist")
}

/// Removes packages of other versions with this revision, so that `autoscaler_*.deb` names one file.
fn remove_packages(revision: &str, folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("autoscaler_")
            && name.contains(&format!("-{revision}_"))
            && name.ends_with(".deb")
        {
            fs::remove_file(&path).with_context(|| format!("{}", path.display()))?;
        }
    }
    Ok(())
}

/// Builds the program.
fn build(profile: Profile) -> Result<()> {
    let packages: &[&str] = match profile {
        Profile::Release => &["--locked", "--package", "autoscaler"],
        Profile::Dev => &cargo::HOST,
    };
    let status = cargo::cargo()
        .args(["build", "--quiet", "--bin", "autoscaler"])
        .args(["--profile", profile.name()])
        .args(packages)
        .current_dir(crate::workspace())
        .status()
        .context("cargo cannot be run")?;
    if !status.success() {
        bail!("cargo build ended with {status}");
    }
    Ok(())
}
