//! systemd over D-Bus (org.freedesktop.systemd1(5)).

use std::path::Path;

use zbus::{Connection, OwnedObjectPath, OwnedVariant};

use super::bus::{Bus, Failure};
use super::{ServiceError, ServiceManager, Unit};

const DESTINATION: &str = "org.freedesktop.systemd1";
const MANAGER_PATH: &str = "/org/freedesktop/systemd1";
const MANAGER: &str = "org.freedesktop.systemd1.Manager";
const UNIT: &str = "org.freedesktop.systemd1.Unit";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// The host's systemd.
#[derive(Debug, Default)]
pub struct Systemd {
    bus: Bus,
}

impl Systemd {
    /// The systemd on `bus`.
    #[must_use]
    pub fn new(bus: Bus) -> Self {
        Self { bus }
    }

    /// systemd's version, such as `252.39-1~deb12u1`.
    ///
    /// # Errors
    /// When systemd cannot be asked.
    pub async fn version(&self) -> Result<String, ServiceError> {
        self.answer(async || {
            let bus = self.bus.connect().await?;
            property(&bus, MANAGER_PATH, MANAGER, "Version").await
        })
        .await
    }

    /// What `question` gives, over a new connection if the old one is lost.
    async fn answer<T>(&self, question: impl AsyncFn() -> Result<T, Failure>) -> Result<T, ServiceError> {
        let booted = self.bus.booted();
        if !booted.exists() {
            return Err(ServiceError::NotBooted {
                path: booted.display().to_string(),
            });
        }
        let mut answer = question().await;
        if let Err(failure) = &answer
            && self.bus.drop_after(failure).await
        {
            // The connection may have died unseen, with the bus.
            answer = question().await;
        }
        answer.map_err(|failure| ServiceError::Unreachable {
            why: failure.to_string(),
        })
    }

    async fn ask(&self, unit: &str) -> Result<Option<Unit>, Failure> {
        let bus = self.bus.connect().await?;
        let reply = bus
            .call_method(Some(DESTINATION), MANAGER_PATH, Some(MANAGER), "LoadUnit", &unit)
            .await?;
        let path: OwnedObjectPath = reply.body().deserialize()?;
        let load_state: String = property(&bus, path.as_str(), UNIT, "LoadState").await?;
        if load_state == "not-found" {
            return Ok(None);
        }
        let (interface, has_main) = kind(unit);
        let main_pid: u32 = if has_main {
            property(&bus, path.as_str(), interface, "MainPID").await?
        } else {
            0
        };
        let control_group: String = property(&bus, path.as_str(), interface, "ControlGroup").await?;
        Ok(Some(Unit {
            // Asked last: processes that ended meanwhile leave the state that says so.
            active_state: property(&bus, path.as_str(), UNIT, "ActiveState").await?,
            main_pid: Some(main_pid).filter(|pid| *pid != 0),
            control_group: Some(control_group).filter(|path| !path.is_empty()),
        }))
    }
}

impl ServiceManager for Systemd {
    async fn unit(&mut self, unit: &str) -> Result<Unit, ServiceError> {
        let found = self.answer(async || self.ask(unit).await).await?;
        found.ok_or_else(|| ServiceError::NotFound {
            unit: unit.to_owned(),
        })
    }
}

/// The interface that has `ControlGroup` for this type of unit, and whether it has `MainPID`.
fn kind(unit: &str) -> (&'static str, bool) {
    match Path::new(unit).extension().and_then(|suffix| suffix.to_str()) {
        Some("scope") => ("org.freedesktop.systemd1.Scope", false),
        Some("slice") => ("org.freedesktop.systemd1.Slice", false),
        _ => ("org.freedesktop.systemd1.Service", true),
    }
}

async fn property<T: TryFrom<OwnedVariant>>(
    bus: &Connection,
    path: &str,
    interface: &'static str,
    name: &'static str,
) -> Result<T, Failure> {
    let reply = bus
        .call_method(
            Some(DESTINATION),
            path,
            Some(PROPERTIES),
            "Get",
            &(interface, name),
        )
        .await?;
    let value: OwnedVariant = reply.body().deserialize()?;
    T::try_from(value).map_err(|_| Failure::Type {
        interface,
        property: name,
    })
}

#[cfg(test)]
mod tests;
