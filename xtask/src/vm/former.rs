//! The package of 0.1.0, which whoever installed early upgrades from: built once, of the sources as they were.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::image;
use crate::arch::Arch;
use crate::cargo;

/// The last commit whose state file and history are those of 0.1.0, as the golden files of later versions have them.
const COMMIT: &str = "056b73bb0726b89e84a86f3485234f7ad1bdfe02";

/// Lower than any revision of a package that a guest is given beside it.
const REVISION: &str = "0";

/// Its package; for this machine's own architecture.
///
/// # Errors
/// When the commit is not in this checkout (a shallow clone), or does not compile any more.
pub(super) fn package(arch: Arch) -> Result<PathBuf> {
    if arch != Arch::host()? {
        bail!("0.1.0 was released for this machine's architecture alone: leave the scenario `upgrade` out");
    }
    let folder = image::vm_folder().join(format!("former-{}", &COMMIT[..8]));
    if let Some(package) = found(&folder)? {
        return Ok(package);
    }
    println!("building the package of 0.1.0, once (some minutes)");
    let checkout = folder.join("checkout");
    unpack(&checkout)?;
    // Its own command. What it is compiled with says nothing here: as quickly as can be.
    let mut dist = cargo::cargo();
    let status = dist
        .args([
            "run",
            "--quiet",
            "--package",
            "xtask",
            "--locked",
            "--",
            "dist",
            "--revision",
            REVISION,
        ])
        .env("CARGO_TARGET_DIR", checkout.join("target"))
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env("CARGO_INCREMENTAL", "0")
        .current_dir(&checkout)
        .status()
        .context("cargo cannot be run")?;
    if !status.success() {
        bail!("`cargo xtask dist` of {COMMIT} ended with {status}");
    }
    let made = found(&checkout.join("target/dist"))?.context("it made no package")?;
    // cargo-deb leaves a revision of 0 out of the name, and the guest tells packages apart by it.
    let package = folder.join(format!("autoscaler_0.1.0-{REVISION}_{}.deb", arch.debian()));
    fs::rename(&made, &package).with_context(|| format!("{}", package.display()))?;
    fs::remove_dir_all(&checkout).with_context(|| format!("{}", checkout.display()))?;
    Ok(package)
}

/// The package in a folder.
fn found(folder: &Path) -> Result<Option<PathBuf>> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(None);
    };
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// Writes the sources of the commit into a folder.
fn unpack(into: &Path) -> Result<()> {
    fs::create_dir_all(into).with_context(|| format!("{}", into.display()))?;
    let mut archive = Command::new("git")
        .args(["archive", COMMIT])
        .current_dir(crate::workspace())
        .stdout(Stdio::piped())
        .spawn()
        .context("git cannot be run")?;
    let sources = archive.stdout.take().context("no pipe")?;
    let unpacked = Command::new("tar")
        .args(["--extract", "--directory"])
        .arg(into)
        .stdin(sources)
        .status()
        .context("tar cannot be run")?;
    let archived = archive.wait()?;
    if !archived.success() || !unpacked.success() {
        bail!("commit {COMMIT} is not in this checkout: `git fetch --unshallow` brings it");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::COMMIT;

    fn git(arguments: &[&str]) -> (bool, String) {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(crate::workspace())
            .output()
            .expect("git runs");
        let told = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        (output.status.success(), told)
    }

    #[test]
    fn the_sources_of_0_1_0_are_in_the_history() {
        let (is_checkout, shallow) = git(&["rev-parse", "--is-shallow-repository"]);
        if !is_checkout || shallow == "true" {
            println!("skipped: this checkout has no whole history");
            return;
        }
        let (is_there, kind) = git(&["cat-file", "-t", COMMIT]);
        assert!(is_there && kind == "commit", "{COMMIT}: {kind}");
    }
}
