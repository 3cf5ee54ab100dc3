//! `cargo xtask kubernetes`: a real Kubernetes API server is asked whether it takes every manifest of the project.
//!
//! A schema says which keys there are. The server says what it makes of them all: whether a selector finds the pods beside it, whether a
//! number is in its bounds, whether two keys go together. It keeps nothing (`--dry-run=server`), and no kubelet hears of it.

mod answer;
mod build;
mod guest;
mod kubectl;
mod objects;
mod openapi;
mod plane;
mod repair;
mod server;
mod slips;

use anyhow::{Result, bail, ensure};
use autoscaler_tests::{Venv, tools};
use clap::Parser;

use crate::setup;
pub(crate) use guest::goods;
use kubectl::Kubectl;
use objects::Object;
pub(crate) use plane::Plane;
use server::Server;

/// The first words of the error on a machine where there can be no server.
pub(crate) const IMPOSSIBLE: &str = "no Kubernetes API server can be made on this machine";

/// Arguments of `cargo xtask kubernetes`.
#[derive(Parser)]
pub(crate) struct Args {
    /// Builds the server, unless it is there, and asks it nothing
    #[arg(long)]
    build: bool,
}

/// What came of the questions.
#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
}

impl Tally {
    /// Counts an answer and prints it: what is well under `word`.
    fn add(&mut self, word: &str, of: &str, well: bool, said: &str) {
        let colon = if said.is_empty() { "" } else { ": " };
        if well {
            self.passed += 1;
            println!("{word}: {of}{colon}{said}");
        } else {
            self.failed += 1;
            println!("FAILED: {of}{colon}{said}");
        }
    }
}

/// Asks the server about every manifest, then about some that are wrong; the last line has the sums.
///
/// # Errors
/// When there can be no server, which begins with [`IMPOSSIBLE`]; when one of ours is refused, or one that is wrong is taken.
pub(crate) fn run(args: &Args) -> Result<()> {
    let missing = setup::bring(setup::KUBERNETES)?;
    if !missing.is_empty() {
        bail!("{IMPOSSIBLE}: it needs {}", tools::remedy(&missing));
    }
    let programs = build::ensure()?;
    if args.build {
        return Ok(());
    }
    let objects = objects::all(&Venv::kubernetes()?)?;
    ensure!(!objects.is_empty(), "there is no manifest");
    let server = Server::start(&programs, true)?;
    let kubectl = Kubectl::of(&server)?;
    println!("  the API server answers as {} …", kubectl.server_version()?);
    kubectl.prepare(&objects)?;
    let mut tally = Tally::default();
    for object in &objects {
        ask(&kubectl, object, &mut tally)?;
    }
    slips::ask(&kubectl, &objects, &mut tally)?;
    println!("{} passed, {} failed, 0 skipped", tally.passed, tally.failed);
    ensure!(tally.failed == 0, "{} were not as they should be", tally.failed);
    Ok(())
}

/// Whether the server takes an object, and all of it.
fn ask(kubectl: &Kubectl, object: &Object, tally: &mut Tally) -> Result<()> {
    let (well, said) = match kubectl.dry_run(&object.sent, true)? {
        Ok(answered) => {
            let lost = answer::lost(&object.sent, &answered);
            let said = if lost.is_empty() { &object.otherwise } else { &lost };
            (lost.is_empty(), said.join("; "))
        }
        Err(why) => (false, why),
    };
    tally.add("accepted", &object.to_string(), well, &said);
    Ok(())
}
