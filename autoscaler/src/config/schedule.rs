//! `"at"`: other bounds at certain times.

use jiff::civil::Time;
use jsonc_parser::ast::{Object, Value};

use super::fields::{Field, Fields, Findings};
use super::{keys, time_zone};
use crate::model::{BadSchedule, Bounds, Cron, Of, Schedule, Schedules, Wanted, Wrong, Zone};

/// Reads the schedules among `fields`, of a project with these bounds; `None` where there are none to compare them with.
pub(super) fn read(
    fields: &Fields<'_>,
    own: Option<Bounds>,
    zone: &Zone,
    findings: &mut Findings<'_>,
) -> Option<Schedules> {
    let mut entries = Vec::new();
    if let Some(field) = fields.get("at")
        && let Some(list) = field.array(Wanted::Schedules, findings)
    {
        for value in &list.elements {
            match value {
                Value::Object(object) => entries.extend(read_entry(object, own, zone, findings)),
                _ => field.refuse_element(value, Wanted::Schedules, findings),
            }
        }
    }
    Some(Schedules::new(own?, entries))
}

fn read_entry(
    object: &Object<'_>,
    own: Option<Bounds>,
    zone: &Zone,
    findings: &mut Findings<'_>,
) -> Option<Schedule> {
    let of = Of::Key("at".into());
    let fields = Fields::read(object, &of, findings);
    keys::refuse_others(&fields, keys::SCHEDULE, &of, findings);
    let cron = match fields.get("cron") {
        Some(field) => read_cron(field, findings),
        None => refuse(object, BadSchedule::NoCron, findings),
    };
    let until = match fields.get("until") {
        Some(field) => read_until(field, findings),
        None => refuse(object, BadSchedule::NoUntil, findings),
    };
    let other = fields.get("time_zone");
    let zone = other.map_or_else(|| Some(zone.clone()), |field| time_zone::read(field, findings));
    let bounds = read_bounds(object, &fields, own, findings);
    let (min, max) = bounds?;
    Some(Schedule {
        cron: cron?,
        until: until?,
        min,
        max,
        zone: zone?,
    })
}

fn read_cron(field: Field<'_>, findings: &mut Findings<'_>) -> Option<Cron> {
    let cron = Cron::parse(field.text(findings)?);
    cron.map_err(|bad| findings.refuse(field.value(), BadSchedule::Cron(bad)))
        .ok()
}

/// A time of day: `18:00`, `8:30`.
fn read_until(field: Field<'_>, findings: &mut Findings<'_>) -> Option<Time> {
    let time = field.text(findings)?;
    let digits = |text: &str, most: usize| {
        let plain = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| text.parse().ok()).flatten()
    };
    let time = time.split_once(':').and_then(|(hour, minute)| {
        let minute = Some(minute).filter(|minute| minute.len() == 2);
        Time::new(digits(hour, 2)?, digits(minute?, 2)?, 0, 0).ok()
    });
    if time.is_none() {
        findings.refuse(field.value(), BadSchedule::Until);
    }
    time
}

type Given = (Option<u32>, Option<u32>);

/// The bounds of an entry, which the project's own stand in for.
fn read_bounds(
    object: &Object<'_>,
    fields: &Fields<'_>,
    own: Option<Bounds>,
    findings: &mut Findings<'_>,
) -> Option<Given> {
    let (min_field, max_field) = (fields.get("min_workers"), fields.get("max_workers"));
    if min_field.is_none() && max_field.is_none() {
        return refuse(object, BadSchedule::NoBound, findings);
    }
    let mut count = |field: Option<Field<'_>>| match field {
        Some(field) => {
            let count = field.whole(keys::WORKERS, findings)?;
            u32::try_from(count).ok().map(Some)
        }
        None => Some(None),
    };
    let (min, max) = (count(min_field), count(max_field));
    let (min, max, own) = (min?, max?, own?);
    let wrong = match (min, max) {
        (Some(min), Some(max)) if min > max => Some((max_field, Wrong::MaximumBelowMinimum(max, min))),
        (Some(min), None) if min > own.max => {
            Some((min_field, BadSchedule::AboveMaximum(min, own.max).into()))
        }
        (None, Some(max)) if max < own.min => {
            Some((max_field, BadSchedule::BelowMinimum(max, own.min).into()))
        }
        _ => None,
    };
    if let Some((Some(field), wrong)) = wrong {
        findings.refuse(field.value(), wrong);
        return None;
    }
    Some((min, max))
}

fn refuse<T>(object: &Object<'_>, bad: BadSchedule, findings: &mut Findings<'_>) -> Option<T> {
    findings.refuse(object, bad);
    None
}
