//! A service manager that is left alone for the rest of a check once it could not be reached.

use crate::host::service::{Instance, ServiceManager, Unit};
use crate::model::ServiceError;

/// Asks `services` until it cannot be reached. Each question then takes as long as the connection's time limits:
/// one after the other they would add up over the projects to more than the watchdog waits.
pub(super) struct UntilUnreachable<'s, S> {
    services: &'s mut S,
    unreachable: Option<ServiceError>,
}

impl<'s, S> UntilUnreachable<'s, S> {
    pub(super) fn new(services: &'s mut S) -> Self {
        Self {
            services,
            unreachable: None,
        }
    }

    fn note<T>(&mut self, answer: Result<T, ServiceError>) -> Result<T, ServiceError> {
        if let Err(fault @ ServiceError::Unreachable { .. }) = &answer {
            self.unreachable = Some(fault.clone());
        }
        answer
    }
}

impl<S: ServiceManager> ServiceManager for UntilUnreachable<'_, S> {
    async fn unit(&mut self, unit: &str) -> Result<Unit, ServiceError> {
        if let Some(fault) = &self.unreachable {
            return Err(fault.clone());
        }
        let answer = self.services.unit(unit).await;
        self.note(answer)
    }

    async fn instances(&mut self, template: &str) -> Result<Vec<Instance>, ServiceError> {
        if let Some(fault) = &self.unreachable {
            return Err(fault.clone());
        }
        let answer = self.services.instances(template).await;
        self.note(answer)
    }
}
