//! systemd over D-Bus (org.freedesktop.systemd1(5)).

use std::path::Path;
use std::time::Duration;

use zbus::{Connection, OwnedObjectPath, OwnedVariant};

use crate::host::service::bus::{Bus, Failure};
use crate::host::service::{Instance, ServiceManager, StopRules, Unit, number_of};
use crate::model::{InstancePattern, ServiceError};

const DESTINATION: &str = "org.freedesktop.systemd1";
const MANAGER_PATH: &str = "/org/freedesktop/systemd1";
const MANAGER: &str = "org.freedesktop.systemd1.Manager";
const UNIT: &str = "org.freedesktop.systemd1.Unit";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
/// For a process of no unit (`bus_manager_methods` in systemd's src/core/dbus-manager.c).
const NO_UNIT: &str = "org.freedesktop.systemd1.NoUnitForPID";

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
        self.answer(|| async {
            let bus = self.bus.connect().await?;
            property(&bus, MANAGER_PATH, MANAGER, "Version").await
        })
        .await
    }

    /// The unit that a process belongs to, such as `backdipro.service` or `session-3.scope`; `None` where systemd
    /// knows of none.
    ///
    /// # Errors
    /// When systemd cannot be asked.
    pub async fn unit_of(&self, pid: u32) -> Result<Option<String>, ServiceError> {
        self.answer(|| self.unit_name(pid)).await
    }

    async fn unit_name(&self, pid: u32) -> Result<Option<String>, Failure> {
        let bus = self.bus.connect().await?;
        let reply = bus
            .call_method(
                Some(DESTINATION),
                MANAGER_PATH,
                Some(MANAGER),
                "GetUnitByPID",
                &pid,
            )
            .await;
        let path: OwnedObjectPath = match reply {
            Ok(reply) => reply.body().deserialize()?,
            Err(zbus::Error::MethodError(name, ..)) if name.as_str() == NO_UNIT => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        property(&bus, path.as_str(), UNIT, "Id").await.map(Some)
    }

    /// What `question` gives, over a new connection if the old one is lost.
    async fn answer<T, A>(&self, question: impl Fn() -> A) -> Result<T, ServiceError>
    where
        A: Future<Output = Result<T, Failure>>,
    {
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
        answer.map_err(|failure| {
            let lost = failure.may_be_the_connection();
            let why = failure.into();
            if lost {
                ServiceError::Unreachable { why }
            } else {
                ServiceError::Refused { why }
            }
        })
    }

    async fn ask(&self, unit: &str) -> Result<Option<Unit>, Failure> {
        let bus = self.bus.connect().await?;
        let path = load(&bus, unit).await?;
        let load_state: String = property(&bus, path.as_str(), UNIT, "LoadState").await?;
        if load_state == "not-found" {
            return Ok(None);
        }
        read(&bus, path.as_str(), unit).await.map(Some)
    }

    /// The numbered instances of `template` that systemd has loaded.
    ///
    /// # Errors
    /// See [`ServiceError`].
    pub async fn instances_of(&self, template: &str) -> Result<Vec<Instance>, ServiceError> {
        self.answer(|| self.list(template)).await
    }

    /// The units that `pattern` names and that run, start, stop or have failed, in the order of their names.
    ///
    /// # Errors
    /// When systemd cannot be asked.
    pub async fn units_like(&self, pattern: &InstancePattern) -> Result<Vec<String>, ServiceError> {
        let glob = pattern.glob();
        let listed = self
            .answer(|| async { list(&self.bus.connect().await?, &glob).await })
            .await?;
        // One that restarts is inactive for a moment, with a job that starts it again.
        let is_there = |unit: &Listed| unit.2 == "loaded" && (unit.3 != "inactive" || unit.7 != 0);
        let names = listed.into_iter().filter(is_there).map(|unit| unit.0);
        let mut names: Vec<String> = names.filter(|name| pattern.instance(name).is_some()).collect();
        names.sort_unstable();
        Ok(names)
    }

    async fn list(&self, template: &str) -> Result<Vec<Instance>, Failure> {
        let Some(pattern) = InstancePattern::of(&template.replacen('@', "@*", 1)) else {
            return Ok(Vec::new());
        };
        let bus = self.bus.connect().await?;
        let mut instances = Vec::new();
        for listed in list(&bus, &pattern.glob()).await? {
            let (name, path) = (listed.0, listed.6);
            if let Some(number) = number_of(template, &name) {
                let unit = read(&bus, path.as_str(), &name).await?;
                instances.push(Instance { number, name, unit });
            }
        }
        Ok(instances)
    }

    /// What systemd does to `unit` when it is told to stop it.
    ///
    /// # Errors
    /// When systemd cannot be asked.
    pub async fn stop_rules(&self, unit: &str) -> Result<StopRules, ServiceError> {
        self.answer(|| self.rules(unit)).await
    }

    async fn rules(&self, unit: &str) -> Result<StopRules, Failure> {
        let bus = self.bus.connect().await?;
        let path = load(&bus, unit).await?;
        let (path, (interface, _)) = (path.as_str(), kind(unit));
        let kills: bool = property(&bus, path, interface, "SendSIGKILL").await?;
        let limit_us: u64 = property(&bus, path, interface, "TimeoutStopUSec").await?;
        Ok(StopRules {
            kill_mode: property(&bus, path, interface, "KillMode").await?,
            kill_signal: property(&bus, path, interface, "KillSignal").await?,
            // All bits set stand for `infinity`.
            time_limit: (kills && limit_us != u64::MAX).then_some(Duration::from_micros(limit_us)),
        })
    }
}

