//! Serves KEDA over gRPC, until somebody ends it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tonic::codegen::Service as _;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::server::health_reporter;

use crate::http::Endpoint;
use crate::keda::TlsFiles;
use crate::keda::certificates::Certificates;
use crate::keda::proto::external_scaler_server::ExternalScalerServer;
use crate::keda::scaler::Scaler;
use crate::keda::told::{Tell, Told};
use crate::model::{KedaFault, KedaNews, Language};

/// Connections served at a time; the next wait in the kernel's backlog. A KEDA has two or three.
const CONNECTIONS: usize = 64;

/// Questions that one connection may have open.
const STREAMS: u32 = 200;

/// The longest question, in bytes: far more than the metadata of a trigger.
const LARGEST: usize = 16 << 10;

/// A client must have begun to speak, and to speak TLS, within this time.
const PATIENCE: Duration = Duration::from_secs(10);

/// After so long without a word a client is asked whether it is still there; it has [`PATIENCE`] to say so.
const QUIET: Duration = Duration::from_mins(1);

/// Pause after a failed accept: out of descriptors, for example.
const ACCEPT_AGAIN: Duration = Duration::from_millis(200);

/// So long may what is being answered take still, once it is to end.
const GRACE: Duration = Duration::from_secs(2);

/// The path of the health service's methods.
const HEALTH: &str = "/grpc.health.v1.Health/";

/// What is served, and how.
#[derive(Debug)]
pub struct Setup {
    /// Where.
    pub listen: SocketAddr,
    /// Over TLS, with these.
    pub tls: Option<TlsFiles>,
    /// What the answers come from.
    pub prometheus: Endpoint,
    /// Time between two looks for what is streamed.
    pub every: Duration,
    /// The language of its errors.
    pub language: Language,
}

/// Serves until SIGINT or SIGTERM; `tell` is given what there is to tell.
///
/// # Errors
/// When the address cannot be had, or the certificates cannot be used.
pub async fn serve(setup: Setup, tell: impl Fn(&KedaNews) + Send + Sync + 'static) -> Result<(), KedaFault> {
    let tell: Tell = Arc::new(tell);
    let signals = |error: std::io::Error| KedaFault::Signals(error.into());
    let ended = ended(
        signal(SignalKind::interrupt()).map_err(signals)?,
        signal(SignalKind::terminate()).map_err(signals)?,
    );
    let certificates = setup.tls.map(Certificates::of).transpose();
    let mut certificates = certificates.map_err(KedaFault::Certificate)?;
    let unavailable = |error: std::io::Error| KedaFault::Address {
        at: setup.listen.to_string(),
        why: error.into(),
    };
    let listener = TcpListener::bind(setup.listen).await.map_err(unavailable)?;
    let at = listener.local_addr().map_err(unavailable)?.to_string();

    let told = Told::new(Arc::clone(&tell), setup.prometheus.to_string());
    let scaler = Scaler::new(setup.prometheus, setup.every, setup.language, told);
    let (reporter, health) = health_reporter();
    reporter.set_serving::<ExternalScalerServer<Scaler>>().await;
    let services = Services {
        scaler: ExternalScalerServer::new(scaler).max_decoding_message_size(LARGEST),
        health,
    };
    tell(&KedaNews::Serving {
        at,
        tls: certificates.is_some(),
    });

    let (end, ending) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut ended = pin!(ended);
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    let acceptor = certificates.as_mut().map(|certificates| certificates.acceptor(&tell));
                    connections.spawn(connection(stream, acceptor, services.clone(), ending.clone()));
                }
                Err(_) => sleep(ACCEPT_AGAIN).await,
            },
            Some(_) = connections.join_next() => {}
            () = &mut ended => break,
        }
    }
    drop(listener);
    let _ = end.send(true);
    let rest = async { while connections.join_next().await.is_some() {} };
    // What goes on without an end is cut off: KEDA asks another, or this one again.
    let _ = timeout(GRACE, rest).await;
    Ok(())
}

async fn ended(mut interrupt: Signal, mut terminate: Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// Whoever can be asked here.
struct Services<H> {
    scaler: ExternalScalerServer<Scaler>,
    health: HealthServer<H>,
}

impl<H> Clone for Services<H> {
    fn clone(&self) -> Self {
        Self {
            scaler: self.scaler.clone(),
            health: self.health.clone(),
        }
    }
}

impl<H: Health> Services<H> {
    async fn answer(mut self, request: Request<Incoming>) -> Result<Response<tonic::body::Body>, Infallible> {
        if request.uri().path().starts_with(HEALTH) {
            self.health.call(request).await
        } else {
            // It says itself what it does not know.
            self.scaler.call(request).await
        }
    }
}

/// One connection to its end. A client that goes away in the middle, or sends garbage, is no news.
async fn connection<H: Health>(
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    services: Services<H>,
    ending: watch::Receiver<bool>,
) {
    // Who connects and says nothing keeps no place.
    if !matches!(timeout(PATIENCE, stream.peek(&mut [0])).await, Ok(Ok(1))) {
        return;
    }
    match acceptor {
        None => spoken(stream, services, ending).await,
        Some(acceptor) => {
            if let Ok(Ok(stream)) = timeout(PATIENCE, acceptor.accept(stream)).await {
                spoken(stream, services, ending).await;
            }
        }
    }
}

async fn spoken<H: Health>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    services: Services<H>,
    mut ending: watch::Receiver<bool>,
) {
    let service = service_fn(move |request| services.clone().answer(request));
    let mut connection = pin!(
        http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(QUIET)
            .keep_alive_timeout(PATIENCE)
            .max_concurrent_streams(STREAMS)
            .serve_connection(TokioIo::new(stream), service)
    );
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = ending.wait_for(|ending| *ending) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}
