//! The table of faults, and how a fault is shown.

use crate::config::parse;
use crate::model::Language;
use crate::words::{config_errors, wrong};

/// One case of the table.
struct Case<'t> {
    kind: &'t str,
    text: String,
    faults: Vec<&'t str>,
    spanish: Vec<&'t str>,
}

fn cases() -> Vec<Case<'static>> {
    let table = include_str!("../../../testdata/faults.txt");
    let blocks = table.split("\n=== ").skip(1);
    blocks
        .map(|block| {
            let mut lines = block.trim_end().lines();
            let kind = lines.next().unwrap();
            let (told, text): (Vec<_>, Vec<_>) =
                lines.partition(|line| line.starts_with("-> ") || line.starts_with("=> "));
            let told = |mark| told.iter().filter_map(move |line| line.strip_prefix(mark));
            Case {
                kind,
                text: text.join("\n"),
                faults: told("-> ").collect(),
                spanish: told("=> ").collect(),
            }
        })
        .collect()
}

#[test]
fn every_kind_of_fault_is_told_with_its_place_and_what_to_write() {
    let cases = cases();
    assert_eq!(cases.len(), 136, "cases in the table");
    for case in cases {
        let Case { kind, text, .. } = case;
        let errors = parse("config.json", &text).expect_err(kind);
        let told = errors.faults().iter().map(|fault| {
            format!(
                "{}:{}: {}",
                fault.line,
                fault.column,
                wrong(Language::En, &fault.wrong)
            )
        });
        assert_eq!(told.collect::<Vec<_>>(), case.faults, "{kind}:\n{text}");
        let spanish = errors.faults().iter();
        let spanish = spanish.map(|fault| wrong(Language::Es, &fault.wrong));
        assert_eq!(spanish.collect::<Vec<_>>(), case.spanish, "{kind}:\n{text}");
    }
}

#[test]
fn a_byte_order_mark_is_no_column() {
    let errors = parse("config.json", "\u{feff}[1]").unwrap_err();
    assert_eq!((errors.faults()[0].line, errors.faults()[0].column), (1, 1));
}

#[test]
fn an_empty_text_is_refused_at_its_beginning() {
    for text in ["", "\u{feff}", "\n\n"] {
        let errors = parse("config.json", text).unwrap_err();
        assert_eq!((errors.faults()[0].line, errors.faults()[0].column), (1, 1));
    }
}

#[test]
fn a_fault_is_shown_in_its_line_and_named_by_its_file() {
    let text =
        "{\"web\": {\n\t\"max_workers\": 0, \"tasks_per_worker\": 1,\n\"redis_url\": \"redis://:hunter2\"}}";
    let errors = parse("/etc/autoscaler/config.json", text).unwrap_err();
    let expected = "\
/etc/autoscaler/config.json:2:17: \"max_workers\" is 0: write a whole number from 1 to 1000
  | \t\"max_workers\": 0, \"tasks_per_worker\": 1,
  | \t               ^
/etc/autoscaler/config.json:3:14: \"redis_url\": this URL cannot be read: write for example redis://localhost:6379/0, \
with characters like # / ? @ of a password as %23 %2F %3F %40";
    assert_eq!(config_errors(Language::En, &errors), expected);
}
