//! Schedules: what they ask for, when they begin and end, and what is wrong with one.

use super::figures::{quoted, workers};
use crate::model::{Asked, BadCron, BadSchedule, Bounds, CronField, Language, Schedule};

/// A schedule as it stands: `min 4 until 18:00 (schedule "0 8 * * 1-5"), again from 2026-12-01 08:00`. `next` is when it
/// begins next.
#[must_use]
pub fn schedule(language: Language, schedule: &Schedule, in_force: bool, next: Option<&str>) -> String {
    let (bounds, Asked { cron, until }) = (bounds(schedule), schedule.asked());
    let cron = quoted(&cron);
    match (in_force, next) {
        (true, Some(next)) => say!(
            language,
            "{bounds} until {until} (schedule {cron}), again from {next}",
            "{bounds} hasta las {until} (horario {cron}), de nuevo desde {next}"
        ),
        (true, None) => say!(
            language,
            "{bounds} until {until} (schedule {cron})",
            "{bounds} hasta las {until} (horario {cron})"
        ),
        (false, Some(next)) => say!(
            language,
            "{bounds} from {next} until {until} (schedule {cron})",
            "{bounds} desde {next} hasta las {until} (horario {cron})"
        ),
        (false, None) => say!(
            language,
            "{bounds}, never again (schedule {cron})",
            "{bounds}, nunca más (horario {cron})"
        ),
    }
}

