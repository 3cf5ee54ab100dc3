//! A service manager for tests: it knows what it was told, and counts how often it was asked.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::host::service::{Instance, ServiceManager, Unit, number_of};
use crate::model::ServiceError;

#[derive(Debug, Default)]
pub(crate) struct FakeManager {
    pub(crate) units: BTreeMap<String, Unit>,
    pub(crate) unreachable: Option<ServiceError>,
    /// How long an answer takes.
    pub(crate) delay: Duration,
    pub(crate) asked: usize,
}

impl FakeManager {
    /// Adds a unit that is up.
    pub(crate) fn up(&mut self, unit: &str, main_pid: Option<u32>, control_group: &str) {
        self.units.insert(
            unit.to_owned(),
            Unit {
                active_state: "active".into(),
                main_pid,
                control_group: Some(control_group.to_owned()),
            },
        );
    }
}

impl ServiceManager for FakeManager {
    async fn unit(&mut self, unit: &str) -> Result<Unit, ServiceError> {
        self.asked += 1;
        tokio::time::sleep(self.delay).await;
        if let Some(error) = &self.unreachable {
            return Err(error.clone());
        }
        self.units
            .get(unit)
            .cloned()
            .ok_or_else(|| ServiceError::NotFound {
                unit: unit.to_owned(),
            })
    }

    async fn instances(&mut self, template: &str) -> Result<Vec<Instance>, ServiceError> {
        let numbered = self.units.iter().filter_map(|(name, unit)| {
            Some(Instance {
                number: number_of(template, name)?,
                name: name.clone(),
                unit: unit.clone(),
            })
        });
        Ok(numbered.collect())
    }
}
