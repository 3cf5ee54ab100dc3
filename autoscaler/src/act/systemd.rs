//! systemd as the service manager that keeps the memory limit of its units, and starts and stops instances.

use std::future::Future;
use std::pin::Pin;

use serde::Serialize;
use zbus::{DynamicType, Variant};

use crate::act::instances::UnitManager;
use crate::act::memory::LimitSetter;
use crate::host::service::{self, Bus, Failure, Instance, StopRules};
use crate::model::{ManagerError, ServiceError};

/// systemd's manager (`org.freedesktop.systemd1(5)`).
#[derive(Debug, Clone)]
pub struct UnitControl {
    bus: Bus,
}

impl UnitControl {
    /// The manager that `bus` reaches.
    #[must_use]
    pub fn new(bus: Bus) -> Self {
        Self { bus }
    }

    /// Calls a method of the manager about `unit`.
    async fn call(
        &self,
        unit: &str,
        method: &'static str,
        body: &(impl Serialize + DynamicType + Sync),
    ) -> Result<(), ManagerError> {
        let mut told = self.try_call(method, body).await;
        if let Err(failure) = &told
            && self.bus.drop_after(failure).await
        {
            // The connection may have died unseen, with the bus. Another check would not tell a limit again: it
            // finds the file as it should be. Each of the orders may be given twice.
            told = self.try_call(method, body).await;
        }
        told.map_err(|failure| ManagerError {
            unit: unit.to_owned(),
            why: failure.into(),
        })
    }

    async fn try_call(
        &self,
        method: &'static str,
        body: &(impl Serialize + DynamicType + Sync),
    ) -> Result<(), Failure> {
        let (destination, path) = ("org.freedesktop.systemd1", "/org/freedesktop/systemd1");
        let interface = "org.freedesktop.systemd1.Manager";
        let bus = self.bus.connect().await?;
        bus.call_method(Some(destination), path, Some(interface), method, body)
            .await?;
        Ok(())
    }
}

impl LimitSetter for UnitControl {
    fn set_memory_max<'a>(
        &'a self,
        unit: &'a str,
        bytes: u64,
    ) -> Pin<Box<dyn Future<Output = Result<(), ManagerError>> + Send + 'a>> {
        Box::pin(async move {
            let runtime = true;
            let properties = vec![("MemoryMax", Variant::U64(bytes))];
            let body = (unit, runtime, properties);
            self.call(unit, "SetUnitProperties", &body).await
        })
    }
}

impl UnitManager for UnitControl {
    async fn instances(&self, template: &str) -> Result<Vec<Instance>, ServiceError> {
        service::Systemd::new(self.bus.clone())
            .instances_of(template)
            .await
    }

    async fn stop_rules(&self, unit: &str) -> Result<StopRules, ServiceError> {
        service::Systemd::new(self.bus.clone()).stop_rules(unit).await
    }

    // "replace": a job of the unit that contradicts this one is cancelled (org.freedesktop.systemd1(5)).
    async fn start(&self, unit: &str) -> Result<(), ManagerError> {
        self.call(unit, "StartUnit", &(unit, "replace")).await
    }

    async fn reset_failed(&self, unit: &str) -> Result<(), ManagerError> {
        self.call(unit, "ResetFailedUnit", &unit).await
    }

    async fn stop(&self, unit: &str) -> Result<(), ManagerError> {
        self.call(unit, "StopUnit", &(unit, "replace")).await
    }
}
