//! Serves the figures and pushes them, until somebody ends it.

use std::future::pending;
use std::time::Duration;

use anyhow::Result;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::export::otlp::{Sender, send};
use crate::export::{Looker, Scrape};
use crate::http::Endpoint;
use crate::metrics::{Server, ServerEvent};
use crate::model::{ExportNews, Listen, SendFault, UsageFault};

/// Where figures go.
#[derive(Debug, Default)]
pub struct Outlets {
    /// Where they are served to Prometheus.
    pub listen: Option<Listen>,
    /// Which receiver they are pushed to, and how often.
    pub otlp: Option<(Endpoint, Duration)>,
}

/// Serves until SIGINT or SIGTERM; `tell` is given what there is to tell.
///
/// # Errors
/// When signals cannot be waited for.
pub async fn serve(mut looker: Looker, outlets: Outlets, tell: impl Fn(&ExportNews)) -> Result<()> {
    let mut server: Option<Server<Scrape>> = outlets.listen.map(Server::start);
    let mut push = outlets.otlp.map(|(endpoint, every)| Push::new(endpoint, every));
    let mut ends = [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?];
    let mut untold = Untold::default();
    loop {
        for news in looker.news() {
            tell(&news);
        }
        tokio::select! {
            event = message(&mut server) => match event {
                // Without an answer, whoever asked is told to come again.
                ServerEvent::Wanted(reply) => if let Some(scrape) = untold.look(&mut looker, &tell) {
                    let _ = reply.send(scrape);
                },
                ServerEvent::News(news) => tell(&ExportNews::Metrics(news)),
            },
            event = next(&mut push) => match event {
                Pushed::Due => if let Some(scrape) = untold.look(&mut looker, &tell)
                    && let Some(push) = &mut push
                {
                    push.send(scrape);
                },
                Pushed::News(news) => tell(&news),
            },
            () = ended(&mut ends) => return Ok(()),
        }
    }
}

/// What of a look as a whole has been told.
#[derive(Debug, Default)]
struct Untold {
    failing: bool,
}

impl Untold {
    /// Takes a look; `None` where nothing can be seen, which is told once.
    fn look(&mut self, looker: &mut Looker, tell: &impl Fn(&ExportNews)) -> Option<Scrape> {
        match looker.look() {
            Ok(scrape) => {
                self.failing = false;
                Some(scrape)
            }
            Err(error) => {
                if !std::mem::replace(&mut self.failing, true) {
                    let why = UsageFault::from(error);
                    tell(&ExportNews::Unread { why });
                }
                None
            }
        }
    }
}

async fn message(server: &mut Option<Server<Scrape>>) -> ServerEvent<Scrape> {
    match server {
        Some(server) => server.message().await,
        None => pending().await,
    }
}

async fn next(push: &mut Option<Push>) -> Pushed {
    match push {
        Some(push) => push.next().await,
        None => pending().await,
    }
}

async fn ended(ends: &mut [Signal; 2]) {
    let [interrupt, terminate] = ends;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// Pushes to one receiver.
#[derive(Debug)]
struct Push {
    endpoint: Endpoint,
    sender: Sender,
    ticks: Interval,
    /// What is under way. The next look waits for it.
    sending: Option<JoinHandle<Result<(), SendFault>>>,
    /// How the last one ended, if there was one.
    last: Option<Result<(), ()>>,
}

#[derive(Debug)]
enum Pushed {
    /// A look is to be pushed now.
    Due,
    News(ExportNews),
}

impl Push {
    fn new(endpoint: Endpoint, every: Duration) -> Self {
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            endpoint,
            sender: Sender::on(&host_name()),
            ticks,
            sending: None,
            last: None,
        }
    }

    /// Waits for the next look to be due, or for news of one that is under way.
    async fn next(&mut self) -> Pushed {
        loop {
            let Some(sending) = &mut self.sending else {
                self.ticks.tick().await;
                return Pushed::Due;
            };
            let sent = sending.await;
            self.sending = None;
            // A task that panicked has said so.
            let Ok(sent) = sent else { continue };
            if let Some(news) = self.news(sent) {
                return Pushed::News(news);
            }
        }
    }

    fn send(&mut self, scrape: Scrape) {
        let (endpoint, sender) = (self.endpoint.clone(), self.sender.clone());
        let sending = async move { send(&endpoint, &sender, &scrape).await };
        self.sending = Some(tokio::spawn(sending));
    }

    /// A change alone is news: that the receiver takes figures, or does not.
    fn news(&mut self, sent: Result<(), SendFault>) -> Option<ExportNews> {
        let result = sent.as_ref().copied().map_err(drop);
        if self.last.replace(result) == Some(result) {
            return None;
        }
        let to = self.endpoint.to_string();
        Some(match sent {
            Ok(()) => ExportNews::Sent { to },
            Err(why) => ExportNews::NotSent { to, why },
        })
    }
}

/// The host's name (`proc_sys_kernel(5)`).
fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}
