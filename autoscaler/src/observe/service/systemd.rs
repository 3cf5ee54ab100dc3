//! systemd over D-Bus (org.freedesktop.systemd1(5)).

use std::path::{Path, PathBuf};
use std::time::Duration;

use zbus::connection::Builder;
use zbus::{Connection, OwnedObjectPath, OwnedVariant};

use super::{ServiceError, ServiceManager, Unit};

const DESTINATION: &str = "org.freedesktop.systemd1";
const MANAGER_PATH: &str = "/org/freedesktop/systemd1";
const MANAGER: &str = "org.freedesktop.systemd1.Manager";
const UNIT: &str = "org.freedesktop.systemd1.Unit";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
const BOOTED: &str = "/run/systemd/system";

/// A bus that does not answer must not hold up the check.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// The host's systemd. Connects at the first question, so that a configuration of cgroups alone needs no bus,
/// and again after the bus was lost.
#[derive(Debug)]
pub struct Systemd {
    booted: PathBuf,
    address: Option<String>,
    connection: Option<Connection>,
}

impl Default for Systemd {
    fn default() -> Self {
        Self {
            booted: PathBuf::from(BOOTED),
            address: None,
            connection: None,
        }
    }
}

impl Systemd {
    /// A systemd on another bus than the system's: `address` as D-Bus writes it. `booted` is the path that says
    /// whether systemd runs at all.
    #[must_use]
    pub fn at(booted: &Path, address: &str) -> Self {
        Self {
            booted: booted.to_owned(),
            address: Some(address.to_owned()),
            connection: None,
        }
    }

    async fn connect(&mut self) -> Result<Connection, Failure> {
        if let Some(connection) = self.connection.as_ref().filter(|open| !open.is_closed()) {
            return Ok(connection.clone());
        }
        let builder = match &self.address {
            Some(address) => Builder::address(address.as_str()),
            None => Builder::system(),
        };
        let opened = tokio::time::timeout(ANSWER_LIMIT, builder.method_timeout(ANSWER_LIMIT).build()).await;
        let connection = opened.map_err(|_| Failure::Silent)??;
        self.connection = Some(connection.clone());
        Ok(connection)
    }

    async fn ask(&mut self, unit: &str) -> Result<Option<Unit>, Failure> {
        let bus = self.connect().await?;
        let reply = bus
            .call_method(Some(DESTINATION), MANAGER_PATH, Some(MANAGER), "LoadUnit", &unit)
            .await?;
        let path: OwnedObjectPath = reply.body().deserialize()?;
        let load_state: String = property(&bus, &path, UNIT, "LoadState").await?;
        if load_state == "not-found" {
            return Ok(None);
        }
        let (interface, has_main) = kind(unit);
        let main_pid: u32 = if has_main {
            property(&bus, &path, interface, "MainPID").await?
        } else {
            0
        };
        let control_group: String = property(&bus, &path, interface, "ControlGroup").await?;
        Ok(Some(Unit {
            // Asked last: processes that ended meanwhile leave the state that says so.
            active_state: property(&bus, &path, UNIT, "ActiveState").await?,
            main_pid: Some(main_pid).filter(|pid| *pid != 0),
            control_group: Some(control_group).filter(|path| !path.is_empty()),
        }))
    }
}

impl ServiceManager for Systemd {
    async fn unit(&mut self, unit: &str) -> Result<Unit, ServiceError> {
        if !self.booted.exists() {
            return Err(ServiceError::NotBooted {
                path: self.booted.display().to_string(),
            });
        }
        let had_connection = self.connection.is_some();
        let mut answer = self.ask(unit).await;
        if answer.as_ref().is_err_and(Failure::may_be_the_connection) {
            self.connection = None;
            // A connection of before may have died unseen, with the bus. A new one's failure is the answer.
            if had_connection {
                answer = self.ask(unit).await;
            }
        }
        match answer {
            Ok(Some(found)) => Ok(found),
            Ok(None) => Err(ServiceError::NotFound {
                unit: unit.to_owned(),
            }),
            Err(failure) => Err(ServiceError::Unreachable {
                why: failure.to_string(),
            }),
        }
    }
}

/// Why a question had no answer.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("no answer within {} s", ANSWER_LIMIT.as_secs())]
    Silent,
    #[error(transparent)]
    Bus(#[from] zbus::Error),
    #[error("{property} of {interface} is not of the type that systemd documents")]
    Type {
        interface: &'static str,
        property: &'static str,
    },
}

impl Failure {
    /// Whether a new connection may help: not when systemd itself answered with an error.
    fn may_be_the_connection(&self) -> bool {
        !matches!(self, Self::Type { .. } | Self::Bus(zbus::Error::MethodError(..)))
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
    path: &OwnedObjectPath,
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
