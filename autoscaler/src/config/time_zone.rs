//! `"time_zone"`: whose local times schedules are in.

use jiff::tz::{self, TimeZone};

use super::fields::{Field, Findings};
use crate::model::{BadSchedule, Zone, meant};

/// The host's own time zone, as it is now.
pub(super) fn of_host() -> Zone {
    Zone::of_host(TimeZone::system())
}

/// Reads the name of a time zone; `None` when it is refused.
pub(super) fn read(field: Field<'_>, findings: &mut Findings<'_>) -> Option<Zone> {
    let name = field.text(findings)?;
    let Ok(rules) = TimeZone::get(name) else {
        findings.refuse(field.value(), unknown(name));
        return None;
    };
    // The host's own is not named beside each time.
    let host = TimeZone::system();
    Some(if rules.iana_name() == host.iana_name() {
        Zone::of_host(rules)
    } else {
        let name = rules.iana_name().unwrap_or(name).to_owned();
        Zone::other(rules, &name)
    })
}

fn unknown(name: &str) -> BadSchedule {
    let known: Vec<String> = tz::db().available().map(|known| known.to_string()).collect();
    if known.is_empty() {
        return BadSchedule::NoZones;
    }
    BadSchedule::Zone(meant(name, &known).map(str::to_owned))
}
