//! The source of Rust's own library: `core` for the BPF target is compiled from it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use super::toolchain::Toolchain;
use super::{run_command, tools};
use crate::command::output;
use crate::workspace;

/// Debian suites that may carry rustc's own version, the small ones first: each costs its package list.
const SUITES: [&str; 5] = ["trixie-backports", "trixie", "forky-backports", "forky", "sid"];

/// Returns the `library` folder of exactly this toolchain's source: the toolchain's own where it is installed
/// or rustup can add it, else the one of Debian's package, unpacked below `target/tools`.
pub(crate) fn source(toolchain: &Toolchain) -> Result<PathBuf> {
    let installed = toolchain.sysroot.join("lib/rustlib/src/rust/library");
    if complete(&installed) {
        return Ok(installed);
    }
    let unpacked = tools().join(format!("rust-src-{}", toolchain.release));
    let library = unpacked.join(format!("usr/src/rustc-{}/library", toolchain.release));
    if complete(&library) {
        return Ok(library);
    }
    let mut rustup = Command::new("rustup");
    let rustup = output(
        rustup
            .args(["component", "add", "rust-src"])
            .current_dir(workspace()),
    );
    if rustup.is_ok() && complete(&installed) {
        return Ok(installed);
    }
    let debian = from_debian(&toolchain.release, &unpacked);
    if debian.is_ok() && complete(&library) {
        return Ok(library);
    }
    bail!(
        "no source of Rust's library {}: `rustup component add rust-src`: {}; Debian's package: {}",
        toolchain.release,
        rustup
            .err()
            .map_or_else(|| "left no library".to_owned(), |error| format!("{error:#}")),
        debian
            .err()
            .map_or_else(|| "held no library".to_owned(), |error| format!("{error:#}")),
    )
}

/// Cargo builds `core` only from a library with its lock file.
fn complete(library: &Path) -> bool {
    library.join("core/src/lib.rs").exists() && library.join("Cargo.lock").exists()
}

/// Unpacks (does not install) Debian's rust-src of exactly `release` into `into`.
fn from_debian(release: &str, into: &Path) -> Result<()> {
    let apt = PrivateApt::new(&tools().join("apt"))?;
    for suite in SUITES {
        apt.select(suite)?;
        if apt
            .command("apt-get")
            .args(["update", "-qq"])
            .status()
            .is_ok_and(|status| status.success())
            && let Some(version) = apt.version(release)?
        {
            let package = apt.download(&version)?;
            fs::create_dir_all(into).with_context(|| format!("cannot make {}", into.display()))?;
            return run_command(Command::new("dpkg").arg("-x").arg(package).arg(into));
        }
    }
    bail!("no suite of {SUITES:?} has rust-src {release}")
}

/// An apt of our own: another suite from the mirror that this machine uses, without touching its lists.
struct PrivateApt {
    root: PathBuf,
    mirror: String,
}

impl PrivateApt {
    fn new(root: &Path) -> Result<Self> {
        for directory in ["lists/partial", "archives/partial", "download"] {
            let directory = root.join(directory);
            fs::create_dir_all(&directory).with_context(|| format!("cannot make {}", directory.display()))?;
        }
        let mut targets = Command::new("apt-get");
        targets.args(["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]);
        let mirror = output(&mut targets)?
            .lines()
            .find(|uri| uri.trim_end_matches('/').ends_with("/debian"))
            .context("apt's sources name no mirror of Debian")?
            .to_owned();
        Ok(Self {
            root: root.to_path_buf(),
            mirror,
        })
    }

    fn select(&self, suite: &str) -> Result<()> {
        let sources = self.root.join("sources.list");
        let line = format!(
            "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {} {suite} main\n",
            self.mirror
        );
        fs::write(&sources, line).with_context(|| format!("cannot write {}", sources.display()))
    }

    /// An apt command that sees nothing but the suite selected.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let path = |option: &str, file: &str| format!("{option}={}", self.root.join(file).display());
        command.current_dir(self.root.join("download"));
        for option in [
            path("Dir::Etc::sourcelist", "sources.list"),
            "Dir::Etc::sourceparts=/dev/null".to_owned(),
            path("Dir::State::lists", "lists"),
            path("Dir::Cache", "."),
            "APT::Update::Error-Mode=any".to_owned(),
            // apt's own unprivileged user cannot write below the workspace.
            "APT::Sandbox::User=root".to_owned(),
        ] {
            command.args(["-o", &option]);
        }
        command
    }

    /// The package version that carries `release`, if the suite has it.
    fn version(&self, release: &str) -> Result<Option<String>> {
        let mut madison = self.command("apt-cache");
        let found = madison
            .args(["madison", "rust-src"])
            .output()
            .context("cannot run apt-cache")?;
        let text = String::from_utf8_lossy(&found.stdout);
        let versions = text
            .lines()
            .filter_map(|line| line.split('|').nth(1).map(str::trim));
        Ok(versions
            .filter(|version| is_of(version, release))
            .map(str::to_owned)
            .next())
    }

    fn download(&self, version: &str) -> Result<PathBuf> {
        run_command(
            self.command("apt-get")
                .args(["download", "-qq", &format!("rust-src={version}")]),
        )?;
        let directory = self.root.join("download");
        let packages = fs::read_dir(&directory)?
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<Vec<_>>>()?;
        ensure!(
            packages.len() == 1,
            "expected one package in {}",
            directory.display()
        );
        Ok(packages.into_iter().next().unwrap_or_default())
    }
}

/// Whether a Debian version (`1.95.0+dfsg1-1~bpo13+1`) is of the upstream release `1.95.0`.
fn is_of(version: &str, release: &str) -> bool {
    version
        .strip_prefix(release)
        .is_some_and(|rest| rest.starts_with(['+', '-', '~']))
}

#[cfg(test)]
mod tests {
    use super::is_of;

    #[test]
    fn a_debian_version_matches_its_upstream_release_alone() {
        assert!(is_of("1.95.0+dfsg1-1~bpo13+1", "1.95.0"));
        assert!(is_of("1.95.0-1", "1.95.0"));
        assert!(!is_of("1.95.01-1", "1.95.0"));
        assert!(!is_of("1.85.0+dfsg1-1", "1.95.0"));
    }
}
