//! `cargo xtask dist`: what is released. Packages for Debian's kin and for rpm's, a tarball for the rest, the list of what
//! is in them, and the book; man pages and shell completions are made from the command line itself.

mod deb;
mod held;
mod image;
mod pages;
mod program;
mod repository;
mod rpm;
mod sbom;
mod sums;
mod sysroot;
mod tarball;
mod twice;

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};

use crate::arch::Arch;
use crate::command::output;
use crate::{docs, setup};
use deb::Compression;
pub(crate) use deb::Profile;
use program::Program;
pub(crate) use repository::publish;

/// The version of everything in this workspace.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Arguments of `cargo xtask dist`.
#[derive(Parser)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    /// The machine to build for; this one unless given
    #[arg(long, global = true)]
    arch: Option<Arch>,
    /// Revision of the packages: a higher one upgrades a lower one of the same version
    #[arg(long, value_name = "N", default_value = "1", global = true)]
    revision: String,
}

#[derive(Subcommand)]
enum Action {
    /// Makes a signed apt repository, target/dist/apt, of the packages that are there: any web server can serve the folder
    Repository(repository::Args),
    /// Makes the container image: an archive as the OCI has it, with the program and the C library
    Image(image::Args),
    /// Builds a second time, in another folder, and says whether each file has the same bytes
    Twice,
}

/// One release for one architecture.
struct Release<'a> {
    /// The checkout that it is built from and in.
    root: &'a Path,
    arch: Arch,
    revision: &'a str,
    /// What stands in files for the time: when the sources were last changed, in seconds since 1970.
    epoch: u64,
}

/// Runs what was asked for, and prints what was made.
pub(crate) fn run(args: &Args) -> Result<()> {
    let arch = args.arch.map_or_else(Arch::host, Ok)?;
    let tools = match &args.action {
        Some(Action::Image(_)) => setup::image(arch),
        _ => setup::dist(arch),
    };
    let missing = setup::bring(&tools)?;
    if !missing.is_empty() {
        bail!("it needs {}", autoscaler_tests::tools::remedy(&missing));
    }
    let release = Release {
        root: crate::workspace(),
        arch,
        revision: &args.revision,
        epoch: epoch()?,
    };
    match &args.action {
        None => {
            for path in release.make()? {
                println!("{}", path.display());
            }
            println!("{}", docs::build(&folder().join("book"))?.display());
            println!("{}", sums::write(&folder())?.display());
        }
        Some(Action::Repository(args)) => {
            let made = repository::of_release(&folder(), args)?;
            sums::write(&folder())?;
            println!("{}", made.display());
        }
        Some(Action::Image(args)) => {
            println!("{}", image::make(&release, args)?.display());
            if folder().is_dir() {
                sums::write(&folder())?;
            }
        }
        Some(Action::Twice) => twice::run(&release)?,
    }
    Ok(())
}

/// What guests are given: installed next, and then thrown away.
pub(crate) struct ForGuest {
    arch: Arch,
    program: Program,
    epoch: u64,
}

impl ForGuest {
    /// Builds the program.
    pub(crate) fn build(profile: Profile, arch: Arch) -> Result<Self> {
        pages::write(&folder())?;
        Ok(Self {
            arch,
            program: program::build(crate::workspace(), arch, profile)?,
            epoch: epoch()?,
        })
    }

    /// The Debian package of this revision, in the folder `into`.
    pub(crate) fn deb(&self, revision: &str, into: &Path) -> Result<PathBuf> {
        deb::of(&self.release(revision), &self.program, into, Compression::Quick)
    }

    /// The container image, in the folder `into`.
    pub(crate) fn image(&self, into: &Path) -> Result<PathBuf> {
        image::of(&self.release("1"), &self.program, into)
    }

    /// The package of this revision for rpm.
    pub(crate) fn rpm(&self, revision: &str) -> Result<PathBuf> {
        rpm::of(&self.release(revision), &self.program)
    }

    /// The tarball.
    pub(crate) fn tarball(&self) -> Result<PathBuf> {
        tarball::of(&self.release("1"), &self.program)
    }

    fn release<'a>(&self, revision: &'a str) -> Release<'a> {
        Release {
            root: crate::workspace(),
            arch: self.arch,
            revision,
            epoch: self.epoch,
        }
    }
}

impl Release<'_> {
    /// Builds everything, and returns the files.
    fn make(&self) -> Result<Vec<PathBuf>> {
        let folder = self.folder();
        pages::write(&folder)?;
        let program = program::build(self.root, self.arch, Profile::Release)?;
        let deb = deb::of(self, &program, &folder, Compression::Small)?;
        let rpm = rpm::of(self, &program)?;
        held::same(&deb, &rpm, self.epoch)?;
        Ok(vec![
            deb,
            rpm,
            tarball::of(self, &program)?,
            sbom::of(self, &program)?,
        ])
    }

    /// Where what is made goes.
    fn folder(&self) -> PathBuf {
        self.root.join("target/dist")
    }

    /// A command of this release's, in its checkout and with its time.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.root)
            .env("SOURCE_DATE_EPOCH", self.epoch.to_string())
            .env_remove("CARGO_TARGET_DIR")
            .stderr(Stdio::inherit());
        command
    }
}

fn folder() -> PathBuf {
    crate::workspace().join("target/dist")
}

/// `SOURCE_DATE_EPOCH` where it is set (<https://reproducible-builds.org/specs/source-date-epoch/>), else the time of the last
/// commit.
fn epoch() -> Result<u64> {
    let text = match env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text,
        Err(_) => output(
            Command::new("git")
                .args(["log", "-1", "--format=%ct"])
                .current_dir(crate::workspace()),
        )
        .context("no commit tells the time of the sources: set SOURCE_DATE_EPOCH")?,
    };
    text.trim()
        .parse()
        .with_context(|| format!("SOURCE_DATE_EPOCH: {text}"))
}
