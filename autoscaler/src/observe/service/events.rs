//! When systemd has finished a job on a unit: a start, a stop, a restart, a reload.

use std::future::pending;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::time::{Instant, sleep_until};
use zbus::{MatchRule, MessageStream, OwnedObjectPath};

use super::bus::{Bus, Failure};

/// How long to wait before a bus that was lost is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// The units whose jobs end, as they end. Nothing depends on it: a job that is missed is seen by the next check.
#[derive(Debug)]
pub struct UnitEvents {
    bus: Bus,
    stream: Option<MessageStream>,
    next_try: Instant,
}

impl UnitEvents {
    /// The events of the systemd on `bus`. Connects when it is first waited for.
    #[must_use]
    pub fn new(bus: &Bus) -> Self {
        Self {
            // Signals that nobody takes for a while hold up all that comes after them over the same connection,
            // the answers to others included ([`MessageStream`]).
            bus: bus.apart(),
            stream: None,
            next_try: Instant::now(),
        }
    }

    /// Waits until a job of a unit is over and returns the unit's name. Never returns on a host without systemd.
    ///
    /// Cancel safe: an event that was not returned is returned by the next call.
    pub async fn next(&mut self) -> String {
        if !self.bus.booted().exists() {
            return pending().await;
        }
        loop {
            let Some(stream) = &mut self.stream else {
                sleep_until(self.next_try).await;
                self.next_try = Instant::now() + RETRY;
                match self.subscribe().await {
                    Ok(stream) => self.stream = Some(stream),
                    Err(failure) => {
                        self.bus.drop_after(&failure).await;
                    }
                }
                continue;
            };
            match stream.next().await {
                Some(Ok(message)) => {
                    // JobRemoved(u id, o job, s unit, s result): org.freedesktop.systemd1(5)
                    if let Ok((_, _, unit, _)) = message
                        .body()
                        .deserialize::<(u32, OwnedObjectPath, String, String)>()
                    {
                        return unit;
                    }
                }
                Some(Err(_)) | None => self.stream = None,
            }
        }
    }

    async fn subscribe(&self) -> Result<MessageStream, Failure> {
        let bus = self.bus.connect().await?;
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
}