/// The path of a unit's object, which systemd makes if need be.
async fn load(bus: &Connection, unit: &str) -> Result<OwnedObjectPath, Failure> {
    let reply = bus
        .call_method(Some(DESTINATION), MANAGER_PATH, Some(MANAGER), "LoadUnit", &unit)
        .await?;
    Ok(reply.body().deserialize()?)
}

/// The loaded units whose names match `glob`.
async fn list(bus: &Connection, glob: &str) -> Result<Vec<Listed>, Failure> {
    let (states, patterns): ([&str; 0], [&str; 1]) = ([], [glob]);
    let body = (states.as_slice(), patterns.as_slice());
    let reply = bus
        .call_method(
            Some(DESTINATION),
            MANAGER_PATH,
            Some(MANAGER),
            "ListUnitsByPatterns",
            &body,
        )
        .await?;
    Ok(reply.body().deserialize()?)
}

/// What `ListUnitsByPatterns` has of one unit: its name comes first, then its description, whether its file is loaded, and whether
/// it is active; its object's path is the seventh, behind which stands the number of the job that waits for it, 0 for none.
type Listed = (
    String,
    String,
    String,
    String,
    String,
    String,
    OwnedObjectPath,
    u32,
    String,
    OwnedObjectPath,
);

/// The unit whose object is at `path`.
async fn read(bus: &Connection, path: &str, unit: &str) -> Result<Unit, Failure> {
    let (interface, has_main) = kind(unit);
    let main_pid: u32 = if has_main {
        property(bus, path, interface, "MainPID").await?
    } else {
        0
    };
    let control_group: String = property(bus, path, interface, "ControlGroup").await?;
    Ok(Unit {
        // Asked last: processes that ended meanwhile leave the state that says so.
        active_state: property(bus, path, UNIT, "ActiveState").await?,
        main_pid: Some(main_pid).filter(|pid| *pid != 0),
        control_group: Some(control_group).filter(|path| !path.is_empty()),
    })
}

impl ServiceManager for Systemd {
    async fn unit(&mut self, unit: &str) -> Result<Unit, ServiceError> {
        let found = self.answer(|| self.ask(unit)).await?;
        found.ok_or_else(|| ServiceError::NotFound {
            unit: unit.to_owned(),
        })
    }

    async fn instances(&mut self, template: &str) -> Result<Vec<Instance>, ServiceError> {
        self.instances_of(template).await
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
