//! The keys that the parser knows beside those of the documents.

use std::collections::BTreeSet;

use crate::config::{budget, keys, metrics, promise, storage};

/// The reference of the keys.
const EXAMPLE: &str = include_str!("../../../../packaging/autoscaler.example.json");
const READMES: [&str; 2] = [
    include_str!("../../../../README.md"),
    include_str!("../../../../README.es.md"),
];

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
    keys::all()
        .chain(storage::KEYS.iter().copied())
        .chain(metrics::KEYS.iter().copied())
        .chain(budget::KEYS.iter().copied())
        .chain(promise::KEYS.iter().copied())
        .collect()
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

#[test]
fn both_readmes_have_every_key_of_a_project_and_name_the_same_keys() {
    let named = READMES.map(|readme| {
        known()
            .into_iter()
            .filter(|key| readme.contains(key))
            .collect::<BTreeSet<_>>()
    });
    let missing: Vec<_> = keys::of_projects()
        .iter()
        .filter(|key| !named[0].contains(*key))
        .collect();
    assert!(missing.is_empty(), "in no README: {missing:?}");
    assert_eq!(named[0], named[1], "README.md and README.es.md");
}
