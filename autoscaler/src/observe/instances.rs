//! Which instances of a template there are, where a project stands for all of them.

use crate::host::service::Systemd;
use crate::model::{Config, InstanceChange, ServiceError};

/// Has each family of `config` have a project for each instance that there is, and tells which came and went.
///
/// # Errors
/// When systemd cannot be asked: those families that it was not asked about stay as they were.
pub async fn follow_instances(
    config: &mut Config,
    systemd: &Systemd,
) -> (Vec<InstanceChange>, Result<(), ServiceError>) {
    let families = config.families.iter();
    let families: Vec<_> = families
        .map(|(name, family)| (name.clone(), family.pattern.clone()))
        .collect();
    let mut changes = Vec::new();
    for (name, pattern) in families {
        match systemd.units_like(&pattern).await {
            Ok(units) => changes.extend(config.follow_instances(&name, &units)),
            Err(fault) => return (changes, Err(fault)),
        }
    }
    (changes, Ok(()))
}
