//! `autoscaler keda`: KEDA's external scaler.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use crate::cli::failure::{failed, wrong_usage};
use crate::cli::language::Sources;
use crate::cli::runtime::wait_for;
use crate::http::{BadEndpoint, Endpoint};
use crate::keda::{Setup, TlsFiles, prometheus, serve};
use crate::model::{DEFAULT_PATH, KedaNews, Language};
use crate::words::{self, say};

/// Tells KEDA how busy the pods of a workload are: an external scaler for Kubernetes.
///
/// One serves a cluster. What it tells comes from a Prometheus that scrapes `autoscaler export` on every node and
/// kube-state-metrics, and never from the node it runs on. A `ScaledObject` names the pods and the measure: the busy share of
/// their request slots, CPU, run-queue wait or waiting requests. Where there is no figure KEDA gets an error that says why.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  autoscaler keda --prometheus http://prometheus.monitoring:9090 --listen 0.0.0.0:9921 --allow-remote
  autoscaler keda --prometheus http://localhost:9090 --tls-cert tls.crt --tls-key tls.key --client-ca ca.crt

In metadata of a trigger of the type external or external-push:
  scalerAddress   autoscaler-keda.autoscaler:9921
  workload        shop, or a pattern of the pods' names: shop-*
  namespace       that of the pods, unless it is the ScaledObject's
  measure         busy, cpu, runqueue_wait or waiting
  target          how much of it each pod should have, such as \"0.7\"
  activation      beyond it there is to be a pod at all [default: 0]
  slots           with busy: requests that one pod can serve at a time [default: 1]
  window          the time that figures are taken over [default: 2m]
  query           in place of the pods and the measure: PromQL that gives one number")]
pub(super) struct Args {
    #[arg(
        long,
        value_name = "URL",
        help = "The Prometheus that has the figures, such as http://prometheus.monitoring:9090"
    )]
    prometheus: String,

    /// Where KEDA is answered
    #[arg(long, value_name = "ADDRESS", default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)))]
    listen: SocketAddr,

    /// Lets it serve at an address that other hosts reach without --client-ca: there is no password
    #[arg(long)]
    allow_remote: bool,

    /// Serves over TLS with this certificate, PEM; it is read again when it is renewed
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// The key to it
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// Answers only clients with a certificate of these authorities
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    client_ca: Option<PathBuf>,

    /// Seconds between two looks for the trigger external-push: 1 to 3600
    #[arg(long, value_name = "SECONDS", default_value = "15", value_parser = clap::value_parser!(u64).range(1..=3600))]
    interval: u64,
}

/// The port beside the exporter's.
const PORT: u16 = 9921;

pub(super) fn run(args: Args, asked: Option<Language>) -> Result<()> {
    let sources = Sources {
        asked,
        daemon: None,
        config: Path::new(DEFAULT_PATH),
    };
    let language = sources.language();
    let setup = args.setup(language)?;
    let tell = move |news: &KedaNews| eprintln!("autoscaler: {}", words::keda_news(language, news));
    wait_for(serve(setup, tell))?.map_err(|fault| failed(|language| words::keda_fault(language, &fault)))
}

impl Args {
    fn setup(self, language: Language) -> Result<Setup> {
        let (address, port) = (self.listen, self.listen.port());
        if !address.ip().is_loopback() && !self.allow_remote && self.client_ca.is_none() {
            return Err(wrong_usage(|language| {
                say!(
                    language,
                    "{address} can be reached from other hosts, and there is no password: write 127.0.0.1:{port}, or --client-ca, or --allow-remote if nobody else gets there",
                    "otras máquinas llegan a {address}, y no hay contraseña: escriba 127.0.0.1:{port}, o --client-ca, o --allow-remote si nadie más llega ahí"
                )
            }));
        }
        Ok(Setup {
            listen: address,
            tls: self
                .tls_cert
                .zip(self.tls_key)
                .map(|(certificate, key)| TlsFiles {
                    certificate,
                    key,
                    client_ca: self.client_ca,
                }),
            prometheus: endpoint(&self.prometheus)?,
            every: Duration::from_secs(self.interval),
            language,
        })
    }
}

fn endpoint(text: &str) -> Result<Endpoint> {
    prometheus(text).map_err(|bad| {
        wrong_usage(|language| match bad {
            BadEndpoint::NoUrl => say!(
                language,
                "{text} is no Prometheus: write http://HOST:9090",
                "{text} no es un Prometheus: escriba http://HOST:9090"
            ),
            BadEndpoint::NotHttp => say!(
                language,
                "{text} does not begin with http://: it is asked over HTTP without TLS; one that wants TLS or a password takes a proxy in the same pod",
                "{text} no empieza por http://: se le pregunta por HTTP sin TLS; uno que pida TLS o contraseña necesita un proxy en el mismo pod"
            ),
        })
    })
}
