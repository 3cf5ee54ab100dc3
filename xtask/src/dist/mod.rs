//! `cargo xtask dist`: the Debian package, with man pages and shell completions made from the command line itself.

mod pages;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Parser;

/// The version of cargo-deb that the package's metadata was written for.
const CARGO_DEB: &str = "3.8.0";

/// Arguments of `cargo xtask dist`.
#[derive(Parser, Default)]
pub(crate) struct Args {
    /// Revision of the package: a higher one upgrades a lower one of the same version
    #[arg(long, value_name = "N", default_value = "1")]
    revision: String,
}

/// Builds the package and prints its path.
pub(crate) fn run(args: &Args) -> Result<()> {
    println!("{}", package(&args.revision)?.display());
    Ok(())
}

/// Builds the package of this revision. Returns its path under `target/dist`.
pub(crate) fn package(revision: &str) -> Result<PathBuf> {
    let folder = crate::workspace().join("target/dist");
    pages::write(&folder.join("man"), &folder.join("completions"))?;
    cargo(&[
        "build",
        "--quiet",
        "--release",
        "--locked",
        "--package",
        "autoscaler",
    ])?;
    let output = folder.join(format!("autoscaler_{revision}.deb"));
    let status = Command::new(cargo_deb()?)
        .args(["deb", "--quiet", "--no-build", "--package", "autoscaler"])
        .args(["--deb-revision", revision])
        .arg("--output")
        .arg(&output)
        .current_dir(crate::workspace())
        .status()
        .context("cargo-deb cannot be run")?;
    if !status.success() {
        bail!("cargo-deb ended with {status}");
    }
    Ok(output)
}

/// The path of cargo-deb, installed under `target/tools` if it is not there.
fn cargo_deb() -> Result<PathBuf> {
    let tools = crate::workspace().join("target/tools");
    let program = tools.join("bin/cargo-deb");
    if !program.is_file() {
        fs::create_dir_all(&tools).with_context(|| format!("{}", tools.display()))?;
        println!("installing cargo-deb {CARGO_DEB}, once");
        let root = tools.to_string_lossy();
        cargo(&[
            "install",
            "--quiet",
            "--locked",
            "--root",
            &root,
            "--version",
            CARGO_DEB,
            "cargo-deb",
        ])?;
    }
    Ok(program)
}

fn cargo(args: &[&str]) -> Result<()> {
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(args)
        .current_dir(crate::workspace())
        .status()
        .context("cargo cannot be run")?;
    if !status.success() {
        bail!("cargo {} ended with {status}", args.join(" "));
    }
    Ok(())
}
