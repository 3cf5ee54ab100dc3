//! The project's own commands: one module a subcommand. `cargo xtask --help` lists them.

mod arch;
mod archive;
mod bench;
mod build_ebpf;
mod cargo;
mod command;
mod daemon;
mod demo;
mod dist;
mod docs;
mod kubernetes;
mod load;
mod manifests;
mod month;
mod proto;
mod screenshot;
mod setup;
mod sha256;
mod soak;
mod test;
mod vm;

use std::io;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// The project's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Measures what the kernel accounting costs and how exact it is (some minutes; needs root and perf)
    Bench(bench::Args),
    /// Builds the kernel programs into autoscaler/bpf
    BuildEbpf(build_ebpf::Args),
    /// Shows a real gunicorn being scaled under load, beside a noisy neighbour (about a minute; needs root)
    Demo(demo::Args),
    /// Writes a month of history by the daemon's own writer; measures the file, and the daemon's memory over it (root)
    Month(month::Args),
    /// Draws a real frame of `autoscaler top` for the book (two minutes; needs root and tmux)
    Screenshot(screenshot::Args),
    /// Runs the daemon for hours over twenty projects that live, and tells whether it stays as it was (root)
    Soak(soak::Args),
    /// Runs every check: format, lints, kernel programs, unit, property and whole-program tests
    Test(test::Args),
    /// Makes what is released, under target/dist: packages for apt and rpm, a tarball, the list of what is in them, the book
    Dist(dist::Args),
    /// Writes the pages of the book that are made from the code; with --html builds the book
    Docs(docs::Args),
    /// Has a real Kubernetes API server take every manifest (the first time it is compiled: some minutes)
    Kubernetes(kubernetes::Args),
    /// Writes the plain manifests for Kubernetes, packaging/kubernetes, of the Helm chart
    Manifests,
    /// Writes the code of KEDA's protocol, autoscaler/src/keda/proto.rs, of its .proto
    Proto,
    /// Runs the program on a real systemd host: a Debian guest under QEMU, on several kernels
    Vm(vm::Args),
}

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        // Whoever reads our output has had enough of it (`cargo xtask demo | head`): nothing to tell.
        if !is_broken_pipe(&error) {
            eprintln!("error: {error:#}");
        }
        ExitCode::FAILURE
    })
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn run() -> Result<ExitCode> {
    match Cli::parse().task {
        Task::Bench(args) => bench::run(&args)?,
        Task::BuildEbpf(args) => build_ebpf::run(&args)?,
        Task::Demo(args) => demo::run(&args)?,
        Task::Month(args) => month::run(&args)?,
        Task::Screenshot(args) => screenshot::run(&args)?,
        Task::Soak(args) => soak::run(&args)?,
        Task::Test(args) => return test::run(&args),
        Task::Dist(args) => dist::run(&args)?,
        Task::Docs(args) => docs::run(&args)?,
        Task::Kubernetes(args) => kubernetes::run(&args)?,
        Task::Manifests => manifests::run()?,
        Task::Proto => proto::run()?,
        Task::Vm(args) => vm::run(&args)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The workspace's top level directory.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
}
