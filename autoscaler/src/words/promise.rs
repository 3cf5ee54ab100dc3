//! How a promise about requests was kept.

use std::time::Duration;

use super::figures::{short, threshold};
use crate::model::{Kept, Language, Lately, Stretch};

/// From here on a stretch is told in days.
const IN_DAYS: Duration = Duration::from_hours(48);

const DAY: u64 = 24 * 60 * 60;

/// `over 100 ms: 0.6 % today, 0.9 % in 7 days of 1 % promised`.
#[must_use]
pub fn promise(language: Language, kept: &Kept) -> String {
    let wait = threshold(kept.promise.wait.as_secs_f64() * 1e3);
    let promised = threshold(kept.promise.percent);
    let Some(lately) = &kept.lately else {
        return say!(
            language,
            "over {wait} ms: no request seen yet, {promised} % promised",
            "más de {wait} ms: aún no se ha visto ninguna petición, {promised} % prometido"
        );
    };
    let lately = told(language, lately);
    say!(
        language,
        "over {wait} ms: {lately} of {promised} % promised",
        "más de {wait} ms: {lately} de un {promised} % prometido"
    )
}

/// Today and the week; where only a part of today is known, that part.
fn told(language: Language, Lately { today, week }: &Lately) -> String {
    if !today.whole {
        return over(language, week);
    }
    let share = share(language, today);
    let week = over(language, week);
    say!(language, "{share} today, {week}", "{share} hoy, {week}")
}

/// `0.9 % in 7 days`.
fn over(language: Language, stretch: &Stretch) -> String {
    let share = share(language, stretch);
    if stretch.whole {
        return say!(language, "{share} in 7 days", "{share} en 7 días");
    }
    if stretch.covered < IN_DAYS {
        let covered = short(stretch.covered);
        return say!(language, "{share} in {covered}", "{share} en {covered}");
    }
    let days = stretch.covered.as_secs() / DAY;
    say!(language, "{share} in {days} days", "{share} en {days} días")
}

/// `0.6 %`: finer where it is small, so that few late requests are not none.
fn share(language: Language, stretch: &Stretch) -> String {
    match stretch.requests.percent() {
        None => say!(language, "no requests", "sin peticiones"),
        Some(0.0) => "0 %".into(),
        Some(percent) if percent < 0.01 => "<0.01 %".into(),
        Some(percent) if percent < 0.095 => format!("{percent:.2} %"),
        Some(percent) if percent < 9.95 => format!("{percent:.1} %"),
        Some(percent) => format!("{percent:.0} %"),
    }
}
