//! `autoscaler init`: a configuration from what runs on this host.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::config;
use crate::host::process::Procfs;
use crate::host::service::{Bus, Systemd};
use crate::init::{Found, find, text, words};

/// Proposes a configuration from the gunicorn and Celery services that run here.
///
/// Looks at every process, touches none, and prints the configuration: bounds from the host's CPUs and memory, the
/// documented ladder, memory from what the workers hold now, and beside each line why. Every project is disabled:
/// nothing starts to act. Passwords of brokers are not printed.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  sudo autoscaler init                                          look at it
  sudo autoscaler init --output /etc/autoscaler/config.json     write it, where there is none
  sudo autoscaler check                                         what the daemon would find

Exit codes: 0 proposed, 1 nothing found or the file is there already, 2 wrong usage.")]
pub(super) struct Args {
    /// Write it to this file, for root alone; one that exists is left as it is
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let found = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the async runtime could not be started")?
        .block_on(find(&Procfs::default(), &Systemd::new(Bus::default())))?;
    if !nix::unistd::geteuid().is_root() {
        eprintln!(
            "autoscaler: other users' services may be hidden from this user: run it by sudo to see all of them"
        );
    }
    if let Some(why) = &found.without_systemd {
        eprintln!("autoscaler: {why}; services are named by their cgroups");
    }
    if found.services.is_empty() {
        bail!("{}", nothing(&found));
    }
    let proposal = text(&found);
    config::parse("the proposal", &proposal)
        .context("the proposal is wrong, which is a fault of this program")?;
    match &args.output {
        None => super::print(&proposal),
        Some(path) => {
            write(path, &proposal)?;
            super::print(&format!(
                "{}: {} project(s), none enabled. Next: autoscaler check --config {}\n",
                path.display(),
                found.services.len(),
                path.display()
            ))
        }
    }
}

fn nothing(found: &Found) -> String {
    let mut sentence =
        "no gunicorn or Celery service runs here that could be scaled: start them first, or begin with the example \
         configuration of the package"
            .to_owned();
    for left_out in &found.left_out {
        let _ = write!(sentence, "\n  {}", words(left_out));
    }
    sentence
}

/// Writes a new file that root alone may read: it is the place for a broker's password.
fn write(path: &Path, text: &str) -> Result<()> {
    let opened = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    let mut file = opened.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => anyhow::anyhow!(
            "{} exists and is left as it is: name another file, and compare the two",
            path.display()
        ),
        _ => anyhow::Error::new(error).context(format!("cannot write {}", path.display())),
    })?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .with_context(|| format!("cannot write {}", path.display()))
}
