//! The libraries that the program runs with: those of Debian's packages that it needs, with their updates, unpacked and never
//! installed. Where they came from stands in the image, so that whoever looks for known faults in images finds these packages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use autoscaler_tests::venv::target_dir;

use crate::arch::Arch;
use crate::archive::{self, Archive};
use crate::command::output;

/// The release of Debian.
const SUITE: &str = "bookworm";

/// Its glibc.
const GLIBC: (u32, u32) = (2, 36);

/// The C library, what it takes, the names of the release, and the licences of all.
const PACKAGES: [&str; 4] = ["base-files", "gcc-12-base", "libc6", "libgcc-s1"];

/// What of them goes into the image, by how its path begins.
const WANTED: [&str; 6] = [
    "lib/",
    "lib64/",
    "etc/os-release",
    "etc/debian_version",
    "usr/lib/os-release",
    "usr/share/doc/",
];

/// What of that stays out: a test program and, of the documentation, everything but who may do what.
fn is_wanted(path: &str) -> bool {
    let document = path.strip_prefix("usr/share/doc/");
    WANTED.iter().any(|begins| path.starts_with(begins))
        && !path.contains("/systemd/")
        && document.is_none_or(|rest| rest.ends_with("/copyright"))
}

/// The libraries.
pub(super) struct Libraries {
    /// The tree that has them, as it is in the image.
    pub(super) tree: PathBuf,
    /// The version of the C library.
    pub(super) glibc: (u32, u32),
    /// What they are called.
    pub(super) named: &'static str,
}

/// Fetches them anew, below `target/tools`: there may be updates.
pub(super) fn of(arch: Arch) -> Result<Libraries> {
    let home = target_dir()
        .join("tools")
        .join(format!("image-{}", arch.debian()));
    let (packages, tree) = (home.join("packages"), home.join("tree"));
    for folder in [&packages, &tree] {
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
        }
        fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
    }
    let suite = Archive::of_this_host()?
        .updated(SUITE, arch, &home)
        .context("no Debian packages for the image")?;
    for package in PACKAGES {
        suite.download(package, &packages)?;
    }
    let mut files: Vec<PathBuf> = fs::read_dir(&packages)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.sort();
    for package in files {
        unpack(&package, &home.join("unpacked"), &tree)?;
    }
    Ok(Libraries {
        tree,
        glibc: GLIBC,
        named: "debian:bookworm (libc6, libgcc-s1)",
    })
}

/// Takes what is wanted of a package.
fn unpack(package: &Path, whole: &Path, tree: &Path) -> Result<()> {
    if whole.exists() {
        fs::remove_dir_all(whole).with_context(|| format!("{}", whole.display()))?;
    }
    archive::unpack(package, whole)?;
    take(whole, whole, tree)?;
    // As images without a package manager have it: scanners look there.
    let control = output(Command::new("dpkg-deb").arg("-f").arg(package))?;
    let name = control
        .lines()
        .find_map(|line| line.strip_prefix("Package: "))
        .with_context(|| format!("{} has no name", package.display()))?;
    let status = tree.join("var/lib/dpkg/status.d");
    fs::create_dir_all(&status)?;
    fs::write(status.join(name), &control)?;
    fs::remove_dir_all(whole)?;
    Ok(())
}

fn take(folder: &Path, whole: &Path, tree: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("{}", folder.display()))? {
        let path = entry?.path();
        let inside = path.strip_prefix(whole)?;
        if path.is_dir() && !path.is_symlink() {
            take(&path, whole, tree)?;
        } else if is_wanted(&inside.to_string_lossy()) || is_link_of_licence(&path, inside) {
            let to = tree.join(inside);
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder)?;
            }
            // `cp` keeps links as they are.
            output(Command::new("cp").args(["-a", "--"]).args([&path, &to]))?;
        }
    }
    Ok(())
}

/// A package may have its licence in another's folder: `libgcc-s1` in that of gcc's base.
fn is_link_of_licence(path: &Path, inside: &Path) -> bool {
    path.is_symlink() && inside.parent() == Some(Path::new("usr/share/doc"))
}

#[cfg(test)]
mod tests {
    use super::is_wanted;

    #[test]
    fn libraries_and_licences_are_taken_and_nothing_else_is() {
        for path in [
            "lib/x86_64-linux-gnu/libc.so.6",
            "lib64/ld-linux-x86-64.so.2",
            "usr/share/doc/libc6/copyright",
            "usr/lib/os-release",
        ] {
            assert!(is_wanted(path), "{path}");
        }
        for path in [
            "usr/lib/x86_64-linux-gnu/gconv/IBM037.so",
            "usr/share/doc/libc6/NEWS.gz",
            "etc/ld.so.conf.d/x86_64-linux-gnu.conf",
            "usr/share/base-files/profile",
            "lib/systemd/system/x.service",
        ] {
            assert!(!is_wanted(path), "{path}");
        }
    }
}
