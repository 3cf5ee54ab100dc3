//! Where a project's processes are, if not in the systemd unit of its name: a cgroup or a container.

use crate::config::fields::{Fields, Findings};
use crate::config::names;
use crate::model::{QueueActuator, Runtime, Target, Wrong};

/// Keys of which a project has one at most.
const PLACES: [&str; 3] = ["service_name", "cgroup", "container"];

/// Reads the target; the unit where it is refused.
pub(super) fn read(fields: &Fields<'_>, actuator: QueueActuator, findings: &mut Findings<'_>) -> Target {
    if actuator == QueueActuator::Units
        && let Some(field) = PLACES[1..].iter().find_map(|key| fields.get(key))
    {
        findings.refuse(&field, Wrong::PlaceOfUnits(field.name()));
    }
    let users = fields.get("container_user");
    let user = users.and_then(|field| field.text(findings));
    if let Some(container) = fields.get("container") {
        if let Some(other) = PLACES[..2].iter().find_map(|key| fields.get(key)) {
            findings.refuse(&container, Wrong::TwoPlaces(other.name()));
        }
        let named = container.text(findings).map(names::container);
        return match named {
            Some(Ok(mut named)) => {
                named.user = user.filter(|user| *user != "root").map(str::to_owned);
                if let Some(field) =
                    users.filter(|_| named.user.is_some() && named.runtime == Some(Runtime::Docker))
                {
                    findings.refuse(&field, Wrong::UserOfDocker);
                }
                Target::Container(named)
            }
            Some(Err(bad)) => {
                findings.refuse(container.value(), Wrong::Name(Some("container"), bad));
                Target::Unit
            }
            None => Target::Unit,
        };
    }
    let Some(field) = fields.get("cgroup") else {
        return Target::Unit;
    };
    match field.text(findings).map(names::cgroup) {
        Some(Ok(path)) => Target::Cgroup(path),
        Some(Err(bad)) => {
            findings.refuse(field.value(), Wrong::Name(Some("cgroup"), bad));
            Target::Unit
        }
        None => Target::Unit,
    }
}
