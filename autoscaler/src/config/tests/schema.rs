//! The table of keys held against the parser and the schema: what they say of a key is the same. That the schema takes what the
//! parser takes is another test's, with a validator (`cargo test -p autoscaler-tests --test together schema`).

use std::collections::BTreeSet;

use crate::config::key::{Key, Kind, Number, Threshold, Whole, Without};
use crate::config::{keys, parse, schema};
use crate::model::{Language, Wanted, Wrong};

#[test]
fn the_schema_and_the_parser_know_the_same_keys() {
    let schema = schema(Language::En);
    for (place, tables) in [
        ("global", [keys::GLOBAL, keys::RULES]),
        ("project", [keys::PROJECT, keys::RULES]),
    ] {
        let in_schema = schema["$defs"][place]["properties"].as_object().unwrap();
        let known = tables.iter().flat_map(|table| keys::names(table));
        let known: BTreeSet<_> = known.chain(keys::EARLIER_TOOL.iter().copied()).collect();
        assert_eq!(
            in_schema.keys().map(String::as_str).collect::<BTreeSet<_>>(),
            known
        );
    }
}

/// A table of keys, and configurations with `KEY` where one of it can stand.
fn tables() -> Vec<(&'static [Key], Vec<String>)> {
    let project = |rest: &str| format!(r#"{{ "projects": {{ "web": {{ {rest} }} }} }}"#);
    let ladder = r#""max_workers": 6, "cpu_thresholds": { "scale_up_2": 60 }"#;
    let queue = r#""max_workers": 6, "queue_thresholds": { "scale_up_2": 60 }"#;
    let promise = r#""max_workers": 6, "policy": "target""#;
    let broker = r#""broker_url": "amqp://h""#;
    let projects = vec![
        project(&format!("{ladder}, KEY")),
        project(&format!("{promise}, KEY")),
        project(&format!("{queue}, {broker}, KEY")),
        project(&format!("{queue}, KEY")),
        project(&format!("\"max_workers\": 6, {broker}, KEY")),
        project(r#""max_workers": 6, KEY"#),
        project(r#""cpu_thresholds": { "scale_up_2": 60 }, KEY"#),
    ];
    let global = vec![r#"{ "global": { KEY } }"#.to_owned()];
    let inside = |key: &str| format!(r#"{{ "global": {{ "{key}": {{ KEY }} }} }}"#);
    let listening = r#"{ "global": { "metrics": { "listen": "127.0.0.1:1", KEY } } }"#.to_owned();
    // Without the project's own maximum, whose key an entry has, too.
    let at = |rest: &str, entry: &str| project(&format!(r#"{rest}"at": [{{ {entry}, KEY }}]"#));
    let schedules = vec![
        at("", r#""cron": "0 8 * * *", "until": "18:00""#),
        at(&format!("{ladder}, "), r#""min_workers": 2, "until": "18:00""#),
        at(&format!("{ladder}, "), r#""min_workers": 2, "cron": "0 8 * * *""#),
    ];
    vec![
        (keys::RULES, [&global[..], &projects[..]].concat()),
        (keys::GLOBAL, global),
        (keys::PROJECT, projects),
        (keys::HISTORY, vec![inside("history")]),
        (keys::METRICS, vec![inside("metrics"), listening]),
        (keys::BUDGET, vec![inside("budget")]),
        (keys::SCHEDULE, schedules),
        (
            keys::PROCESS,
            vec![project(&format!("{ladder}, \"process\": {{ KEY }}"))],
        ),
        (
            keys::TARGET,
            vec![project(&format!("{promise}, \"target\": {{ KEY }}"))],
        ),
    ]
}

/// Every key, each with the configurations in which it can stand and does not yet.
fn every_key() -> impl Iterator<Item = (&'static Key, Vec<String>)> {
    tables().into_iter().flat_map(|(table, texts)| {
        table.iter().map(move |key| {
            let written = format!("\"{}\":", key.name);
            let texts = texts.iter().filter(|text| !text.contains(&written));
            (key, texts.cloned().collect())
        })
    })
}

/// What these texts are refused for with `value` behind the key.
fn faults_with(key: &Key, texts: &[String], value: &str) -> Vec<Wrong> {
    let written = format!("\"{}\": {value}", key.name);
    let faults = |text: &String| match parse("config.json", &text.replace("KEY", &written)) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.faults().iter().map(|fault| fault.wrong.clone()).collect(),
    };
    texts.iter().flat_map(faults).collect()
}

/// A value that a key of this kind cannot have.
fn misplaced(kind: &Kind) -> &'static str {
    match kind {
        Kind::Whole(_) | Kind::Number(_) => "1e300",
        Kind::Rungs(_) => r#"{ "scale_up_2": 1e300 }"#,
        Kind::Hold(_) => r#"{ "scale_up": 1e300 }"#,
        Kind::Choice(_) => "\"hunter2\"",
        Kind::Boolean
        | Kind::Text(_)
        | Kind::Names
        | Kind::Wholes(..)
        | Kind::Object(_)
        | Kind::Objects(_) => "12",
    }
}

/// Whether the parser refuses that value with the very bounds and words that the table has.
fn is_as_the_table_says(key: &Key, wrong: &Wrong) -> bool {
    let whole = |Whole { least, most, unit }| Wanted::Whole(least, most, unit);
    let number = |Number { least, most, unit }| Wanted::Number(least, most, unit);
    match (key.kind, wrong) {
        (Kind::Whole(allowed), Wrong::Range(name, _, wanted)) => {
            name == key.name && *wanted == whole(allowed)
        }
        (Kind::Number(allowed), Wrong::Range(name, _, wanted)) => {
            name == key.name && *wanted == number(allowed)
        }
        (Kind::Rungs(Threshold::Whole(allowed)), Wrong::Range(_, _, wanted)) => *wanted == whole(allowed),
        (Kind::Rungs(Threshold::Number(allowed)) | Kind::Hold(allowed), Wrong::Range(_, _, wanted)) => {
            *wanted == number(allowed)
        }
        (Kind::Choice(words), Wrong::Choice(name, known)) => name == key.name && known == words,
        (
            Kind::Boolean
            | Kind::Text(_)
            | Kind::Names
            | Kind::Wholes(..)
            | Kind::Object(_)
            | Kind::Objects(_),
            Wrong::Type(name, ..),
        ) => name == key.name,
        _ => false,
    }
}

#[test]
fn the_parser_has_the_bounds_and_the_words_of_the_table() {
    for (key, texts) in every_key() {
        let faults = faults_with(key, &texts, misplaced(&key.kind));
        assert!(
            faults.iter().any(|wrong| is_as_the_table_says(key, wrong)),
            "{}: {faults:?}",
            key.name
        );
    }
}

/// A value that is said to be the default changes nothing where it is written down, and without a key that is
/// needed nothing is loaded.
#[test]
fn a_default_is_what_holds_without_the_key() {
    for (key, texts) in every_key() {
        let (mut compared, mut refused) = (0, 0);
        for text in texts {
            let without = parse("config.json", &text.replace(", KEY", "").replace("KEY", ""));
            let Without::Value(default) = key.without else {
                let needs = matches!(key.without, Without::Refused);
                refused += usize::from(needs && without.is_err());
                continue;
            };
            let with = parse(
                "config.json",
                &text.replace("KEY", &format!("\"{}\": {default}", key.name)),
            );
            if let (Ok(with), Ok(without)) = (with, without) {
                assert_eq!(with.config, without.config, "{}: {default}", key.name);
                compared += 1;
            }
        }
        match key.without {
            Without::Value(_) => assert!(compared > 0, "{} stands nowhere", key.name),
            Without::Refused => assert!(refused > 0, "{} is not needed", key.name),
            Without::Told(_) => {}
        }
    }
}

#[test]
fn both_languages_say_what_each_key_is_for() {
    for (key, _) in every_key() {
        let [english, spanish] = [Language::En, Language::Es].map(|language| key.about(language));
        assert_ne!(english, spanish, "{}", key.name);
        for about in [english, spanish] {
            assert!(about.ends_with('.'), "{}: {about}", key.name);
        }
    }
}
