//! The keys that the parser knows beside those of the example.

use std::collections::BTreeSet;

use crate::config::keys;

/// Every key, explained in its place.
const EXAMPLE: &str = include_str!("../../../../packaging/autoscaler.example.json");
/// What stands in the example where a key could, and is none of a fixed name.
const NAMES: &[&str] = &[
    "backdipro",
    "celerycore",
    "global",
    "projects",
    "scale_down",
    "scale_up",
];

fn known() -> BTreeSet<&'static str> {
    let tables = [
        keys::GLOBAL,
        keys::RULES,
        keys::PROJECT,
        keys::HISTORY,
        keys::METRICS,
        keys::BUDGET,
        keys::PROCESS,
        keys::TARGET,
        keys::SCHEDULE,
    ];
    tables.into_iter().flat_map(keys::names).collect()
}

/// What stands in double quotes before a colon and a value, in comments too.
fn keys_in(text: &str) -> BTreeSet<&str> {
    let parts: Vec<&str> = text.split('"').collect();
    let pairs = parts.windows(2);
    pairs
        .filter(|pair| {
            let value = pair[1].strip_prefix(':').map(str::trim_start);
            let begins = |value: &str| {
                // Nothing: the value is a text, whose quote ends the part.
                value.is_empty()
                    || value.starts_with(['{', '['])
                    || value.starts_with(|c: char| c.is_ascii_digit())
                    || value.starts_with("true")
                    || value.starts_with("false")
            };
            value.is_some_and(begins)
        })
        .map(|pair| pair[0])
        .filter(|key| key.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        .filter(|key| !key.is_empty() && !NAMES.contains(key))
        .collect()
}

#[test]
fn the_example_has_every_key_that_is_known_and_no_other() {
    assert_eq!(keys_in(EXAMPLE), known());
}
