//! The Debian package.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::Release;
use super::program::Program;
use crate::arch::Arch;
use crate::cargo;
use crate::command::output;

/// How a package is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    /// As small as can be, for those who download it.
    Small,
    /// As quickly as can be, for one that is installed next and then thrown away.
    Quick,
}

/// How the program in a package is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// As it is released: seven minutes on two CPUs.
    Release,
    /// As the whole-program tests compile it, checks for overflow and all: nothing where they have run.
    Dev,
}

impl Profile {
    /// What cargo calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Dev => "dev",
        }
    }

    /// The folder that cargo builds it in.
    pub(super) fn folder(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Dev => "debug",
        }
    }
}

/// Builds the package. Returns its path in the folder `into`, the only package there afterwards that has this revision and
/// architecture.
pub(super) fn of(
    release: &Release<'_>,
    program: &Program,
    into: &Path,
    compression: Compression,
) -> Result<PathBuf> {
    fs::create_dir_all(into).with_context(|| format!("{}", into.display()))?;
    remove_packages(release, into)?;
    let mut deb = release.command(cargo::tool::DEB.program()?);
    deb.arg("deb")
        .args(program.whereabouts())
        .args(["--quiet", "--no-build", "--package", "autoscaler"])
        // What is released is stripped by cargo, of less.
        .args((program.profile == Profile::Dev && release.arch == Arch::host()?).then_some("--strip"))
        .args((compression == Compression::Quick).then_some("--fast"))
        .args(["--deb-revision", release.revision])
        .arg("--output")
        .arg(into);
    if program.is_portable() {
        // What this machine's own libraries are called says nothing of what it was linked against.
        deb.args(["--variant", "portable"]);
    }
    Ok(PathBuf::from(output(&mut deb)?.trim_end()))
}

/// Removes packages of other versions with this revision, so that `autoscaler_*-REVISION_ARCH.deb` names one file.
fn remove_packages(release: &Release<'_>, folder: &Path) -> Result<()> {
    let end = format!("-{}_{}.deb", release.revision, release.arch.debian());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("autoscaler_") && name.ends_with(&end) {
            fs::remove_file(&path).with_context(|| format!("{}", path.display()))?;
        }
    }
    Ok(())
}
