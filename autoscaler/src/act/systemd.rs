//! systemd as the service manager that keeps the memory limit of its units.

use std::future::Future;
use std::pin::Pin;

use zbus::Variant;

use super::memory::{ManagerError, ServiceManager};
use crate::observe::service::{Bus, Failure};

/// systemd's manager (`org.freedesktop.systemd1(5)`).
#[derive(Debug, Clone)]
pub struct Systemd {
    bus: Bus,
}

impl Systemd {
    /// The manager that `bus` reaches.
    #[must_use]
    pub fn new(bus: Bus) -> Self {
        Self { bus }
    }

    async fn set(&self, unit: &str, bytes: u64) -> Result<(), Failure> {
        let runtime = true;
        let properties = vec![("MemoryMax", Variant::U64(bytes))];
        let body = (unit, runtime, properties);
        self.bus
            .connect()
            .await?
            .call_method(
                Some("org.freedesktop.systemd1"),
                "/org/freedesktop/systemd1",
                Some("org.freedesktop.systemd1.Manager"),
                "SetUnitProperties",
                &body,
            )
            .await?;
        Ok(())
    }
}

impl ServiceManager for Systemd {
    fn set_memory_max<'a>(
        &'a self,
        unit: &'a str,
        bytes: u64,
    ) -> Pin<Box<dyn Future<Output = Result<(), ManagerError>> + Send + 'a>> {
        Box::pin(async move {
            let mut told = self.set(unit, bytes).await;
            if let Err(failure) = &told
                && self.bus.drop_after(failure).await
            {
                // The connection may have died unseen, with the bus. The next check would not tell it again: it
                // finds the file as it should be.
                told = self.set(unit, bytes).await;
            }
            told.map_err(|failure| ManagerError {
                unit: unit.to_owned(),
                why: failure.to_string(),
            })
        })
    }
}
