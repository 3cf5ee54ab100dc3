//! The Rust toolchain that builds the object.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::output;
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
        let rustc = |arguments: &[&str]| {
            let mut rustc = Command::new("rustc");
            output(rustc.args(arguments).current_dir(workspace()))
        };
        let said = rustc(&["-vV"])?;
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
        let sysroot = PathBuf::from(rustc(&["--print", "sysroot"])?.trim());
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
