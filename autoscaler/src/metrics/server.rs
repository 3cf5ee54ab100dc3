//! The HTTP server beside the loop that has the figures: bounded in connections and in patience, and mended by itself.

mod listener;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use listener::Listener;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::metrics::{Figures, Format, Scrape, text};
use crate::model::{Listen, MetricsNews};

pub(crate) use listener::name as address;

/// Connections served at a time; the next wait in the kernel's backlog.
const CONNECTIONS: usize = 8;

/// A client must have sent its request's head within this time; so long, too, an idle connection is kept.
const PATIENCE: Duration = Duration::from_secs(30);

/// The longest that a scrape waits for the loop: a check of the daemon's may be under way.
const ANSWER: Duration = Duration::from_secs(8);

/// Time between two attempts at an address that cannot be had.
const RETRY: Duration = Duration::from_secs(10);

/// Pause after a failed accept: out of descriptors, for example.
const ACCEPT_AGAIN: Duration = Duration::from_millis(200);

/// A request for the state of the moment.
type Wanted<S> = oneshot::Sender<S>;

/// What reaches the loop behind the server.
#[derive(Debug)]
pub enum ServerEvent<S = Scrape> {
    /// Somebody wants the state of the moment.
    Wanted(Wanted<S>),
    /// The server has something to tell.
    News(MetricsNews),
}

/// A server of one kind of figures that runs until it is dropped.
#[derive(Debug)]
pub struct Server<S = Scrape> {
    task: JoinHandle<()>,
    messages: mpsc::Receiver<ServerEvent<S>>,
}

impl<S: Figures> Server<S> {
    /// Starts serving at `listen`. Whether that works comes as [`MetricsNews`].
    #[must_use]
    pub fn start(listen: Listen) -> Self {
        let (sender, messages) = mpsc::channel(CONNECTIONS);
        let task = tokio::spawn(async move {
            let listener = bind(&listen, &sender).await;
            serve(listener, sender).await;
        });
        Self { task, messages }
    }

    /// Waits for something that the loop must answer or tell.
    pub async fn message(&mut self) -> ServerEvent<S> {
        match self.messages.recv().await {
            Some(message) => message,
            None => std::future::pending().await,
        }
    }
}

impl<S> Drop for Server<S> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Tries until the address can be had.
async fn bind<S>(listen: &Listen, sender: &mpsc::Sender<ServerEvent<S>>) -> Listener {
    let mut told = false;
    loop {
        let news = match Listener::bind(listen).await {
            Ok(listener) => {
                let at = listener.address();
                let _ = sender.send(ServerEvent::News(MetricsNews::Serving { at })).await;
                return listener;
            }
            Err(error) => MetricsNews::Unavailable {
                at: listener::name(listen),
                why: error.into(),
            },
        };
        if !std::mem::replace(&mut told, true) {
            let _ = sender.send(ServerEvent::News(news)).await;
        }
        sleep(RETRY).await;
    }
}

async fn serve<S: Figures>(listener: Listener, sender: mpsc::Sender<ServerEvent<S>>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        // A place first: who cannot be served yet stays in the backlog and costs nothing.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok(stream) => {
                let sender = sender.clone();
                tokio::spawn(async move {
                    connection(stream, sender).await;
                    drop(place);
                });
            }
            Err(_) => sleep(ACCEPT_AGAIN).await,
        }
    }
}

async fn connection<S: Figures>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    sender: mpsc::Sender<ServerEvent<S>>,
) {
    let service = service_fn(|request: Request<Incoming>| {
        let sender = sender.clone();
        async move { Ok::<_, Infallible>(answer(&request, &sender).await) }
    });
    // A client that went away in the middle, or sent garbage, is no news.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer<S: Figures>(
    request: &Request<Incoming>,
    sender: &mpsc::Sender<ServerEvent<S>>,
) -> Response<Full<Bytes>> {
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered\n");
    }
    if request.uri().path() != "/metrics" {
        return plain(StatusCode::NOT_FOUND, "autoscaler: the figures are at /metrics\n");
    }
    let accept = request
        .headers()
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok());
    let format = Format::accepted(accept.unwrap_or_default());
    let (reply, scrape) = oneshot::channel();
    let asked = async {
        sender.send(ServerEvent::Wanted(reply)).await.ok()?;
        scrape.await.ok()
    };
    let Ok(Some(scrape)) = timeout(ANSWER, asked).await else {
        return plain(
            StatusCode::SERVICE_UNAVAILABLE,
            "the figures cannot be read in time: a check is under way, or the log says why\n",
        );
    };
    match text(scrape, format) {
        Ok(text) => {
            let mut response = Response::new(Full::from(text));
            let kind = HeaderValue::from_static(format.content_type());
            response.headers_mut().insert(CONTENT_TYPE, kind);
            response
        }
        Err(_) => plain(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the figures cannot be written\n",
        ),
    }
}

fn plain(status: StatusCode, sentence: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(sentence));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

#[cfg(test)]
mod tests;
