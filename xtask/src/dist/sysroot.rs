//! The C library that releases are linked against: Debian 11's, of 2021, so that they run on whatever came after it, and not
//! only where the C library is as new as on the machine that made them.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use autoscaler_tests::venv::target_dir;

use crate::arch::Arch;
use crate::archive::{self, Archive};

/// The release of Debian, whose glibc is [`GLIBC`].
const SUITE: &str = "bullseye";

/// The newest version of glibc that a release may need.
pub(super) const GLIBC: (u32, u32) = (2, 31);

/// What is linked against.
const PACKAGES: [&str; 4] = ["libc6", "libc6-dev", "libgcc-s1", "linux-libc-dev"];

/// The C library and its headers for one architecture.
pub(super) struct Sysroot {
    /// The C compiler with this library: it compiles and links.
    pub(super) compiler: PathBuf,
}

impl Sysroot {
    /// Fetches it, unless it is there. Nothing is installed: the packages are unpacked below `target/tools`. None, which is told,
    /// where this machine reaches no Debian archive and its own C library can stand in.
    pub(super) fn of(arch: Arch) -> Result<Option<Self>> {
        let root = target_dir()
            .join("tools")
            .join(format!("{SUITE}-{}", arch.debian()));
        let compiler = root.join("cc");
        if !compiler.is_file() {
            let archive = match Archive::of_this_host() {
                Ok(archive) => archive,
                Err(why) if Arch::host().is_ok_and(|host| host == arch) => {
                    println!(
                        "{why:#}: linked against this machine's own C library, the program runs only where that is as new"
                    );
                    return Ok(None);
                }
                Err(why) => return Err(why),
            };
            fetch(&archive, arch, &root).with_context(|| {
                format!(
                    "no C library of Debian's {SUITE} for {}, which releases are linked against",
                    arch.name()
                )
            })?;
            // Last: what was cut off is begun again.
            write_compiler(arch, &root, &compiler)?;
        }
        Ok(Some(Self { compiler }))
    }
}

fn fetch(archive: &Archive, arch: Arch, root: &Path) -> Result<()> {
    let packages = root.join("packages");
    fs::create_dir_all(&packages).with_context(|| format!("{}", packages.display()))?;
    let suite = archive.suite(SUITE, arch, &root.join("suite"))?;
    for package in PACKAGES {
        suite.download(package, &packages)?;
    }
    for package in fs::read_dir(&packages)? {
        archive::unpack(&package?.path(), root)?;
    }
    keep_inside(&std::path::absolute(root)?, root)?;
    for scrap in [packages, root.join("suite")] {
        fs::remove_dir_all(&scrap).with_context(|| format!("{}", scrap.display()))?;
    }
    Ok(())
}

/// Has links that begin at `/` begin at `root` instead: they would lead to this machine's own libraries.
fn keep_inside(root: &Path, folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("{}", folder.display()))? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() {
            keep_inside(root, &path)?;
        } else if kind.is_symlink()
            && let Ok(inside) = fs::read_link(&path)?.strip_prefix("/")
        {
            fs::remove_file(&path).with_context(|| format!("{}", path.display()))?;
            symlink(root.join(inside), &path).with_context(|| format!("{}", path.display()))?;
        }
    }
    Ok(())
}

/// A script, since flags that hold a path would go into every symbol's name by way of cargo's hash of them.
fn write_compiler(arch: Arch, root: &Path, compiler: &Path) -> Result<()> {
    let root = std::path::absolute(root)?;
    let root = root.display();
    let gnu = arch.gnu();
    // A cross compiler has a C library of its own, which it would look at first.
    let script = format!(
        "#!/bin/sh\nexec {gnu}-gcc --sysroot={root} -B{root}/usr/lib/{gnu} -L{root}/usr/lib/{gnu} -L{root}/lib/{gnu} \
         -isystem {root}/usr/include/{gnu} -isystem {root}/usr/include \"$@\"\n"
    );
    fs::write(compiler, script).with_context(|| format!("{}", compiler.display()))?;
    fs::set_permissions(compiler, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("{}", compiler.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn no_link_leads_out_of_the_sysroot() {
        let root = tempfile::tempdir().expect("a folder");
        let (root, library) = (root.path(), root.path().join("usr/lib"));
        fs::create_dir_all(&library).expect("made");
        symlink("/lib/libdl.so.2", library.join("libdl.so")).expect("made");
        symlink("libm.so.6", library.join("libm.so")).expect("made");
        super::keep_inside(root, root).expect("readable");
        let link = |name: &str| fs::read_link(library.join(name)).expect("a link");
        assert_eq!(link("libdl.so"), root.join("lib/libdl.so.2"));
        assert_eq!(link("libm.so"), std::path::Path::new("libm.so.6"));
    }
}
