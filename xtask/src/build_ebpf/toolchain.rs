//! The Rust toolchain that builds the object.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::workspace;

/// What the active `rustc` says of itself.
pub(crate) struct Toolchain {
    /// Its first words, e.g. `rustc 1.95.0 (59807616e 2026-04-14)`.
    pub(crate) version: String,
    /// Its version, e.g. `1.95.0`.
    pub(crate) release: String,
    /// The machine that it runs on, e.g. `x86_64-unknown-linux-gnu`.
    pub(crate) host: String,
    /// The major version of the LLVM that it carries, e.g. `22`.
    pub(crate) llvm: String,
    /// Where it is installed.
    pub(crate) sysroot: PathBuf,
}

impl Toolchain {
    /// Asks the `rustc` that the workspace's rust-toolchain.toml chooses.
    pub(crate) fn find() -> Result<Self> {
        let said = output(Command::new("rustc").arg("-vV"))?;
        let field = |name: &str| {
            said.lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
                .with_context(|| format!("`rustc -vV` says no `{name}`"))
        };
        let release = field("release")?.to_owned();
        let host = field("host")?.to_owned();
        let llvm = field("LLVM version")?
            .split('.')
            .next()
            .unwrap_or_default()
            .to_owned();
        let sysroot = PathBuf::from(output(Command::new("rustc").args(["--print", "sysroot"]))?.trim());
        Ok(Self {
            version: said.lines().next().unwrap_or_default().to_owned(),
            release,
            host,
            llvm,
            sysroot,
        })
    }
}

/// Where cargo keeps what it fetched: `CARGO_HOME`, else `~/.cargo`.
pub(crate) fn cargo_home() -> Result<PathBuf> {
    env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::home_dir().map(|home| home.join(".cargo")))
        .context("neither CARGO_HOME nor HOME is set")
}

/// Runs a command in the workspace and returns what it prints.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .current_dir(workspace())
        .output()
        .with_context(|| format!("cannot run {command:?}"))?;
    ensure!(
        output.status.success(),
        "{} ended with {}: {}",
        command.get_program().display(),
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    String::from_utf8(output.stdout).with_context(|| format!("{command:?} printed no UTF-8"))
}
