//! The guest's disk and kernels: made once per recipe, kept under `target/vm`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use autoscaler_tests::tools;

use super::foreign;
use super::kernels::{KernelLine, Packages};
use super::recipe::{self, Kernels};
use crate::arch::Arch;
use crate::archive::Archive;
use crate::setup;

/// A finished image. Guests write to an overlay, never to it.
pub(super) struct Image {
    folder: PathBuf,
    /// The machines that it is for.
    pub(super) arch: Arch,
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

/// An image of the current recipe for `arch` that holds these kernel lines, built if it is not there; with what runs
/// containers where `runtimes` are wanted.
///
/// # Errors
/// When it cannot be built; the message begins with [`IMPOSSIBLE`].
pub(super) fn ensure(lines: &[KernelLine], runtimes: bool, arch: Arch) -> Result<Image> {
    let prefix = format!("image-{}-", arch.name());
    let folder = |kernels: Kernels| vm_folder().join(format!("{prefix}{}", kernels.hash(arch)));
    let found = |kernels: Kernels| {
        let folder = folder(kernels);
        folder.is_dir().then_some(Image { folder, arch })
    };
    let missing = setup::bring(&setup::vm(arch))?;
    if !missing.is_empty() {
        bail!("{IMPOSSIBLE}: it needs {}", tools::remedy(&missing));
    }
    let kernels = Kernels::for_run(lines, runtimes);
    if let Some(image) = found(Kernels::All).or_else(|| found(kernels)) {
        return Ok(image);
    }
    // Built beside and renamed when whole: a build that was cut off leaves no half image.
    let unfinished = vm_folder().join(format!("{}.unfinished", arch.name()));
    remove(&unfinished)?;
    fs::create_dir_all(&unfinished)?;
    build(&unfinished, kernels, arch).context(IMPOSSIBLE)?;
    for entry in fs::read_dir(vm_folder())? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            remove(&entry.path())?;
        }
    }
    let folder = folder(kernels);
    fs::rename(&unfinished, &folder).with_context(|| format!("{}", folder.display()))?;
    Ok(Image { folder, arch })
}

/// The first words of the error on a machine where no guest can be made.
pub(crate) const IMPOSSIBLE: &str = "no guest can be made on this machine";

fn build(folder: &Path, kernels: Kernels, arch: Arch) -> Result<()> {
    println!(
        "building the guest's image for {}, once (some minutes)",
        arch.name()
    );
    if Arch::host().is_ok_and(|host| host != arch) {
        foreign::can_run(arch)?;
    }
    let archive = Archive::of_this_host().context(
        "the guest is made from Debian's packages: add Debian's archive and its security archive to the sources",
    )?;
    let foreign = folder.join("foreign");
    fs::create_dir_all(&foreign)?;
    let mut packages = kernels.others();
    for kernel in kernels.packages(arch) {
        match kernel {
            Packages::OfGuest(package) => packages.push(package),
            Packages::OfSuite {
                suite,
                around_version,
            } => {
                let suite = archive.suite(suite, arch, &folder.join("suites"))?;
                for (prefix, suffix) in around_version {
                    suite.download(&suite.newest(prefix, &suffix)?, &foreign)?;
                }
            }
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
            .args(
                recipe::platforms(arch)
                    .iter()
                    .flat_map(|platform| ["--platform", platform]),
            )
            .arg("--target")
            .arg(&newest)
            .args(recipe::NEWEST),
    )?;
    let tree = folder.join("tree");
    let inputs = Inputs {
        packages: &packages,
        foreign: &foreign,
        newest: &newest,
        arch,
    };
    debootstrap(&archive, folder, &inputs, &tree)?;
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

/// What a tree is made of.
struct Inputs<'a> {
    /// Packages of the guest's release.
    packages: &'a [String],
    /// The folder of kernel packages of other suites.
    foreign: &'a Path,
    /// The folder of Python packages.
    newest: &'a Path,
    /// The machines that it is for.
    arch: Arch,
}

fn debootstrap(archive: &Archive, folder: &Path, inputs: &Inputs<'_>, tree: &Path) -> Result<()> {
    let setup = folder.join("setup.sh");
    fs::write(&setup, recipe::SETUP)?;
    check(
        Command::new("mmdebstrap")
            .args(["--quiet", "--variant=minbase", "--mode=root"])
            .arg(format!("--architectures={}", inputs.arch.debian()))
            .arg(format!("--include={}", inputs.packages.join(",")))
            // Generated when the packages are installed and again by the setup: made once, small, by the setup.
            .arg("--essential-hook=mkdir -p \"$1/etc/initramfs-tools\" && echo update_initramfs=no >\"$1/etc/initramfs-tools/update-initramfs.conf\"")
            .arg("--dpkgopt=force-confold")
            .arg(format!("--customize-hook=sh {} \"$1\"", setup.display()))
            .arg(recipe::RELEASE)
            .arg(tree)
            .args(archive.release(recipe::RELEASE))
            .env("FOREIGN", inputs.foreign)
            .env("NEWEST", inputs.newest),
    )
}

/// Runs a command that has to succeed.
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
