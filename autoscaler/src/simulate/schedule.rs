//! Schedules over a recording: its moments are those of a clock on the wall, unless they count from its own beginning.

use jiff::Timestamp;

use crate::model::{Language, Project};
use crate::words::{say, schedule};

/// 1980, in seconds since 1970: earlier moments count from a recording's own beginning, and are no time of any day.
const WALL_CLOCK_FROM: f64 = 315_532_800.0;

fn moment(seconds: f64) -> Option<Timestamp> {
    #[expect(clippy::cast_possible_truncation, reason = "within the calendar, or refused")]
    let whole = seconds as i64;
    Timestamp::from_second(whole)
        .ok()
        .filter(|_| seconds >= WALL_CLOCK_FROM)
}

/// Puts the bounds in force that hold at `seconds` since 1970, and says whether they are others than before.
pub(super) fn follow(project: &mut Project, seconds: f64) -> bool {
    let Some(now) = moment(seconds) else {
        return false;
    };
    if now < project.schedules.in_force.until {
        return false;
    }
    let before = project.bounds;
    project.follow(now);
    project.bounds != before
}

/// Whether a recording that begins at `start` follows the project's schedules; `None` where it has none.
#[must_use]
pub fn follows_schedules(project: &Project, start: f64) -> Option<bool> {
    let any = !project.schedules.entries.is_empty();
    any.then(|| moment(start).is_some())
}

/// The line that says so; empty where it has none.
pub(super) fn told(language: Language, project: &Project, start: f64) -> String {
    match follows_schedules(project, start) {
        None => String::new(),
        Some(true) => {
            let entries = project.schedules.entries.iter();
            let entries: Vec<String> = entries
                .map(|entry| schedule(language, entry, true, None))
                .collect();
            let entries = entries.join("; ");
            say!(
                language,
                "schedules are followed, by the daemon's own rules alone: {entries}\n",
                "se siguen los horarios, solo en las reglas del propio demonio: {entries}\n"
            )
        }
        Some(false) => say!(
            language,
            "the recording counts from its own beginning and tells no time of day: schedules (\"at\") are not followed\n",
            "la grabación cuenta desde su propio principio y no dice la hora: no se siguen los horarios (\"at\")\n"
        ),
    }
}
