//! When systemd has finished a job on a unit: a start, a stop, a restart, a reload.

use std::future::pending;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use zbus::{MatchRule, MessageStream, OwnedObjectPath};

use crate::host::service::bus::{Bus, Failure};

/// How long to wait before a bus that was lost is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// Events that may wait to be asked for; then the bus keeps the rest.
const WAITING: usize = 64;

/// The units whose jobs end, as they end. Nothing depends on it: a job that is missed is seen by the next check.
#[derive(Debug)]
pub struct UnitEvents {
    bus: Bus,
    units: Option<mpsc::Receiver<String>>,
}

impl UnitEvents {
    /// The events of the systemd on `bus`. Connects when it is first waited for.
    #[must_use]
    pub fn new(bus: &Bus) -> Self {
        Self {
            // Signals that nobody takes for a while hold up all that comes after them over the same connection,
            // the answers to others included ([`MessageStream`]).
            bus: bus.apart(),
            units: None,
        }
    }

    /// Waits until a job of a unit is over and returns the unit's name. Never returns on a host without systemd.
    ///
    /// Cancel safe: an event that was not returned is returned by the next call, and the subscription, which takes some
    /// answers of the bus, goes on beside whoever waits.
    pub async fn next(&mut self) -> String {
        if !self.bus.booted().exists() {
            return pending().await;
        }
        let units = self.units.get_or_insert_with(|| {
            let (sender, receiver) = mpsc::channel(WAITING);
            tokio::spawn(listen(self.bus.clone(), sender));
            receiver
        });
        match units.recv().await {
            Some(unit) => unit,
            None => pending().await,
        }
    }
}

/// Passes on the units whose jobs end, for as long as somebody takes them.
async fn listen(bus: Bus, units: mpsc::Sender<String>) {
    while !units.is_closed() {
        let tried = Instant::now();
        match subscribe(&bus).await {
            Ok(stream) => pass_on(stream, &units).await,
            Err(failure) => {
                bus.drop_after(&failure).await;
            }
        }
        sleep_until(tried + RETRY).await;
    }
}

/// Returns when the bus is lost, or nobody takes the events any more.
async fn pass_on(mut stream: MessageStream, units: &mpsc::Sender<String>) {
    while let Some(Ok(message)) = stream.next().await {
        // JobRemoved(u id, o job, s unit, s result): org.freedesktop.systemd1(5)
        if let Ok((_, _, unit, _)) = message
            .body()
            .deserialize::<(u32, OwnedObjectPath, String, String)>()
            && units.send(unit).await.is_err()
        {
            return;
        }
    }
}

async fn subscribe(bus: &Bus) -> Result<MessageStream, Failure> {
    let bus = bus.connect().await?;
    let rule = MatchRule::builder()
        .msg_type(zbus::message::Type::Signal)
        .interface("org.freedesktop.systemd1.Manager")
        .member("JobRemoved")
        .path("/org/freedesktop/systemd1")
        .build()?;
    let stream = MessageStream::for_match_rule(rule, &bus, None).await?;
    // systemd sends these signals only while somebody has asked for them.
    bus.call_method(
        Some("org.freedesktop.systemd1"),
        "/org/freedesktop/systemd1",
        Some("org.freedesktop.systemd1.Manager"),
        "Subscribe",
        &(),
    )
    .await?;
    Ok(stream)
}
