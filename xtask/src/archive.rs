//! The Debian archive that this machine uses, and packages of other suites taken from it without touching the machine's
//! own apt.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::arch::Arch;
use crate::command::output;

const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Addresses of Debian's archives.
pub(crate) struct Archive {
    /// The archive of packages.
    main: String,
    /// The archive of security updates.
    security: String,
}

impl Archive {
    /// The archives that this machine's apt sources name.
    pub(crate) fn of_this_host() -> Result<Self> {
        let listing =
            output(Command::new("apt-get").args(["indextargets", "--format", "$(LABEL)|$(REPO_URI)"]))?;
        Self::from_listing(&listing).context("no Debian archive among this machine's apt sources")
    }

    fn from_listing(listing: &str) -> Option<Self> {
        let by_label = |label: &str| {
            listing.lines().find_map(|line| {
                let (found, address) = line.split_once('|')?;
                (found == label).then(|| address.trim_end_matches('/').to_owned())
            })
        };
        let main = by_label("Debian")?;
        let security = by_label("Debian-Security").unwrap_or_else(|| format!("{main}-security"));
        Some(Self { main, security })
    }

    /// apt source lines of a stable release with its updates.
    pub(crate) fn release(&self, codename: &str) -> [String; 2] {
        [
            format!("deb {} {codename} main", self.main),
            format!("deb {} {codename}-security main", self.security),
        ]
    }

    /// apt of another suite for machines of `arch`, with lists and cache of its own in `folder`.
    pub(crate) fn suite(&self, codename: &str, arch: Arch, folder: &Path) -> Result<Suite> {
        Self::open(&[line(&self.main, codename)], codename, arch, folder)
    }

    /// The same of a stable release with its security updates.
    pub(crate) fn updated(&self, codename: &str, arch: Arch, folder: &Path) -> Result<Suite> {
        let security = line(&self.security, &format!("{codename}-security"));
        Self::open(&[line(&self.main, codename), security], codename, arch, folder)
    }

    /// apt of a stable release, the sources of its packages included.
    pub(crate) fn with_sources(&self, codename: &str, arch: Arch, folder: &Path) -> Result<Suite> {
        let packages = line(&self.main, codename);
        let sources = packages.replacen("deb ", "deb-src ", 1);
        Self::open(&[packages, sources], codename, arch, folder)
    }

    fn open(lines: &[String], codename: &str, arch: Arch, folder: &Path) -> Result<Suite> {
        let folder = std::path::absolute(folder)?.join(format!("{codename}-{}", arch.debian()));
        for part in ["lists/partial", "cache/archives/partial"] {
            let path = folder.join(part);
            fs::create_dir_all(&path).with_context(|| format!("{}", path.display()))?;
        }
        let sources = folder.join("sources.list");
        fs::write(&sources, lines.concat()).with_context(|| format!("{}", sources.display()))?;
        let suite = Suite { folder, arch };
        output(suite.apt("apt-get").args(["-qq", "update"]))?;
        Ok(suite)
    }
}

/// A line of apt's sources.
fn line(address: &str, suite: &str) -> String {
    format!("deb [signed-by={KEYRING}] {address} {suite} main\n")
}

/// Unpacks a package's file into the tree `into`, and installs nothing.
pub(crate) fn unpack(package: &Path, into: &Path) -> Result<()> {
    output(Command::new("dpkg-deb").arg("-x").args([package, into]))
        .with_context(|| format!("cannot unpack {}", package.display()))?;
    Ok(())
}

/// Another suite of the archive.
pub(crate) struct Suite {
    folder: PathBuf,
    arch: Arch,
}

impl Suite {
    /// The newest package whose name starts with `prefix` and ends with `suffix`, with nothing but a version between.
    pub(crate) fn newest(&self, prefix: &str, suffix: &str) -> Result<String> {
        let names = output(self.apt("apt-cache").args(["pkgnames", prefix]))?;
        newest(&names, prefix, suffix)
            .with_context(|| format!("no package {prefix}…{suffix} in {}", self.folder.display()))
    }

    /// Downloads a package into `into`; the file keeps the archive's own name.
    pub(crate) fn download(&self, package: &str, into: &Path) -> Result<()> {
        output(
            self.apt("apt-get")
                .args(["-qq", "download", package])
                .current_dir(into),
        )?;
        Ok(())
    }

    /// Unpacks the source of a package into a folder of its own in `into`, as Debian changed it.
    pub(crate) fn source(&self, package: &str, into: &Path) -> Result<()> {
        output(
            self.apt("apt-get")
                .args(["-qq", "source", package])
                .current_dir(into),
        )?;
        Ok(())
    }

    fn apt(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        for (key, path) in [
            ("Dir::Etc::sourcelist", "sources.list"),
            ("Dir::State::lists", "lists"),
            ("Dir::Cache", "cache"),
        ] {
            command
                .arg("-o")
                .arg(format!("{key}={}", self.folder.join(path).display()));
        }
        for option in [
            "Dir::Etc::sourceparts=/dev/null".to_owned(),
            "APT::Sandbox::User=root".to_owned(),
            // What is installed here would be preferred to what the suite has.
            "Dir::State::status=/dev/null".to_owned(),
            format!("APT::Architecture={}", self.arch.debian()),
            format!("APT::Architectures={}", self.arch.debian()),
        ] {
            command.args(["-o", &option]);
        }
        command
    }
}

fn newest(names: &str, prefix: &str, suffix: &str) -> Option<String> {
    names
        .lines()
        .filter_map(|name| {
            let version = name.strip_prefix(prefix)?.strip_suffix(suffix)?;
            let is_version = version
                .chars()
                .all(|c| c.is_ascii_digit() || ".+-deb".contains(c));
            let numbers: Vec<u32> = version
                .split(|c: char| !c.is_ascii_digit())
                .filter_map(|number| number.parse().ok())
                .collect();
            is_version.then_some((numbers, name))
        })
        .max()
        .map(|(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Archive, newest};

    #[test]
    fn the_archive_is_read_from_the_sources_in_use() {
        let listing = "nodistro|https://example.net/other/\nDebian|http://mirror.example/debian/\n\
                       Debian-Security|http://mirror.example/debian-security/\n";
        let archive = Archive::from_listing(listing).expect("both archives are listed");
        assert_eq!(
            archive.release("bookworm"),
            [
                "deb http://mirror.example/debian bookworm main",
                "deb http://mirror.example/debian-security bookworm-security main"
            ]
        );
    }

    #[test]
    fn a_host_without_debian_sources_has_no_archive() {
        assert!(Archive::from_listing("Ubuntu|http://mirror.example/ubuntu/\n").is_none());
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        let names = "linux-binary-7.2.9+deb14-cloud-amd64\nlinux-binary-7.2.13+deb14-cloud-amd64\n\
                     linux-binary-7.2.14+deb14-rt-cloud-amd64\nlinux-binary-7.2.15+deb14-amd64\n";
        assert_eq!(
            newest(names, "linux-binary-7", "-cloud-amd64").as_deref(),
            Some("linux-binary-7.2.13+deb14-cloud-amd64")
        );
    }
}
