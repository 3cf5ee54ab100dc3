//! `cargo xtask build-ebpf`: builds the kernel programs with the stable toolchain alone.
//!
//! The object is committed, so that nobody needs this to build the daemon; `--check` proves that the
//! committed bytes are what the sources give: without a build where nothing that a build reads has changed since
//! ([`inputs`]), else by one.

mod inputs;
pub(crate) mod library;
mod linker;
pub(crate) mod toolchain;

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::workspace;
use toolchain::Toolchain;

/// Builds the kernel programs into autoscaler/bpf/
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Writes nothing: fails where the committed object is not what its sources give. Nothing is built where
    /// nothing has changed since the object was
    #[arg(long)]
    check: bool,
    /// With --check: builds even where nothing has changed, and compares byte for byte
    #[arg(long, requires = "check")]
    rebuild: bool,
}

const TARGET: &str = "bpfel-unknown-none";
const PACKAGE: &str = "autoscaler-ebpf";
const PROFILE: &str = "bpf";

/// Each object that the daemon has within it, and the program of the package that it is.
const OBJECTS: [(&str, &str); 2] = [
    ("autoscaler/bpf/autoscaler.bpf.o", PACKAGE),
    ("autoscaler/bpf/requests.bpf.o", "requests"),
];

pub(crate) fn run(args: &Args) -> Result<()> {
    if args.check {
        return check(args.rebuild);
    }
    lint()?;
    for (name, bytes) in build()? {
        let object = workspace().join(name);
        if let Some(directory) = object.parent() {
            fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
        }
        fs::write(&object, &bytes).with_context(|| format!("cannot write {}", object.display()))?;
        println!("{name}: {} bytes", bytes.len());
    }
    let list = workspace().join(inputs::LIST);
    fs::write(&list, inputs::now(&Toolchain::find()?)?)
        .with_context(|| format!("cannot write {}", list.display()))?;
    Ok(())
}

/// Whether the committed objects are what their sources give, and clippy lets these pass.
///
/// # Errors
/// When not; what has changed is named.
pub(crate) fn check(rebuild: bool) -> Result<()> {
    let committed = fs::read_to_string(workspace().join(inputs::LIST)).unwrap_or_default();
    let changes = inputs::changes(&committed, &inputs::now(&Toolchain::find()?)?);
    if changes.is_empty() && !rebuild {
        println!("kernel programs: nothing that they were built from has changed since");
        return Ok(());
    }
    for change in &changes {
        println!("{}: {change}", inputs::LIST);
    }
    lint()?;
    for (name, bytes) in build()? {
        let expected = fs::read(workspace().join(name)).with_context(|| format!("cannot read {name}"))?;
        ensure!(
            bytes == expected,
            "{name} ({} bytes) is not what its sources give ({} bytes): run `cargo xtask build-ebpf` and commit the object",
            expected.len(),
            bytes.len(),
        );
        println!("{name}: the same {} bytes", bytes.len());
    }
    ensure!(
        changes.is_empty(),
        "{} is not of the present sources: run `cargo xtask build-ebpf` and commit it",
        inputs::LIST
    );
    Ok(())
}

/// Where tools that only the project needs are kept: below `target/`, so `cargo clean` removes them.
fn tools() -> PathBuf {
    workspace().join("target/tools")
}

/// Builds the programs that `cargo xtask bench` compares with, and returns where they are.
pub(crate) fn comparison() -> Result<PathBuf> {
    build().map(drop)?;
    Ok(workspace()
        .join("target/bpf")
        .join(TARGET)
        .join(PROFILE)
        .join("bench"))
}

/// Builds the objects and returns the daemon's, by their names.
fn build() -> Result<Vec<(&'static str, Vec<u8>)>> {
    let toolchain = Toolchain::find()?;
    let library = library::source(&toolchain)?;
    let linker = linker::install(&toolchain)?;
    let target = workspace().join("target/bpf");

    let mut build = cargo("build", &toolchain, &library, &target)?;
    build.env("PATH", first_in_path(&linker)?);
    run_command(&mut build)?;
    let stripped = target.join("stripped.bpf.o");
    let mut objects = Vec::new();
    for (name, program) in OBJECTS {
        strip(
            &toolchain,
            &target.join(TARGET).join(PROFILE).join(program),
            &stripped,
        )?;
        let bytes = fs::read(&stripped).with_context(|| format!("cannot read {}", stripped.display()))?;
        objects.push((name, bytes));
    }
    Ok(objects)
}

