//! bpf-linker, built against the LLVM that rustc itself carries.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::toolchain::Toolchain;
use super::{run_command, tools};
use crate::cargo::cargo;

pub(super) const VERSION: &str = "0.13.0";

/// Installs bpf-linker below `target/tools` unless it is there, and returns the directory that holds it.
///
/// A linker with another LLVM than rustc's cannot read rustc's bitcode ("Invalid record"): linked to
/// rustc's own library, the two agree by construction.
pub(super) fn install(toolchain: &Toolchain) -> Result<PathBuf> {
    let Toolchain { release, llvm, .. } = toolchain;
    let root = tools().join(format!("bpf-linker-{VERSION}-rust-{release}"));
    let bin = root.join("bin");
    if bin.join("bpf-linker").exists() {
        return Ok(bin);
    }
    let prefix = root.join("llvm");
    link_llvm(toolchain, &prefix.join("lib"))?;
    let mut cargo = cargo();
    cargo
        .args([
            "install",
            "bpf-linker",
            "--version",
            VERSION,
            "--locked",
            "--no-default-features",
        ])
        .args(["--features", &format!("llvm-{llvm}"), "--root"])
        .arg(&root)
        .arg("--target-dir")
        .arg(root.join("build"))
        .env("LLVM_PREFIX", &prefix)
        .env_remove("RUSTFLAGS");
    run_command(&mut cargo).context("cannot install bpf-linker")?;
    // 400 MB of intermediate files that nothing will read again.
    fs::remove_dir_all(root.join("build")).context("cannot remove bpf-linker's build directory")?;
    Ok(bin)
}

/// Makes `directory` hold rustc's LLVM under its own name and under the one that a linker looks for.
fn link_llvm(toolchain: &Toolchain, directory: &Path) -> Result<()> {
    let lib = toolchain.sysroot.join("lib");
    let prefix = format!("libLLVM.so.{}.", toolchain.llvm);
    let mut found = Vec::new();
    for entry in fs::read_dir(&lib).with_context(|| format!("cannot list {}", lib.display()))? {
        let path = entry?.path();
        if path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(&prefix))
        {
            found.push(path);
        }
    }
    ensure!(
        found.len() == 1,
        "expected one {prefix}* in {}, found {}",
        lib.display(),
        found.len()
    );
    fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
    for library in &found {
        let own_name = library.file_name().map(|name| directory.join(name));
        for link in own_name.into_iter().chain([directory.join("libLLVM.so")]) {
            // An interrupted install leaves links behind, perhaps to a toolchain that is gone.
            let _ = fs::remove_file(&link);
            symlink(library, &link).with_context(|| format!("cannot make {}", link.display()))?;
        }
    }
    Ok(())
}
