//! The program as it is released: for either architecture, the same bytes wherever it is built, with the list of its
//! dependencies inside.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use autoscaler_tests::venv::target_dir;
use object::Endianness;
use object::elf::FileHeader64;
use object::read::elf::FileHeader;

use super::deb::Profile;
use super::sysroot::{GLIBC, Sysroot};
use crate::arch::Arch;
use crate::build_ebpf::{library, toolchain};
use crate::cargo;

/// A program that was built.
pub(super) struct Program {
    /// Where it is.
    pub(super) path: PathBuf,
    /// The oldest version of glibc that it runs with.
    pub(super) glibc: (u32, u32),
    /// How it was compiled.
    pub(super) profile: Profile,
    /// The target that cargo was given, if any.
    target: Option<String>,
}

impl Program {
    /// Whether it runs wherever [`GLIBC`] or a newer one is.
    pub(super) fn is_portable(&self) -> bool {
        self.target.is_some() && self.glibc <= GLIBC
    }

    /// Tells one of cargo's own tools where the program is.
    pub(super) fn whereabouts(&self) -> Vec<&str> {
        let mut arguments = vec!["--profile", self.profile.name()];
        if let Some(target) = &self.target {
            arguments.extend(["--target", target]);
        }
        arguments
    }
}

/// Builds the program of the checkout at `root`, below its `target`.
///
/// # Errors
/// When it does not compile, or needs a newer glibc than a release may.
pub(super) fn build(root: &Path, arch: Arch, profile: Profile) -> Result<Program> {
    if profile == Profile::Dev && arch == Arch::host()? {
        return build_for_tests();
    }
    let target = arch.target();
    let libc = Sysroot::of(arch)?;
    let mut build = command(root, arch, profile)?;
    if let Some(sysroot) = &libc {
        let (name, upper) = (target.replace('-', "_"), target.to_uppercase().replace('-', "_"));
        build
            .env(format!("CARGO_TARGET_{upper}_LINKER"), &sysroot.compiler)
            .env(format!("CC_{name}"), &sysroot.compiler)
            .env(format!("AR_{name}"), format!("{}-ar", arch.gnu()));
    }
    let status = build.status().context("cargo cannot be run")?;
    if !status.success() {
        bail!("cargo auditable build for {target} ended with {status}");
    }
    let folder = root.join("target").join(&target).join(profile.folder());
    let path = folder.join("autoscaler");
    let glibc = glibc_of(&path)?;
    if libc.is_some() && glibc > GLIBC {
        let (path, (major, minor), (may_major, may_minor)) = (path.display(), glibc, GLIBC);
        bail!(
            "{path} needs glibc {major}.{minor}, and a release may need none newer than {may_major}.{may_minor}"
        );
    }
    Ok(Program {
        path,
        glibc,
        profile,
        target: Some(target),
    })
}

/// The command that builds it, but for the C library.
fn command(root: &Path, arch: Arch, profile: Profile) -> Result<Command> {
    let toolchain = toolchain::Toolchain::find()?;
    let target = arch.target();
    let mut build = cargo::cargo();
    for inherited in [
        "RUSTFLAGS",
        "RUSTC_WRAPPER",
        "CARGO_BUILD_TARGET",
        "CARGO_TARGET_DIR",
        "CARGO_BUILD_RUSTFLAGS",
    ] {
        build.env_remove(inherited);
    }
    // `cargo auditable` is run as cargo runs it, and runs cargo by itself.
    let audited = cargo::tool::AUDITABLE.program()?;
    build
        .env("PATH", first_in_path(audited.parent().unwrap_or(Path::new(".")))?)
        .env("CARGO_ENCODED_RUSTFLAGS", flags(root, &toolchain)?)
        .env(format!("CFLAGS_{}", target.replace('-', "_")), c_flags(root)?)
        // Its objects depend on what was compiled before.
        .env("CARGO_INCREMENTAL", "0")
        // For a guest alone: what nobody reads there need not go in.
        .env("CARGO_PROFILE_DEV_DEBUG", "false")
        .args([
            "auditable",
            "build",
            "--quiet",
            "--locked",
            "--package",
            "autoscaler",
            "--bin",
            "autoscaler",
        ])
        .args(["--profile", profile.name(), "--target", &target, "--target-dir"])
        .arg(root.join("target"))
        .current_dir(root);
    let compiled = toolchain.sysroot.join("lib/rustlib").join(&target).join("lib");
    if !compiled.is_dir() {
        // Rust's own library is not there for this target: it is compiled as well, which only this lets stable cargo do.
        build
            .arg("-Zbuild-std=std,panic_unwind")
            .env("RUSTC_BOOTSTRAP", "1")
            .env("__CARGO_TESTS_ONLY_SRC_ROOT", library::source(&toolchain)?);
    }
    Ok(build)
}

