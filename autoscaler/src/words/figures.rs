//! Numbers, names and times as they stand in a sentence.

use std::time::Duration;

use crate::model::{Figures, Language, RequestSummary, meant};

/// `45s`, `3m00s`, `1h05m`: the same in both languages.
pub(super) fn short(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 if duration.subsec_millis() >= 50 && seconds < 10 => format!("{:.1}s", duration.as_secs_f64()),
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// A name or a value between double quotes, as JSON writes it: what may hold anything cannot break a line.
#[must_use]
pub fn quoted(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}

/// Names in quotes, with `between` between them.
#[must_use]
pub fn all_quoted(names: &[String], between: &str) -> String {
    let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    names.join(between)
}

/// Pids, one after the other.
pub(super) fn numbers(numbers: &[u32]) -> String {
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    numbers.join(", ")
}

/// Names, one after the other.
pub(super) fn names(language: Language, names: &[String]) -> String {
    match names {
        [] => say!(language, "none", "ninguno"),
        names => names.join(", "),
    }
}

/// Advice on a project that is none of `known`: the nearest one, or all.
#[must_use]
pub fn nearest(language: Language, name: &str, known: &[String]) -> String {
    match (meant(name, known).map(quoted), known) {
        (Some(near), _) => say!(language, "did you mean {near}?", "¿quería decir {near}?"),
        (None, []) => say!(
            language,
            "the configuration has none",
            "la configuración no tiene ninguno"
        ),
        (None, known) => {
            let known = known.join(", ");
            say!(language, "there are: {known}", "existen: {known}")
        }
    }
}

/// `1 worker`, `3 workers`: the user's own word in both languages.
pub(super) fn workers(count: u32) -> String {
    if count == 1 {
        "1 worker".to_owned()
    } else {
        format!("{count} workers")
    }
}

/// The same of a count that the history keeps as a text.
pub(super) fn counted(text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), workers)
}

/// A threshold as the operator wrote it: `75`, `62.5`.
pub(super) fn threshold(value: f64) -> String {
    format!("{value}")
}

/// What is not known.
pub(super) fn unknown(language: Language) -> String {
    say!(language, "n/a", "n/d")
}

/// The figures as they stand at the head of a line: `Cola=120 CPU=75.2% Mem=12000MB`.
pub(super) fn head(language: Language, figures: &Figures) -> String {
    let queue = figures.queue.map(|waiting| {
        // Younger than a second says nothing: it has only just been seen.
        let oldest = figures.oldest_waiting.filter(|oldest| oldest.as_secs() > 0);
        let oldest = oldest.map(short);
        let reserved = figures.reserved.filter(|reserved| *reserved > 0);
        [
            Some(say!(language, "Queue={waiting} ", "Cola={waiting} ")),
            reserved.map(|reserved| say!(language, "Reserved={reserved} ", "Reservadas={reserved} ")),
            oldest.map(|oldest| say!(language, "Oldest={oldest} ", "Antigua={oldest} ")),
        ]
    });
    let queue: String = queue.into_iter().flatten().flatten().collect();
    let cpu = figures
        .cpu_percent
        .map_or_else(|| unknown(language), |percent| format!("{percent:.1}%"));
    let requests = figures
        .requests
        .map(|seen| requests(language, &seen))
        .unwrap_or_default();
    format!(
        "{queue}CPU={cpu} Mem={}MB{requests}",
        figures.memory_available_mib
    )
}

/// The same of requests: ` Busy=3.8/4 Wait=480ms`.
fn requests(language: Language, seen: &RequestSummary) -> String {
    let busy = match seen.slots {
        Some(slots) => format!("{:.1}/{slots}", seen.busy),
        None => format!("{:.1}", seen.busy),
    };
    let wait = seen.wait_p95.unwrap_or_default().as_millis();
    say!(
        language,
        " Busy={busy} Wait={wait}ms",
        " Ocupados={busy} Espera={wait}ms"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_met_with_the_name_that_was_meant_and_anything_else_with_all() {
        let known = ["backdipro", "frontend"].map(str::to_owned);
        let said = |name, known| [Language::En, Language::Es].map(|language| nearest(language, name, known));
        assert_eq!(
            said("backdirpo", &known),
            ["did you mean \"backdipro\"?", "¿quería decir \"backdipro\"?"]
        );
        assert_eq!(
            said("mail", &known),
            ["there are: backdipro, frontend", "existen: backdipro, frontend"]
        );
        assert_eq!(
            said("mail", &[]),
            ["the configuration has none", "la configuración no tiene ninguno"]
        );
    }

    #[test]
    fn each_size_has_its_own_form() {
        for (millis, text) in [
            (0, "0s"),
            (1_500, "1.5s"),
            (45_900, "45s"),
            (180_000, "3m00s"),
            (3_900_000, "1h05m"),
        ] {
            assert_eq!(short(Duration::from_millis(millis)), text);
        }
    }
}
