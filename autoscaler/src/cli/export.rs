//! `autoscaler export`: figures of every cgroup for others to keep.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use crate::cli::failure::{failed, wrong_usage};
use crate::cli::language::Sources;
use crate::cli::print;
use crate::cli::runtime::wait_for;
use crate::export::otlp::receiver;
use crate::export::{Choice, LIMIT, Looker, NoPattern, Opened, Outlets, serve};
use crate::http::{BadEndpoint, Endpoint};
use crate::metrics::{Format, text};
use crate::model::{DEFAULT_PATH, ExportNews, Language, Listen};
use crate::words::{self, say};

/// Gives the figures of every cgroup to Prometheus and to OpenTelemetry receivers.
///
/// For each cgroup, with all below it: CPU, run-queue wait, throttling by cpu.max and memory; with --requests the requests of
/// each cgroup that serves any, which count in no other. Labels name its systemd unit, its container and its pod. Needs no
/// configuration and no daemon, and acts on nothing. As root, CPU and wait come from the kernel's scheduler; otherwise CPU
/// comes from cpu.stat.
///
/// Without --listen and --otlp it serves at `http://127.0.0.1:9920/metrics`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  autoscaler export                                    at http://127.0.0.1:9920/metrics
  autoscaler export --once | grep shop                 once, on standard output
  autoscaler export --depth 3 --exclude '/user.slice/**'
  autoscaler export --listen 0.0.0.0:9920 --allow-remote --requests
  autoscaler export --otlp http://collector:4318 --interval 15")]
pub(super) struct Args {
    /// Where figures are served to Prometheus: an address with its port, or unix:PATH [default: 127.0.0.1:9920, unless
    /// there is --otlp]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,

    /// Lets it serve at an address that other hosts reach: there is no password
    #[arg(long)]
    allow_remote: bool,

    #[arg(
        long,
        value_name = "URL",
        help = "Pushes figures to this receiver of OTLP over HTTP, such as http://HOST:4318"
    )]
    otlp: Option<String>,

    /// Seconds between two pushes: 1 to 3600
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = clap::value_parser!(u64).range(1..=3600))]
    interval: u64,

    /// Prints the figures once and ends. Wait and requests count from the start of the program
    #[arg(long, conflicts_with_all = ["listen", "otlp"])]
    once: bool,

    /// Levels below the root; those further down count in those above them, but their requests do not
    #[arg(long, value_name = "LEVELS")]
    depth: Option<usize>,

    /// Only the cgroups whose path matches, such as '/system.slice/*'; ** is several names. May be repeated
    #[arg(long, value_name = "GLOB")]
    include: Vec<String>,

    /// Without the cgroups whose path matches, whatever includes them. May be repeated
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,

    /// No more cgroups than these; of the others it tells how many there are
    #[arg(long, value_name = "COUNT", default_value_t = LIMIT)]
    limit: usize,

    /// Sees the requests of each cgroup that serves any in the kernel, too: how many, how long they wait. Needs root
    #[arg(long)]
    requests: bool,
}

pub(super) fn run(args: &Args, asked: Option<Language>) -> Result<()> {
    let sources = Sources {
        asked,
        daemon: None,
        config: Path::new(DEFAULT_PATH),
    };
    let language = sources.language();
    let tell = |news: &ExportNews| eprintln!("autoscaler: {}", words::export_news(language, news));
    let choice = args.choice()?;
    let outlets = args.outlets()?;
    let mut looker = Looker::new(choice, args.limit, Opened::open(args.requests))?;
    if args.once {
        let scrape = looker.look();
        looker.news().iter().for_each(tell);
        let scrape = scrape.map_err(unread)?;
        return print(&text(scrape, Format::Prometheus)?);
    }
    wait_for(serve(looker, outlets, tell))?
}

/// The figures as a whole cannot be read.
fn unread(error: anyhow::Error) -> anyhow::Error {
    let fault = error.into();
    failed(|language| words::usage_fault(language, &fault))
}

impl Args {
    fn choice(&self) -> Result<Choice> {
        Choice::new(self.depth, &self.include, &self.exclude).map_err(|error| {
            wrong_usage(|language| {
                let NoPattern { text, why } = &error;
                let Some(why) = why else {
                    return say!(
                        language,
                        "no cgroup matches {text}: their paths begin with /, write /{text}",
                        "ningún cgroup encaja con {text}: sus rutas empiezan por /, escriba /{text}"
                    );
                };
                say!(
                    language,
                    "{text} is no pattern: {why}; * is a part of a name, ** several names, [ab] one of these letters",
                    "{text} no es un patrón: {why}; * es una parte de un nombre, ** varios nombres, [ab] una de estas letras"
                )
            })
        })
    }

    fn outlets(&self) -> Result<Outlets> {
        let otlp = self.otlp.as_deref().map(endpoint).transpose()?;
        let listen = self.listen.as_deref().map(|text| self.listen(text)).transpose()?;
        let default = || Listen::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)));
        Ok(Outlets {
            listen: listen.or_else(|| otlp.is_none().then(default)),
            otlp: otlp.map(|endpoint| (endpoint, Duration::from_secs(self.interval))),
        })
    }

    fn listen(&self, text: &str) -> Result<Listen> {
        let listen = match text.strip_prefix("unix:") {
            Some(path) => Some(PathBuf::from(path))
                .filter(|path| path.is_absolute() && path.file_name().is_some())
                .map(Listen::Unix),
            None => text.parse().ok().map(Listen::Tcp),
        };
        match listen {
            None => Err(wrong_usage(|language| {
                say!(
                    language,
                    "{text} is no address: write 127.0.0.1:9920, [::1]:9920 or unix:/run/autoscaler-export/metrics.sock",
                    "{text} no es una dirección: escriba 127.0.0.1:9920, [::1]:9920 o unix:/run/autoscaler-export/metrics.sock"
                )
            })),
            Some(Listen::Tcp(address)) if !address.ip().is_loopback() && !self.allow_remote => {
                Err(wrong_usage(|language| {
                    let port = address.port();
                    say!(
                        language,
                        "{address} can be reached from other hosts, and there is no password: write 127.0.0.1:{port}, or --allow-remote as well if a firewall stands before it",
                        "otras máquinas llegan a {address}, y no hay contraseña: escriba 127.0.0.1:{port}, o también --allow-remote si hay un cortafuegos delante"
                    )
                }))
            }
            Some(listen) => Ok(listen),
        }
    }
}

/// The port beside the daemon's.
const PORT: u16 = 9920;

fn endpoint(text: &str) -> Result<Endpoint> {
    receiver(text).map_err(|bad| {
        wrong_usage(|language| match bad {
            BadEndpoint::NoUrl => say!(
                language,
                "{text} is no receiver: write http://HOST:4318",
                "{text} no es un receptor: escriba http://HOST:4318"
            ),
            BadEndpoint::NotHttp => say!(
                language,
                "{text} does not begin with http://: figures are pushed over HTTP without TLS; for a receiver elsewhere, an OpenTelemetry Collector on this host can pass them on",
                "{text} no empieza por http://: las cifras se envían por HTTP sin TLS; a un receptor de fuera se las puede pasar un OpenTelemetry Collector de esta máquina"
            ),
        })
    })
}
