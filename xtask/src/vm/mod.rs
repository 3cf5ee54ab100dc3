//! `cargo xtask vm`: the program on a real systemd host, in a Debian guest, on several kernels.
//!
//! The guest's disk and kernels are made once per recipe ([`image`]); the program and the scenarios go in on a second
//! disk ([`payload`]), so a changed scenario needs no new image. Where the machine offers no virtualization, QEMU
//! emulates the CPU in software.

mod foreign;
mod former;
mod goods;
mod guest;
mod image;
mod kernels;
mod payload;
mod recipe;
mod rounds;
mod scenarios;
mod shell;
mod verdict;
mod verifier;

use std::fs;
use std::io::{self, Write as _};

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};

use crate::arch::Arch;
use crate::dist::Profile;
use crate::{build_ebpf, cargo};
pub(crate) use image::IMPOSSIBLE;
use kernels::KernelLine;
pub(crate) use verdict::SECOND_TRY;

/// Arguments of `cargo xtask vm`.
#[derive(Parser)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    run: RunArgs,
}

#[derive(Subcommand)]
enum Action {
    /// Boots a guest with a root shell on this terminal; `poweroff` or Ctrl-A x ends it
    Shell(ShellArgs),
    /// Lists the kernels and the scenarios
    List,
    /// Builds the guest's disk and kernels, unless they are there
    Image(ImageArgs),
    /// Makes what a run on the guest's own kernel needs beside this checkout, unless it is there: its disk, and the program
    /// that makes packages
    Prepare,
}

#[derive(Parser)]
struct ImageArgs {
    /// Architecture of the guest; this machine's unless given
    #[arg(long)]
    arch: Option<Arch>,
}

/// What to run, and on which kernels.
#[derive(Parser)]
struct RunArgs {
    /// Runs on this kernel line; may be given more than once
    #[arg(long = "kernel", value_name = "LINE", default_value = "6.1")]
    kernels: Vec<KernelLine>,
    /// Runs on every kernel line
    #[arg(long, conflicts_with = "kernels")]
    all: bool,
    /// Runs this scenario only; may be given more than once. `kubernetes` runs only where it is named
    #[arg(long = "scenario", value_name = "NAME")]
    scenarios: Vec<String>,
    /// Runs the few scenarios that show most in the shortest time, with the program as the tests compile it; all others are
    /// run with the one that is released
    #[arg(long, conflicts_with = "scenarios")]
    quick: bool,
    /// Runs with the program as the tests compile it
    #[arg(long)]
    unoptimized: bool,
    #[command(flatten)]
    machine: Machine,
}

#[derive(Parser)]
struct ShellArgs {
    /// The kernel line to boot
    #[arg(long, value_name = "LINE", default_value = "6.1")]
    kernel: KernelLine,
    #[command(flatten)]
    machine: Machine,
}

/// The size of the guest.
#[derive(Parser, Clone, Copy)]
pub(crate) struct Machine {
    /// Architecture of the guest; this machine's unless given. Another one's CPU is always one in software
    #[arg(long)]
    arch: Option<Arch>,
    /// CPUs of the guest
    #[arg(long, default_value_t = 2)]
    cpus: u32,
    /// Memory of the guest in MiB
    #[arg(long, default_value_t = 2048)]
    memory: u32,
}

impl Machine {
    fn arch(self) -> Result<Arch> {
        self.arch.map_or_else(Arch::host, Ok)
    }
}

/// Runs what was asked for. Fails when a scenario failed on any kernel, after all have run.
pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.action {
        Some(Action::List) => {
            list()?;
        }
        Some(Action::Image(image)) => {
            image::ensure(&KernelLine::ALL, true, image.arch.map_or_else(Arch::host, Ok)?)?;
        }
        Some(Action::Prepare) => {
            image::ensure(&[KernelLine::V6_1], false, Arch::host()?)?;
            cargo::tool::DEB.program()?;
        }
        Some(Action::Shell(shell)) => {
            let files = goods::make(Profile::Release, shell.machine.arch()?, &scenarios::choose(&[])?)?;
            shell::run(shell.kernel, files, shell.machine)?;
        }
        None => return run_scenarios(&args.run),
    }
    Ok(())
}

fn list() -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "kernel lines (--kernel):")?;
    for line in KernelLine::ALL {
        writeln!(out, "  {:<6} {}", line.to_string(), line.origin())?;
    }
    writeln!(out, "scenarios (--scenario):")?;
    for scenario in scenarios::all()? {
        writeln!(out, "  {:<26} {}", scenario.name, scenario.summary)?;
    }
    Ok(())
}

fn run_scenarios(args: &RunArgs) -> Result<()> {
    let lines: &[KernelLine] = if args.all { &KernelLine::ALL } else { &args.kernels };
    let chosen = if args.quick {
        scenarios::quick()?
    } else {
        scenarios::choose(&args.scenarios)?
    };
    let arch = args.machine.arch()?;
    let image = image::ensure(lines, goods::runtimes(&chosen), arch)?;
    if args.all {
        // The quick runs take the committed kernel programs at their word where nothing has changed since.
        build_ebpf::check(true)?;
    }
    let profile = if args.quick || args.unoptimized {
        Profile::Dev
    } else {
        Profile::Release
    };
    let files = goods::make(profile, arch, &chosen)?;
    let mut verdicts = Vec::new();
    for line in lines {
        verdicts.extend(rounds::run(&image, *line, &chosen, &files, args.machine)?);
    }
    let table = verdict::table(&verdicts);
    println!("\n{table}");
    let path = rounds::artefacts().join("table.md");
    fs::write(&path, table).with_context(|| format!("{}", path.display()))?;
    print!("{}", verifier::table(&verdicts));
    let failed = verdicts.iter().filter(|v| !v.passed()).count();
    print!("{}", verdict::second_tries(&verdicts));
    println!("{} passed, {failed} failed", verdicts.len() - failed);
    if failed > 0 {
        bail!(
            "{failed} scenario(s) failed; journals and figures are under {}",
            rounds::artefacts().display()
        );
    }
    Ok(())
}
