//! What the kernel's verifier did before it let the programs in, as the scenario `verifier` saw it.

use std::fmt::Write as _;

use super::verdict::Verdict;

/// The costs as a Markdown table; nothing where no scenario looked.
pub(super) fn table(verdicts: &[Verdict]) -> String {
    let mut text = String::new();
    for verdict in verdicts {
        for cost in &verdict.programs {
            if text.is_empty() {
                text.push_str("\n| kernel | program | instructions verified | known | load, ms |\n");
                text.push_str("| --- | --- | ---: | ---: | ---: |\n");
            }
            let known = cost
                .known
                .map_or_else(|| "-".to_owned(), |known| known.to_string());
            let load = cost
                .seconds
                .map_or_else(|| "-".to_owned(), |seconds| format!("{:.1}", seconds * 1000.0));
            let _ = writeln!(
                text,
                "| {} | `{}` | {} | {known} | {load} |",
                verdict.kernel, cost.program, cost.instructions
            );
        }
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::verdict::{Event, parse};
    use super::table;

    #[test]
    fn a_row_for_each_program_and_nothing_without_any() {
        let verdict = |programs: &str| {
            let line = format!(
                r#"{{"event":"verdict","scenario":"verifier","kernel":"6.1.0","sent":0,"failed":0,"signals":0,
                "detail":"","seconds":1,"result":"passed","programs":{programs}}}"#
            );
            match parse(&line) {
                Some(Event::Verdict(verdict)) => verdict,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(table(&[verdict("[]")]), "");
        let costs = r#"[{"program":"switched","instructions":73236,"known":70000,"seconds":0.1234},
            {"program":"new","instructions":7,"known":null,"seconds":null}]"#;
        let text = table(&[verdict(costs)]);
        assert!(
            text.contains("| 6.1.0 | `switched` | 73236 | 70000 | 123.4 |\n"),
            "{text}"
        );
        assert!(text.contains("| 6.1.0 | `new` | 7 | - | - |\n"), "{text}");
    }
}
