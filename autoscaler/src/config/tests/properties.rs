//! Properties: no text makes the parser panic, and what a valid text says is what the model holds.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use proptest::prelude::*;

use crate::config::parse;
use crate::model::{Bounds, Syntax, Wrong};

/// A made-up project: bounds, and thresholds that rise from `scale_up_{min + 1}` on with each a step.
#[derive(Debug, Clone)]
struct Made {
    bounds: Bounds,
    up: BTreeMap<u32, f64>,
    down: BTreeMap<u32, f64>,
    up_seconds: u32,
    per_worker_mib: u64,
}

prop_compose! {
    fn made()(min in 1_u32..20, span in 1_u32..20)(
        min in Just(min),
        max in Just(min + span),
        // Scale-up rungs lie above 50 %, scale-down rungs below: apart, whatever is drawn.
        up in proptest::collection::btree_set(min + 1..=min + span, 1..=span.min(8) as usize),
        down in proptest::collection::btree_set(min..min + span, 0..=span.min(8) as usize),
        quarter in 1_u32..=24,
        up_seconds in 0_u32..100_000,
        per_worker_mib in 1_u64..100_000,
    ) -> Made {
        let rise = |counts: std::collections::BTreeSet<u32>, base: f64| {
            let step = f64::from(quarter) / 4.0;
            counts.into_iter().zip(0_u32..).map(|(n, i)| (n, base + step * f64::from(i))).collect()
        };
        let bounds = Bounds { min, max };
        Made { bounds, up: rise(up, 52.5), down: rise(down, 1.25), up_seconds, per_worker_mib }
    }
}

fn write_text(projects: &BTreeMap<String, Made>, bare: bool) -> String {
    let mut text = String::from(if bare {
        "{ // bare\n"
    } else {
        "{ \"projects\": { /* all */\n"
    });
    for (name, made) in projects {
        let Bounds { min, max } = made.bounds;
        let minutes = f64::from(made.up_seconds) / 60.0;
        write!(
            text,
            "\"{name}\": {{ \"enabled\": true, \"min_workers\": {min}, \"max_workers\": {max}, "
        )
        .unwrap();
        write!(text, "\"memory_per_worker_mb\": {}, ", made.per_worker_mib).unwrap();
        write!(
            text,
            "\"cpu_duration_minutes\": {{ \"scale_up\": {minutes} }}, \"cpu_thresholds\": {{"
        )
        .unwrap();
        made.up
            .iter()
            .for_each(|(n, threshold)| write!(text, "\"scale_up_{n}\": {threshold},").unwrap());
        made.down
            .iter()
            .for_each(|(n, threshold)| write!(text, "\"scale_down_{n}\": {threshold},").unwrap());
        text.push_str("} },\n");
    }
    text.push_str(if bare { "}" } else { "} }" });
    text
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in ".*") {
        let _ = parse("x", &text);
    }

    #[test]
    fn no_sequence_of_tokens_makes_the_parser_panic(
        tokens in proptest::collection::vec(
            proptest::sample::select(vec![
                "{", "}", "[", "]", ",", ":", "\"", "'", "//", "/*", "*/", "\n", "\r", "\\", "\\u12", "\u{feff}", "é", "0",
                "-", "1e", "1e999", "0.", "-1", "07", "null", "true", "\"projects\":", "\"global\":", "\"web\":{",
                "\"cpu_thresholds\":{", "\"scale_up_2\":", "\"scale_down_2\":", "\"max_workers\":6", "\"queues\":[",
                "\"redis_url\":\"redis://", "\"cgroup\":\"..", "\"cpu_duration_minutes\":", "\"scale_up_99999999999\":1",
            ]),
            0..40,
        ),
    ) {
        let text = tokens.concat();
        if let Err(errors) = parse("x", &text) {
            prop_assert!(!errors.faults().is_empty());
            prop_assert!(errors.faults().iter().all(|fault| fault.line >= 1 && fault.column >= 1));
        }
    }

    #[test]
    fn what_a_valid_text_says_is_what_the_model_holds(
        projects in proptest::collection::btree_map("[a-z][a-z0-9_-]{0,12}", made(), 1..5),
        bare: bool,
    ) {
        // At the top of the bare layout these two words are layout.
        prop_assume!(!bare || !projects.contains_key("global") && !projects.contains_key("projects"));
        let text = write_text(&projects, bare);
        let config = match parse("x", &text) {
            Ok(loaded) => loaded.config,
            Err(errors) => return Err(TestCaseError::fail(format!("{errors}\n{text}"))),
        };
        prop_assert_eq!(config.projects.len(), projects.len());
        for (name, made) in &projects {
            let project = &config.projects[name];
            prop_assert_eq!(&project.service_name, &format!("{name}.service"));
            prop_assert_eq!(project.bounds, made.bounds);
            prop_assert_eq!(project.memory.per_worker_mib, made.per_worker_mib);
            let ladder = project.cpu.as_ref().unwrap();
            prop_assert_eq!(&ladder.up, &made.up);
            prop_assert_eq!(&ladder.down, &made.down);
            let difference = ladder.up_hold.abs_diff(Duration::from_secs(made.up_seconds.into()));
            prop_assert!(difference < Duration::from_micros(1), "{:?}", ladder.up_hold);
            prop_assert_eq!(ladder.down_hold, Duration::from_mins(15));
        }
    }

    #[test]
    fn a_password_never_comes_out_of_a_bad_file(
        before in "[a-z:/@#?% ]{0,12}",
        after in "[a-z0-9:/@#?% ]{0,12}",
        key in "redis_url|broker_url|redis_ur|queues|service_name|cgroup|actuator|enabled|min_workers|current_workers",
        broken in proptest::bool::ANY,
    ) {
        let end = if broken { "" } else { "}}" };
        let text = format!("{{\"web\": {{\"bogus\": 1,\n\"{key}\": \"redis://{before}HUNTER2{after}\"\n{end}");
        let errors = parse("x", &text).expect_err("it has no max_workers");
        prop_assert!(!format!("{errors} {errors:?}").contains("HUNTER2"), "{errors}");
    }
}

#[test]
fn deep_nesting_is_refused_without_overflow() {
    for open in ["[", "{\"a\":"] {
        let errors = parse("x", &open.repeat(100_000)).unwrap_err();
        assert!(
            matches!(errors.faults()[0].wrong, Wrong::Syntax(Syntax::Nested)),
            "{errors}"
        );
    }
}
