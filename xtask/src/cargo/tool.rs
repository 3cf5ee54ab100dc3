//! Programs of cargo's registry that one of our commands needs: compiled once, below `target/tools`.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use autoscaler_tests::venv::target_dir;

use super::cargo;

/// A program of the registry.
pub(crate) struct CargoTool {
    /// The package, and the program in it.
    pub(crate) name: &'static str,
    /// The version that this project was written for.
    pub(crate) version: &'static str,
}

/// Makes the Debian package.
pub(crate) const DEB: CargoTool = CargoTool {
    name: "cargo-deb",
    version: "3.8.0",
};

impl CargoTool {
    /// The program's path; compiles it first where it is not there.
    ///
    /// # Errors
    /// When it cannot be fetched or compiled.
    pub(crate) fn program(&self) -> Result<PathBuf> {
        let Self { name, version } = self;
        let root = target_dir().join("tools").join(format!("{name}-{version}"));
        let program = root.join("bin").join(name);
        if program.is_file() {
            return Ok(program);
        }
        println!("compiling {name} {version}, once");
        let status = cargo()
            // Not optimized: it takes minutes to compile else, and seconds to run.
            .args(["install", "--quiet", "--debug", "--locked", "--version", version])
            .arg("--root")
            .arg(&root)
            .arg(name)
            .status()
            .context("cargo cannot be run")?;
        if !status.success() {
            bail!("`cargo install {name} --version {version}` ended with {status}");
        }
        Ok(program)
    }
}
