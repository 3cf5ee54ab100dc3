//! The connection to systemd's D-Bus, shared by those who ask it and those who tell it something.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::timeout;
use zbus::connection::Builder;
use zbus::{Connection, fdo};

use crate::model::BusFault;

const BOOTED: &str = "/run/systemd/system";

/// A bus that does not answer must not hold up the check.
pub(crate) const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// The bus that systemd is on. Connects when it is first needed, so that a configuration of cgroups alone needs
/// no bus, and again after the bus was lost. Clones share the connection.
#[derive(Debug, Clone)]
pub struct Bus {
    booted: PathBuf,
    /// As D-Bus writes it; `None` for the system's own bus.
    address: Option<String>,
    connection: Arc<Mutex<Option<Connection>>>,
}

impl Default for Bus {
    fn default() -> Self {
        Self {
            booted: PathBuf::from(BOOTED),
            address: None,
            connection: Arc::default(),
        }
    }
}

/// Why a question had no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nothing came within [`ANSWER_LIMIT`].
    Silent,
    /// The bus, or systemd's own answer, was an error.
    Bus(zbus::Error),
    /// systemd answered with something else than it documents.
    Type {
        /// The interface.
        interface: &'static str,
        /// The property.
        property: &'static str,
    },
}

impl From<zbus::Error> for Failure {
    fn from(error: zbus::Error) -> Self {
        Self::Bus(error)
    }
}

impl From<Failure> for BusFault {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Silent => Self::Silent { after: ANSWER_LIMIT },
            Failure::Bus(zbus::Error::InputOutput(error)) => Self::System(error.as_ref().into()),
            Failure::Bus(error) => Self::Words(error.to_string()),
            Failure::Type { interface, property } => Self::Type {
                interface: interface.into(),
                property: property.into(),
            },
        }
    }
}

impl Failure {
    /// Whether a new connection may help: not when systemd itself answered with an error.
    pub(super) fn may_be_the_connection(&self) -> bool {
        match self {
            Self::Type { .. } | Self::Bus(zbus::Error::MethodError(..)) => false,
            // Errors of D-Bus's own names come as these: the rest of them is the bus's or nobody's answer.
            Self::Bus(zbus::Error::FDO(error)) => !matches!(
                **error,
                fdo::Error::AccessDenied(_)
                    | fdo::Error::InvalidArgs(_)
                    | fdo::Error::NotSupported(_)
                    | fdo::Error::UnknownInterface(_)
                    | fdo::Error::UnknownMethod(_)
                    | fdo::Error::UnknownObject(_)
                    | fdo::Error::UnknownProperty(_)
            ),
            Self::Silent | Self::Bus(_) => true,
        }
    }
}

impl Bus {
    /// Another bus than the system's: `address` as D-Bus writes it. `booted` is the path that says whether
    /// systemd runs at all.
    #[must_use]
    pub fn at(booted: &Path, address: &str) -> Self {
        Self {
            booted: booted.to_owned(),
            address: Some(address.to_owned()),
            connection: Arc::default(),
        }
    }

    /// The same bus over a connection of its own.
    pub(super) fn apart(&self) -> Self {
        Self {
            connection: Arc::default(),
            ..self.clone()
        }
    }

    /// What marks a host that runs systemd (`sd_booted(3)`).
    pub(super) fn booted(&self) -> &Path {
        &self.booted
    }

    /// The open connection, or a new one.
    pub(crate) async fn connect(&self) -> Result<Connection, Failure> {
        let mut connection = self.connection.lock().await;
        if let Some(open) = connection.as_ref().filter(|open| !open.is_closed()) {
            return Ok(open.clone());
        }
        let builder = match &self.address {
            Some(address) => Builder::address(address.as_str()),
            None => Builder::system(),
        };
        let opened = timeout(ANSWER_LIMIT, builder.method_timeout(ANSWER_LIMIT).build()).await;
        let opened = opened.map_err(|_| Failure::Silent)??;
        *connection = Some(opened.clone());
        Ok(opened)
    }

    /// Lets go of the connection if `failure` may come from it: the next use opens another. Whether there was
    /// one.
    pub(crate) async fn drop_after(&self, failure: &Failure) -> bool {
        failure.may_be_the_connection() && self.connection.lock().await.take().is_some()
    }
}
