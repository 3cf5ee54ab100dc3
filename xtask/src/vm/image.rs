//! The guest's disk and kernels: made once per recipe, kept under `target/vm`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::archive::Archive;
use super::kernels::KernelLine;
use super::{prerequisites, recipe};

/// A finished image. Guests write to an overlay, never to it.
pub(super) struct Image {
    folder: PathBuf,
}

/// A kernel of the image.
pub(super) struct Kernel {
    /// The release, as `uname -r` prints it.
    pub(super) release: String,
    /// The kernel image.
    pub(super) vmlinuz: PathBuf,
    /// Its initial RAM disk.
    pub(super) initrd: PathBuf,
}

impl Image {
    /// The root file system.
    pub(super) fn disk(&self) -> PathBuf {
        self.folder.join("root.ext4")
    }

    /// The kernel of a line.
    pub(super) fn kernel(&self, line: KernelLine) -> Result<Kernel> {
        let kernels = self.folder.join("kernels");
        let entries = fs::read_dir(&kernels).with_context(|| format!("{}", kernels.display()))?;
        for entry in entries {
            let entry = entry?;
            let release = entry.file_name().to_string_lossy().into_owned();
            if line.holds(&release) {
                return Ok(Kernel {
                    vmlinuz: entry.path().join("vmlinuz"),
                    initrd: entry.path().join("initrd"),
                    release,
                });
            }
        }
        bail!("no kernel {line} in {}", kernels.display())
    }
}

/// The folder of everything that guests need and leave.
pub(super) fn vm_folder() -> PathBuf {
    crate::workspace().join("target/vm")
}

/// The image of the current recipe, built if it is not there.
pub(super) fn ensure() -> Result<Image> {
    prerequisites::ensure()?;
    let folder = vm_folder().join(format!("image-{}", recipe::hash()));
    if !folder.is_dir() {
        // Built beside and renamed when whole: a build that was cut off leaves no half image.
        let unfinished = vm_folder().join("image.unfinished");
        remove(&unfinished)?;
        fs::create_dir_all(&unfinished)?;
        build(&unfinished).context("the guest's image could not be built")?;
        fs::rename(&unfinished, &folder).with_context(|| format!("{}", folder.display()))?;
    }
    Ok(Image { folder })
}

fn build(folder: &Path) -> Result<()> {
    println!("building the guest's image, once (about three minutes)");
    let archive = Archive::of_this_host()?;
    let foreign = folder.join("foreign");
    fs::create_dir_all(&foreign)?;
    for kernel in recipe::FOREIGN_KERNELS {
        let suite = archive.suite(kernel.suite, &folder.join("suites"))?;
        for (prefix, suffix) in kernel.packages {
            suite.download(&suite.newest(prefix, suffix)?, &foreign)?;
        }
    }
    let newest = folder.join("newest");
    check(
        Command::new("pip3")
            .args([
                "install",
                "--quiet",
                "--no-compile",
                "--only-binary=:all:",
                "--root-user-action=ignore",
            ])
            .args(["--python-version", recipe::PYTHON])
            .args([
                "--platform",
                "manylinux2014_x86_64",
                "--platform",
                "manylinux_2_28_x86_64",
            ])
            .arg("--target")
            .arg(&newest)
            .args(recipe::NEWEST),
    )?;
    let tree = folder.join("tree");
    debootstrap(&archive, folder, &foreign, &newest, &tree)?;
    fs::rename(tree.join("kernels"), folder.join("kernels"))?;
    let mut mke2fs = Command::new("/sbin/mke2fs");
    mke2fs
        .args(["-q", "-F", "-t", "ext4", "-m", "0", "-d"])
        .arg(&tree)
        .arg(folder.join("root.ext4"))
        .arg(format!("{}M", recipe::DISK_MIB))
        .stdout(Stdio::null());
    check(&mut mke2fs)?;
    for scrap in ["foreign", "suites", "newest", "tree", "setup.sh"] {
        remove(&folder.join(scrap))?;
    }
    Ok(())
}

fn debootstrap(archive: &Archive, folder: &Path, foreign: &Path, newest: &Path, tree: &Path) -> Result<()> {
    let setup = folder.join("setup.sh");
    fs::write(&setup, recipe::SETUP)?;
    check(
        Command::new("mmdebstrap")
            .args(["--quiet", "--variant=minbase", "--mode=root"])
            .arg(format!("--include={}", recipe::PACKAGES.join(",")))
            // Generated when the packages are installed and again by the setup: made once, small, by the setup.
            .arg("--essential-hook=mkdir -p \"$1/etc/initramfs-tools\" && echo update_initramfs=no >\"$1/etc/initramfs-tools/update-initramfs.conf\"")
            .arg("--dpkgopt=force-confold")
            .arg(format!("--customize-hook=sh {} \"$1\"", setup.display()))
            .arg(recipe::RELEASE)
            .arg(tree)
            .args(archive.release(recipe::RELEASE))
            .env("FOREIGN", foreign)
            .env("NEWEST", newest),
    )
}

/// Runs a command, lowest in priority: the build is long and nobody waits for the host.
fn check(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("{} cannot be run", command.get_program().display()))?;
    if !status.success() {
        bail!("{} ended with {status}", command.get_program().display());
    }
    Ok(())
}

fn remove(path: &Path) -> Result<()> {
    let result = match fs::symlink_metadata(path) {
        Err(_) => return Ok(()),
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    };
    result.with_context(|| format!("{} cannot be removed", path.display()))
}
