//! `autoscaler init`: a configuration from what runs on this host.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use crate::cli::failure::{failed, unwritable};
use crate::cli::language::Sources;
use crate::cli::runtime::wait_for;
use crate::config;
use crate::host::process::Procfs;
use crate::host::requests;
use crate::host::service::{Bus, Systemd};
use crate::host::usage::CpuStatSource;
use crate::init::{Found, Kind, find, text, watch, words};
use crate::model::{DEFAULT_PATH, Language};
use crate::words::{config_errors, say, service_error};

/// Proposes a configuration from the gunicorn and Celery services that run here.
///
/// Looks at every process, touches none, and prints the configuration: bounds from the host's CPUs and memory, the
/// documented ladder, thresholds over requests for servers that wait more than they compute (their requests are watched for
/// 5 seconds), memory from what the workers hold now, and beside each line why. Every project is disabled:
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

/// Time over which requests are watched.
const WATCHED: Duration = Duration::from_secs(5);

pub(super) fn run(args: &Args, asked: Option<Language>) -> Result<()> {
    let sources = Sources {
        asked,
        daemon: None,
        config: Path::new(DEFAULT_PATH),
    };
    let language = sources.language();
    let procfs = Procfs::default();
    let mut found = wait_for(find(&procfs, &Systemd::new(Bus::default())))??;
    if !nix::unistd::geteuid().is_root() {
        let hidden = say!(
            language,
            "other users' services may be hidden from this user: run it by sudo to see all of them",
            "los servicios de otros usuarios pueden estar ocultos para este: ejecútelo con sudo para verlos todos"
        );
        eprintln!("autoscaler: {hidden}");
    }
    if let Some(why) = &found.without_systemd {
        let why = service_error(language, why);
        let named = say!(
            language,
            "{why}; services are named by their cgroups",
            "{why}; los servicios se nombran por sus cgroups"
        );
        eprintln!("autoscaler: {named}");
    }
    if found.services.is_empty() {
        return Err(failed(|language| nothing(language, &found)));
    }
    watch_requests(language, &mut found, &procfs);
    let proposal = text(&found);
    config::parse("the proposal", &proposal).map_err(|errors| {
        failed(|language| {
            let errors = config_errors(language, &errors);
            say!(
                language,
                "the proposal is wrong, which is a fault of this program: {errors}",
                "la propuesta está mal, lo que es un fallo de este programa: {errors}"
            )
        })
    })?;
    match &args.output {
        None => super::print(&proposal),
        Some(path) => {
            write(path, &proposal)?;
            let (path, count) = (path.display(), found.services.len());
            super::print(&say!(
                language,
                "{path}: {count} project(s), none enabled. Next: autoscaler check --config {path}\n",
                "{path}: {count} proyecto(s), ninguno habilitado. Siga con: autoscaler check --config {path}\n"
            ))
        }
    }
}

/// Watches the web services for a moment. Where requests cannot be seen, nothing is proposed of them.
fn watch_requests(language: Language, found: &mut Found, procfs: &Procfs) {
    let web = found
        .services
        .iter()
        .filter(|service| matches!(service.kind, Kind::Web(_)));
    let web = u32::try_from(web.count()).unwrap_or(u32::MAX);
    if web == 0 {
        return;
    }
    let Ok(mut seen) = requests::open(web) else { return };
    let seconds = WATCHED.as_secs();
    let said = say!(
        language,
        "watching their requests for {seconds} s",
        "mirando sus peticiones durante {seconds} s"
    );
    eprintln!("autoscaler: {said}");
    // What is not told leaves the services as they were found.
    let _ = watch(
        found,
        procfs,
        (seen.as_mut(), &mut CpuStatSource::default()),
        WATCHED,
    );
}

fn nothing(language: Language, found: &Found) -> String {
    let mut sentence = say!(
        language,
        "no gunicorn or Celery service runs here that could be scaled: start them first, or begin with the example \
         configuration of the package",
        "aquí no corre ningún servicio gunicorn o Celery que se pueda escalar: arránquelos antes, o empiece por la \
         configuración de ejemplo del paquete"
    );
    for left_out in &found.left_out {
        let _ = write!(sentence, "\n  {}", words(language, left_out));
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
        io::ErrorKind::AlreadyExists => {
            let path = path.display();
            failed(|language| {
                say!(
                    language,
                    "{path} exists and is left as it is: name another file, and compare the two",
                    "{path} ya existe y se deja como está: nombre otro archivo, y compare los dos"
                )
            })
        }
        _ => unwritable(path, &error),
    })?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(|error| unwritable(path, &error))
}