/// Runs clippy over the kernel programs, with warnings denied. It links nothing, so it needs no linker.
fn lint() -> Result<()> {
    let toolchain = Toolchain::find()?;
    let library = library::source(&toolchain)?;
    // A directory of its own: clippy's results are not those of a build.
    let target = workspace().join("target/bpf-lint");
    let mut clippy = cargo("clippy", &toolchain, &library, &target)?;
    clippy.args(["--", "--deny", "warnings"]);
    run_command(&mut clippy)
}

/// `cargo SUBCOMMAND` over the kernel programs, for the BPF target.
fn cargo(subcommand: &str, toolchain: &Toolchain, library: &Path, target: &Path) -> Result<Command> {
    let mut cargo = crate::cargo::cargo();
    cargo
        .current_dir(workspace())
        .args([
            subcommand,
            "--locked",
            "--package",
            PACKAGE,
            "--target",
            TARGET,
            "--profile",
            PROFILE,
        ])
        .arg("-Zbuild-std=core")
        .arg("--target-dir")
        .arg(target)
        // The BPF target has no precompiled `core`; stable rustc builds one when told that this is meant.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("__CARGO_TESTS_ONLY_SRC_ROOT", library)
        .env("CARGO_ENCODED_RUSTFLAGS", flags(toolchain, library)?)
        .env("CARGO_INCREMENTAL", "0");
    // Set by the `cargo` that runs this very command: they would override the toolchain's own choice.
    for inherited in [
        "RUSTFLAGS",
        "RUSTC",
        "RUSTC_WRAPPER",
        "CARGO_BUILD_TARGET",
        "CARGO_BUILD_RUSTFLAGS",
    ] {
        cargo.env_remove(inherited);
    }
    Ok(cargo)
}

/// Leaves the debugger's sections out: the kernel reads BTF alone, and they are most of the object.
fn strip(toolchain: &Toolchain, from: &Path, to: &Path) -> Result<()> {
    let tools = toolchain
        .sysroot
        .join("lib/rustlib")
        .join(&toolchain.host)
        .join("bin/rust-objcopy");
    let mut objcopy = Command::new(tools);
    objcopy.arg("--strip-debug").args([from, to]);
    // The tool finds rustc's LLVM only where rustc's own start-up has said where it is.
    objcopy.env("LD_LIBRARY_PATH", toolchain.sysroot.join("lib"));
    run_command(&mut objcopy)
}

/// The compiler's flags. The object's line information holds paths of sources: each is put under a name
/// that is the same on every machine.
fn flags(toolchain: &Toolchain, library: &Path) -> Result<OsString> {
    let cargo_home = toolchain::cargo_home()?;
    let mut flags = OsString::from("-Cdebuginfo=2\x1f-Clink-arg=--btf");
    let mut remap = |from: &Path, to: &str| {
        flags.push("\x1f--remap-path-prefix=");
        flags.push(from);
        flags.push("=");
        flags.push(to);
    };
    remap(&toolchain.sysroot, "/sysroot");
    remap(library, "/library");
    remap(workspace(), "/autoscaler");
    // Each registry (or mirror of one) unpacks into a folder whose name holds a hash of its address.
    let unpacked = cargo_home.join("registry/src");
    let folders = fs::read_dir(&unpacked).with_context(|| format!("cannot list {}", unpacked.display()))?;
    for folder in folders {
        remap(&folder?.path(), "/registry");
    }
    Ok(flags)
}

/// `PATH` with `directory` before all others: the target's own specification asks for `bpf-linker` by name.
fn first_in_path(directory: &Path) -> Result<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::join_paths(std::iter::once(directory.to_path_buf()).chain(env::split_paths(&path)))
        .with_context(|| format!("{} cannot stand in PATH", directory.display()))
}

/// Runs a command to its end, and names it where it fails.
fn run_command(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot run {command:?}"))?;
    if !status.success() {
        bail!("{} ended with {status}", command.get_program().display());
    }
    Ok(())
}
