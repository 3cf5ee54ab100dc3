//! systemd as the service manager that keeps the memory limit of its units.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::timeout;
use zbus::{Connection, Variant};

use super::memory::{ManagerError, ServiceManager};

const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// systemd's manager on the system bus (`org.freedesktop.systemd1(5)`).
#[derive(Debug, Clone)]
pub struct Systemd {
    bus: Connection,
}

impl Systemd {
    /// The manager that `bus` reaches.
    #[must_use]
    pub fn new(bus: Connection) -> Self {
        Self { bus }
    }

    async fn set(&self, unit: &str, bytes: u64) -> Result<(), String> {
        let runtime = true;
        let properties = vec![("MemoryMax", Variant::U64(bytes))];
        let body = (unit, runtime, properties);
        let call = self.bus.call_method(
            Some("org.freedesktop.systemd1"),
            "/org/freedesktop/systemd1",
            Some("org.freedesktop.systemd1.Manager"),
            "SetUnitProperties",
            &body,
        );
        match timeout(ANSWER_LIMIT, call).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no answer within {} s", ANSWER_LIMIT.as_secs())),
        }
    }
}

impl ServiceManager for Systemd {
    fn set_memory_max<'a>(
        &'a self,
        unit: &'a str,
        bytes: u64,
    ) -> Pin<Box<dyn Future<Output = Result<(), ManagerError>> + Send + 'a>> {
        Box::pin(async move {
            self.set(unit, bytes).await.map_err(|why| ManagerError {
                unit: unit.to_owned(),
                why,
            })
        })
    }
}