/// Builds the program as the tests do.
fn build_for_tests() -> Result<Program> {
    let status = cargo::cargo()
        .args([
            "build",
            "--quiet",
            "--bin",
            "autoscaler",
            "--profile",
            Profile::Dev.name(),
        ])
        .args(cargo::HOST)
        .current_dir(crate::workspace())
        .status()
        .context("cargo cannot be run")?;
    if !status.success() {
        bail!("cargo build ended with {status}");
    }
    let path = target_dir().join(Profile::Dev.folder()).join("autoscaler");
    Ok(Program {
        glibc: glibc_of(&path)?,
        path,
        profile: Profile::Dev,
        target: None,
    })
}

/// What the sources are called in the program: the same, wherever they are.
fn names(root: &Path) -> Result<Vec<(PathBuf, &'static str)>> {
    let mut names = vec![(root.to_path_buf(), "/autoscaler")];
    // Each registry (or mirror of one) unpacks into a folder whose name holds a hash of its address.
    let unpacked = toolchain::cargo_home()?.join("registry/src");
    for folder in fs::read_dir(&unpacked).with_context(|| format!("cannot list {}", unpacked.display()))? {
        names.push((folder?.path(), "/registry"));
    }
    Ok(names)
}

/// The Rust compiler's flags. cargo leaves `--remap-path-prefix`, unlike all others, out of what symbols are named by.
fn flags(root: &Path, toolchain: &toolchain::Toolchain) -> Result<OsString> {
    let mut names = names(root)?;
    names.push((toolchain.sysroot.clone(), "/rust"));
    if let Ok(library) = library::source(toolchain) {
        names.push((library, "/rust/library"));
    }
    let mut flags = OsString::new();
    for (from, to) in names {
        if !flags.is_empty() {
            flags.push("\x1f");
        }
        flags.push("--remap-path-prefix=");
        flags.push(from);
        flags.push("=");
        flags.push(to);
    }
    Ok(flags)
}

/// The C compiler's flags, for SQLite and the like.
fn c_flags(root: &Path) -> Result<OsString> {
    let mut flags = OsString::new();
    for (from, to) in names(root)? {
        flags.push("-ffile-prefix-map=");
        flags.push(from);
        flags.push("=");
        flags.push(to);
        flags.push(" ");
    }
    Ok(flags)
}

fn first_in_path(directory: &Path) -> Result<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::join_paths(std::iter::once(directory.to_path_buf()).chain(env::split_paths(&path)))
        .with_context(|| format!("{} cannot stand in PATH", directory.display()))
}

/// The newest version of glibc that the program's symbols are of (`GLIBC_2.31`; ELF's `.gnu.version_r`).
fn glibc_of(program: &Path) -> Result<(u32, u32)> {
    let bytes = fs::read(program).with_context(|| format!("{}", program.display()))?;
    newest_glibc(&bytes).with_context(|| format!("{}", program.display()))
}

fn newest_glibc(bytes: &[u8]) -> Result<(u32, u32)> {
    let header = FileHeader64::<Endianness>::parse(bytes)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, bytes)?;
    let mut newest = None;
    if let Some((mut needs, link)) = sections.gnu_verneed(endian, bytes)? {
        let strings = sections.strings(endian, bytes, link)?;
        while let Some((_, mut versions)) = needs.next()? {
            while let Some(version) = versions.next()? {
                let name = String::from_utf8_lossy(version.name(endian, strings)?);
                newest = newest.max(version_of(&name));
            }
        }
    }
    newest.context("it needs no glibc at all")
}

/// `GLIBC_2.31`, `GLIBC_2.2.5`: major and minor.
fn version_of(symbols: &str) -> Option<(u32, u32)> {
    let mut numbers = symbols.strip_prefix("GLIBC_")?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::{newest_glibc, version_of};

    #[test]
    fn versions_are_numbers_and_other_libraries_are_none() {
        assert_eq!(version_of("GLIBC_2.31"), Some((2, 31)));
        assert_eq!(version_of("GLIBC_2.2.5"), Some((2, 2)));
        assert!(version_of("GLIBC_2.9") < version_of("GLIBC_2.31"));
        assert_eq!(version_of("GLIBC_PRIVATE"), None);
        assert_eq!(version_of("GCC_3.0"), None);
    }

    #[test]
    fn a_program_says_what_it_needs() {
        let own = std::fs::read(std::env::current_exe().expect("it runs")).expect("it is there");
        let (major, minor) = newest_glibc(&own).expect("it is linked to glibc");
        assert_eq!(major, 2);
        assert!(minor >= 17, "2.{minor}");
    }
}
