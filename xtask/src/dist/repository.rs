//! A signed apt repository: a folder that any web server can serve as it is.
//!
//! Its layout is the one of <https://wiki.debian.org/DebianRepository/Format>, with one suite and one component.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use autoscaler_tests::venv::target_dir;

use crate::command::output;

/// Its only suite.
const SUITE: &str = "stable";

/// The public key, as `signed-by` takes it.
const KEYRING: &str = "autoscaler-archive-keyring.gpg";

/// The folder of the packages in it.
const POOL: &str = "pool/main/a/autoscaler";

/// Arguments of `cargo xtask dist repository`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The GnuPG home with the key to sign with. Unless given: target/release-key, with a key of its own that is made when there
    /// is none. Keep it, and keep it secret: hosts that use the repository trust this key alone
    #[arg(long, value_name = "FOLDER")]
    key_home: Option<PathBuf>,
}

/// Makes `apt` in the folder of a release, of all packages that are there.
pub(super) fn of_release(folder: &Path, args: &Args) -> Result<PathBuf> {
    let key_home = args
        .key_home
        .clone()
        .unwrap_or_else(|| target_dir().join("release-key"));
    let packages: Vec<PathBuf> = super::sums::files(folder)?
        .into_iter()
        .map(|(_, path)| path)
        .filter(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .collect();
    let apt = folder.join("apt");
    publish(&packages, &apt, &key_home)?;
    Ok(apt)
}

/// Makes a repository of these packages in the folder `into`, in place of what is there.
pub(crate) fn publish(packages: &[PathBuf], into: &Path, key_home: &Path) -> Result<()> {
    if packages.is_empty() {
        bail!("no package to publish: `cargo xtask dist` makes them");
    }
    if into.exists() {
        fs::remove_dir_all(into).with_context(|| format!("{}", into.display()))?;
    }
    let pool = into.join(POOL);
    fs::create_dir_all(&pool).with_context(|| format!("{}", pool.display()))?;
    let mut architectures = Vec::new();
    for package in packages {
        let name = package.file_name().unwrap_or_default();
        fs::copy(package, pool.join(name)).with_context(|| format!("{}", package.display()))?;
        architectures.push(architecture(&name.to_string_lossy())?);
    }
    architectures.sort();
    architectures.dedup();
    for architecture in &architectures {
        list(into, architecture)?;
    }
    let suite = into.join("dists").join(SUITE);
    let release = suite.join("Release");
    fs::write(&release, index(into, &architectures.join(" "))?)
        .with_context(|| format!("{}", release.display()))?;
    let gpg = Gpg::home(key_home)?;
    gpg.run(
        &["--armor", "--detach-sign", "--output"],
        &[&suite.join("Release.gpg"), &release],
    )?;
    gpg.run(
        &["--clear-sign", "--output"],
        &[&suite.join("InRelease"), &release],
    )?;
    gpg.run(&["--export", "--output"], &[&into.join(KEYRING)])
}

/// The architecture in a package's name: `autoscaler_0.1.0-1_amd64.deb`.
fn architecture(name: &str) -> Result<String> {
    let end = name.strip_suffix(".deb").and_then(|name| name.rsplit_once('_'));
    let (_, architecture) = end.with_context(|| format!("{name} is not a Debian package's name"))?;
    Ok(architecture.to_owned())
}

/// Writes the list of the packages of one architecture, as it is and compressed.
fn list(root: &Path, architecture: &str) -> Result<()> {
    let folder = root.join(format!("dists/{SUITE}/main/binary-{architecture}"));
    fs::create_dir_all(&folder).with_context(|| format!("{}", folder.display()))?;
    let packages = output(apt_ftparchive(root).args(["--arch", architecture, "packages", "pool"]))?;
    if packages.is_empty() {
        bail!(
            "apt-ftparchive found no package of {architecture} in {}",
            root.display()
        );
    }
    let file = folder.join("Packages");
    fs::write(&file, packages).with_context(|| format!("{}", file.display()))?;
    let status = Command::new("gzip")
        .args(["-9nk"])
        .arg(&file)
        .status()
        .context("gzip cannot be run")?;
    if !status.success() {
        bail!("gzip ended with {status}");
    }
    Ok(())
}

/// The list of the lists, which is what is signed.
fn index(root: &Path, architectures: &str) -> Result<String> {
    let mut command = apt_ftparchive(root);
    for (field, value) in [
        ("Origin", "autoscaler"),
        ("Label", "autoscaler"),
        ("Suite", SUITE),
        ("Codename", SUITE),
        ("Architectures", architectures),
        ("Components", "main"),
    ] {
        command.args(["-o", &format!("APT::FTPArchive::Release::{field}={value}")]);
    }
    output(command.args(["release", &format!("dists/{SUITE}")]))
}

fn apt_ftparchive(root: &Path) -> Command {
    let mut command = Command::new("apt-ftparchive");
    command.arg("-qq").current_dir(root);
    command
}

/// GnuPG with a key of our own.
struct Gpg<'a> {
    home: &'a Path,
}

impl<'a> Gpg<'a> {
    /// Makes the key where there is no such folder.
    fn home(home: &'a Path) -> Result<Self> {
        let gpg = Self { home };
        if !home.exists() {
            fs::create_dir_all(home).with_context(|| format!("{}", home.display()))?;
            restrict(home)?;
            let made = gpg.run(
                &[
                    "--quick-generate-key",
                    "autoscaler packages",
                    "ed25519",
                    "sign",
                    "never",
                ],
                &[],
            );
            if made.is_err() {
                // A folder without a key would pass for one with it.
                let _ = fs::remove_dir_all(home);
            }
            made?;
        }
        Ok(gpg)
    }

    fn run(&self, arguments: &[&str], paths: &[&Path]) -> Result<()> {
        let status = Command::new("gpg")
            .arg("--homedir")
            .arg(self.home)
            .args([
                "--batch",
                "--yes",
                "--quiet",
                "--no-tty",
                "--passphrase",
                "",
                "--pinentry-mode",
                "loopback",
            ])
            .args(arguments)
            .args(paths)
            .stdin(Stdio::null())
            .status()
            .context("gpg cannot be run")?;
        if !status.success() {
            bail!("gpg {} ended with {status}", arguments[0]);
        }
        Ok(())
    }
}

impl Drop for Gpg<'_> {
    /// The agent that gpg starts would stay.
    fn drop(&mut self) {
        let _ = Command::new("gpgconf")
            .arg("--homedir")
            .arg(self.home)
            .args(["--kill", "gpg-agent"])
            .status();
    }
}

fn restrict(folder: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
        .with_context(|| format!("{}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::architecture;

    #[test]
    fn a_packages_name_tells_its_architecture() {
        assert_eq!(
            architecture("autoscaler_0.1.0-1_arm64.deb").expect("a name"),
            "arm64"
        );
        assert!(architecture("autoscaler.deb").is_err());
        assert!(architecture("SHA256SUMS").is_err());
    }
}