/// `min 4`, `min 4, max 8`: the same in both languages.
fn bounds(schedule: &Schedule) -> String {
    let bounds = [("min", schedule.min), ("max", schedule.max)];
    let given = bounds.map(|(name, bound)| bound.map(|bound| format!("{name} {bound}")));
    given.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Why a count is brought back that a schedule does not allow.
pub(super) fn outside(language: Language, bound: u32, below: bool, schedule: &Asked) -> String {
    let (cron, until) = (quoted(&schedule.cron), &schedule.until);
    if below {
        say!(
            language,
            "below the minimum of {bound}, which the schedule {cron} asks for until {until}",
            "por debajo del mínimo de {bound}, que pide el horario {cron} hasta las {until}"
        )
    } else {
        say!(
            language,
            "above the maximum of {bound}, which the schedule {cron} asks for until {until}",
            "por encima del máximo de {bound}, que pide el horario {cron} hasta las {until}"
        )
    }
}

/// The load asks for more than a maximum.
pub(super) fn at_maximum(language: Language, max: u32, schedule: Option<&Asked>) -> String {
    let workers = workers(max);
    let Some(Asked { cron, until }) = schedule else {
        return say!(
            language,
            "the load asks for more than the maximum of {workers}",
            "la carga pide más que el máximo de {workers}"
        );
    };
    let cron = quoted(cron);
    say!(
        language,
        "the load asks for more than the maximum of {workers}, which the schedule {cron} asks for until {until}",
        "la carga pide más que el máximo de {workers}, que pide el horario {cron} hasta las {until}"
    )
}

/// The line of a schedule that begins.
pub(super) fn begins(language: Language, unit: &str, schedule: &Schedule) -> String {
    let (bounds, Asked { cron, until }) = (bounds(schedule), schedule.asked());
    let cron = quoted(&cron);
    say!(
        language,
        "⏰ {unit}: {bounds} until {until}: the schedule {cron} is in force",
        "⏰ {unit}: {bounds} hasta las {until}: rige el horario {cron}"
    )
}

/// The line of one that has ended, with what holds now.
pub(super) fn ended(language: Language, unit: &str, cron: &str, Bounds { min, max }: Bounds) -> String {
    let cron = quoted(cron);
    say!(
        language,
        "⏰ {unit}: the schedule {cron} has ended: min {min}, max {max}",
        "⏰ {unit}: el horario {cron} ha terminado: min {min}, max {max}"
    )
}

/// What is wrong with an entry of `at`, or with a time zone.
pub(super) fn bad(language: Language, bad: &BadSchedule) -> String {
    match bad {
        BadSchedule::NoCron => say!(
            language,
            "this schedule lacks \"cron\": write when it begins, for example \"cron\": \"0 8 * * 1-5\" for 8:00 from Monday to Friday",
            "a este horario le falta \"cron\": escriba cuándo empieza, por ejemplo \"cron\": \"0 8 * * 1-5\" para las 8:00 de lunes a viernes"
        ),
        BadSchedule::Cron(bad) => bad_cron(language, *bad),
        BadSchedule::NoUntil => say!(
            language,
            "this schedule lacks \"until\": write the time of day at which it ends, for example \"until\": \"18:00\"",
            "a este horario le falta \"until\": escriba la hora a la que termina, por ejemplo \"until\": \"18:00\""
        ),
        BadSchedule::Until => say!(
            language,
            "\"until\" is no time of day: write hours and minutes from \"00:00\" to \"23:59\", for example \"18:00\"",
            "\"until\" no es una hora: escriba horas y minutos de \"00:00\" a \"23:59\", por ejemplo \"18:00\""
        ),
        BadSchedule::NoBound => say!(
            language,
            "this schedule changes nothing: write \"min_workers\", \"max_workers\" or both",
            "este horario no cambia nada: escriba \"min_workers\", \"max_workers\" o las dos"
        ),
        BadSchedule::AboveMaximum(min, max) => say!(
            language,
            "\"min_workers\" is {min}, above the project's \"max_workers\" which is {max}: write {max} or less, or \"max_workers\" beside it",
            "\"min_workers\" es {min}, más que \"max_workers\" del proyecto, que es {max}: escriba {max} o menos, o \"max_workers\" a su lado"
        ),
        BadSchedule::BelowMinimum(max, min) => say!(
            language,
            "\"max_workers\" is {max}, below the project's \"min_workers\" which is {min}: write {min} or more, or \"min_workers\" beside it",
            "\"max_workers\" es {max}, menos que \"min_workers\" del proyecto, que es {min}: escriba {min} o más, o \"min_workers\" a su lado"
        ),
        BadSchedule::Zone(Some(near)) => {
            let near = quoted(near);
            say!(
                language,
                "\"time_zone\" is no time zone that this host knows: did you mean {near}?",
                "\"time_zone\" no es una zona horaria que conozca esta máquina: ¿quería decir {near}?"
            )
        }
        BadSchedule::Zone(None) => say!(
            language,
            "\"time_zone\" is no time zone that this host knows: write one of `timedatectl list-timezones`, for example \"Europe/Madrid\"",
            "\"time_zone\" no es una zona horaria que conozca esta máquina: escriba una de `timedatectl list-timezones`, por ejemplo \"Europe/Madrid\""
        ),
        BadSchedule::NoZones => say!(
            language,
            "\"time_zone\" cannot be looked up, for there is no time zone in /usr/share/zoneinfo: install the package tzdata",
            "\"time_zone\" no se puede buscar, pues no hay ninguna zona horaria en /usr/share/zoneinfo: instale el paquete tzdata"
        ),
    }
}

fn bad_cron(language: Language, bad: BadCron) -> String {
    match bad {
        BadCron::Fields(count) => say!(
            language,
            "\"cron\" has {count} fields and needs five, minute, hour, day, month and weekday: write for example \"0 8 * * 1-5\" for 8:00 from Monday to Friday",
            "\"cron\" tiene {count} campos y le hacen falta cinco, minuto, hora, día, mes y día de la semana: escriba por ejemplo \"0 8 * * 1-5\" para las 8:00 de lunes a viernes"
        ),
        BadCron::Field(field) => {
            let (field, allowed) = cron_field(language, field);
            say!(
                language,
                "the {field} of \"cron\" cannot be read: write {allowed}, or `*`, or lists (`1,3`), rising ranges (`1-5`) and steps (`*/2`) of them",
                "{field} de \"cron\" no se entiende: escriba {allowed}, o `*`, o listas (`1,3`), rangos de menor a mayor (`1-5`) y pasos (`*/2`)"
            )
        }
        BadCron::Never => say!(
            language,
            "\"cron\" means a day that no month has, so it would never begin: change the day or the month",
            "\"cron\" indica un día que no tiene ningún mes, así que no empezaría nunca: cambie el día o el mes"
        ),
    }
}

/// Its name, and what may stand in it.
fn cron_field(language: Language, field: CronField) -> (String, String) {
    match field {
        CronField::Minute => (
            say!(language, "minute (the first field)", "el minuto (primer campo)"),
            say!(language, "a number from 0 to 59", "un número de 0 a 59"),
        ),
        CronField::Hour => (
            say!(language, "hour (the second field)", "la hora (segundo campo)"),
            say!(language, "a number from 0 to 23", "un número de 0 a 23"),
        ),
        CronField::Day => (
            say!(language, "day (the third field)", "el día (tercer campo)"),
            say!(language, "a number from 1 to 31", "un número de 1 a 31"),
        ),
        CronField::Month => (
            say!(language, "month (the fourth field)", "el mes (cuarto campo)"),
            say!(
                language,
                "a number from 1 to 12, or JAN to DEC",
                "un número de 1 a 12, o de JAN a DEC"
            ),
        ),
        CronField::Weekday => (
            say!(
                language,
                "weekday (the fifth field)",
                "el día de la semana (quinto campo)"
            ),
            say!(
                language,
                "a number from 0 to 7 (0 and 7 are Sunday), or SUN to SAT",
                "un número de 0 a 7 (0 y 7 son el domingo), o de SUN a SAT"
            ),
        ),
    }
}
