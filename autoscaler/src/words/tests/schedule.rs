//! Schedules, in both languages.

use jiff::tz::TimeZone;

use crate::model::{Asked, Cron, Reason, Schedule, Zone};
use crate::words::tests::both;
use crate::words::{Message, message, reason, schedule};

pub(super) fn asked() -> Asked {
    Asked {
        cron: "0 8 * * 1-5".into(),
        until: "18:00".into(),
    }
}

pub(super) fn office() -> Schedule {
    Schedule {
        cron: Cron::parse("0 8 * * 1-5").unwrap(),
        until: "18:00".parse().unwrap(),
        min: Some(4),
        max: None,
        zone: Zone::of_host(TimeZone::UTC),
    }
}

#[test]
fn a_schedule_is_told_with_its_bounds_and_when_it_begins_next() {
    let told = |entry: &Schedule, in_force, next| both(|language| schedule(language, entry, in_force, next));
    assert_eq!(
        told(&office(), true, Some("2026-12-01 08:00")),
        [
            "min 4 until 18:00 (schedule \"0 8 * * 1-5\"), again from 2026-12-01 08:00",
            "min 4 hasta las 18:00 (horario \"0 8 * * 1-5\"), de nuevo desde 2026-12-01 08:00"
        ]
    );
    assert_eq!(
        told(&office(), false, Some("08:00")),
        [
            "min 4 from 08:00 until 18:00 (schedule \"0 8 * * 1-5\")",
            "min 4 desde 08:00 hasta las 18:00 (horario \"0 8 * * 1-5\")"
        ]
    );
    let both_bounds = Schedule {
        max: Some(8),
        zone: Zone::other(TimeZone::UTC, "America/New_York"),
        ..office()
    };
    assert_eq!(
        told(&both_bounds, true, None),
        [
            "min 4, max 8 until 18:00 America/New_York (schedule \"0 8 * * 1-5\")",
            "min 4, max 8 hasta las 18:00 America/New_York (horario \"0 8 * * 1-5\")"
        ]
    );
}

#[test]
fn a_step_for_a_schedule_names_it_with_its_end() {
    let outside = |bound, below| Reason::OutsideSchedule {
        bound,
        below,
        schedule: asked(),
    };
    let told = |why: &Reason| both(|language| reason(language, why));
    assert_eq!(
        told(&outside(4, true)),
        [
            "below the minimum of 4, which the schedule \"0 8 * * 1-5\" asks for until 18:00",
            "por debajo del mínimo de 4, que pide el horario \"0 8 * * 1-5\" hasta las 18:00"
        ]
    );
    assert_eq!(
        told(&outside(2, false)),
        [
            "above the maximum of 2, which the schedule \"0 8 * * 1-5\" asks for until 18:00",
            "por encima del máximo de 2, que pide el horario \"0 8 * * 1-5\" hasta las 18:00"
        ]
    );
    let at_maximum = Reason::AtMaximum {
        max: 2,
        schedule: Some(asked()),
    };
    assert_eq!(
        told(&at_maximum)[0],
        "the load asks for more than the maximum of 2 workers, which the schedule \"0 8 * * 1-5\" asks for until 18:00"
    );
}

#[test]
fn its_begin_and_its_end_are_one_line_each() {
    let told = |news: &Message<'_>| both(|language| message(language, news));
    let (unit, schedule) = ("web.service", &office());
    assert_eq!(
        told(&Message::ScheduleBegins { unit, schedule }),
        [
            "⏰ web.service: min 4 until 18:00: the schedule \"0 8 * * 1-5\" is in force",
            "⏰ web.service: min 4 hasta las 18:00: rige el horario \"0 8 * * 1-5\""
        ]
    );
    let ended = Message::ScheduleEnded {
        unit,
        cron: schedule.cron.text(),
        bounds: crate::model::Bounds { min: 1, max: 6 },
    };
    assert_eq!(
        told(&ended),
        [
            "⏰ web.service: the schedule \"0 8 * * 1-5\" has ended: min 1, max 6",
            "⏰ web.service: el horario \"0 8 * * 1-5\" ha terminado: min 1, max 6"
        ]
    );
}
