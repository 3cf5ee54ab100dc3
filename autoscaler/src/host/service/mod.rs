//! Which processes and which cgroup belong to a service: asked of the service manager.

mod bus;
mod events;
#[cfg(test)]
pub(crate) mod fake;
mod instances;
mod stop_rules;
mod systemd;

use std::future::Future;

use crate::model::ServiceError;

pub use bus::Bus;
pub(crate) use bus::Failure;
pub use events::UnitEvents;
pub use instances::{Instance, name_of, number_of, running};
pub use stop_rules::StopRules;
pub use systemd::Systemd;

/// A unit as the service manager knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// systemd's `ActiveState`, such as `active`, `reloading`, `inactive`, `failed`.
    pub active_state: String,
    /// The main process; `None` when nothing runs, or when systemd does not know which it is.
    pub main_pid: Option<u32>,
    /// The cgroup, from the root of the hierarchy; `None` when nothing runs.
    pub control_group: Option<String>,
}

impl Unit {
    /// Whether the unit is up, reloading included.
    #[must_use]
    pub fn is_up(&self) -> bool {
        matches!(self.active_state.as_str(), "active" | "reloading" | "refreshing")
    }
}

/// Knows the services of a host.
pub trait ServiceManager {
    /// Looks up `unit`, a full unit name such as `backdipro.service`.
    ///
    /// # Errors
    /// See [`ServiceError`].
    fn unit(&mut self, unit: &str) -> impl Future<Output = Result<Unit, ServiceError>>;

    /// The numbered instances of `template`, such as `celery@.service`, that it has loaded; up or not.
    ///
    /// # Errors
    /// See [`ServiceError`].
    fn instances(&mut self, template: &str) -> impl Future<Output = Result<Vec<Instance>, ServiceError>>;
}
