//! Programs of cargo's registry that one of our commands needs: compiled once, below `target/tools`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use autoscaler_tests::venv::target_dir;

use super::cargo;

/// A program of the registry.
pub(crate) struct CargoTool {
    /// The package, and the program in it.
    pub(crate) name: &'static str,
    /// The version that this project was written for.
    pub(crate) version: &'static str,
    /// What else `cargo install` is told.
    options: &'static [&'static str],
}

/// Makes the Debian package.
pub(crate) const DEB: CargoTool = CargoTool {
    name: "cargo-deb",
    version: "3.8.0",
    options: &[],
};

/// Holds the dependencies to deny.toml.
pub(crate) const DENY: CargoTool = CargoTool {
    name: "cargo-deny",
    version: "0.20.2",
    options: &[],
};

/// Makes the book: two minutes of CPU time to compile, without its server.
pub(crate) const MDBOOK: CargoTool = CargoTool {
    name: "mdbook",
    version: "0.5.4",
    options: &["--no-default-features", "--features", "search"],
};

/// Builds with the list of dependencies inside the program.
pub(crate) const AUDITABLE: CargoTool = CargoTool {
    name: "cargo-auditable",
    version: "0.7.7",
    options: &[],
};

/// Makes the package for rpm.
pub(crate) const RPM: CargoTool = CargoTool {
    name: "cargo-generate-rpm",
    version: "0.21.1",
    options: &[],
};

/// Lists what the program is made of.
pub(crate) const CYCLONEDX: CargoTool = CargoTool {
    name: "cargo-cyclonedx",
    version: "0.5.9",
    options: &[],
};

impl CargoTool {
    /// The program's path; compiles it first where it is not there.
    ///
    /// # Errors
    /// When it cannot be fetched or compiled.
    pub(crate) fn program(&self) -> Result<PathBuf> {
        if let Some(mut installation) = self.installation() {
            println!("compiling {} {}, once", self.name, self.version);
            let status = installation.status().context("cargo cannot be run")?;
            if !status.success() {
                bail!(
                    "`cargo install {} --version {}` ended with {status}",
                    self.name,
                    self.version
                );
            }
        }
        Ok(self.path())
    }

    /// The command that fetches and compiles it; none where it is there.
    pub(crate) fn installation(&self) -> Option<Command> {
        if self.path().is_file() {
            return None;
        }
        let mut command = cargo();
        command
            // Not optimized: it takes minutes to compile else, and seconds to run.
            .args(["install", "--quiet", "--debug", "--locked"])
            .args(["--version", self.version])
            .args(self.options)
            .arg("--root")
            .arg(self.root())
            .arg(self.name);
        Some(command)
    }

    fn root(&self) -> PathBuf {
        target_dir()
            .join("tools")
            .join(format!("{}-{}", self.name, self.version))
    }

    /// Where it is, or will be.
    pub(crate) fn path(&self) -> PathBuf {
        self.root().join("bin").join(self.name)
    }
}
