//! What the guest says on its second serial port, one JSON object a line, and the table made of it.

use std::fmt::Write as _;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One line of the guest.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Event {
    /// A scenario begins.
    Start {
        /// Its name.
        scenario: String,
        /// Seconds after which the guest itself gives it up.
        deadline: u64,
    },
    /// A scenario has ended.
    Verdict(Verdict),
}

/// How a scenario ended on one kernel.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(super) struct Verdict {
    /// The scenario.
    pub(super) scenario: String,
    /// The kernel's release.
    pub(super) kernel: String,
    /// Requests that its load sent.
    pub(super) sent: u64,
    /// Requests without a complete answer of status 200.
    pub(super) failed: u64,
    /// TTIN and TTOU that the masters of the projects got from the daemon.
    pub(super) signals: u64,
    /// `passed`, or `failed`.
    pub(super) result: String,
    /// What failed, or a figure worth showing.
    pub(super) detail: String,
    /// How long it took, in seconds.
    pub(super) seconds: f64,
    /// Whether the guest ended before the scenario did.
    #[serde(skip)]
    pub(super) lost: bool,
}

impl Verdict {
    /// The verdict over a scenario that the guest did not live to give.
    pub(super) fn lost(scenario: &str, kernel: &str, why: &str, after: Duration) -> Self {
        Self {
            scenario: scenario.to_owned(),
            kernel: kernel.to_owned(),
            sent: 0,
            failed: 0,
            signals: 0,
            result: "failed".to_owned(),
            detail: why.to_owned(),
            seconds: after.as_secs_f64(),
            lost: true,
        }
    }

    pub(super) fn passed(&self) -> bool {
        self.result == "passed"
    }
}

/// The line's event; `None` for a line that is not one (an echo, a line cut off by the guest's end).
pub(super) fn parse(line: &str) -> Option<Event> {
    serde_json::from_str(line.trim()).ok()
}

/// The verdicts as a Markdown table.
pub(super) fn table(verdicts: &[Verdict]) -> String {
    let mut text = String::from(
        "| scenario | kernel | sent | failed | signals | seconds | result |\n\
         | --- | --- | ---: | ---: | ---: | ---: | --- |\n",
    );
    for v in verdicts {
        let result = if v.detail.is_empty() {
            v.result.clone()
        } else {
            format!("{}: {}", v.result, v.detail.replace('\n', " ").replace('|', "/"))
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {:.0} | {result} |",
            v.scenario, v.kernel, v.sent, v.failed, v.signals, v.seconds
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Event, parse, table};

    #[test]
    fn a_verdict_line_becomes_a_row() {
        let line =
            r#"{"event":"verdict","scenario":"probe","kernel":"6.1.0","sent":10,"failed":0,"signals":2,
            "result":"passed","detail":"","seconds":12.4}"#
                .replace('\n', "");
        let Some(Event::Verdict(verdict)) = parse(&line) else {
            panic!("not a verdict: {line}");
        };
        assert!(verdict.passed());
        assert!(table(&[verdict]).ends_with("| probe | 6.1.0 | 10 | 0 | 2 | 12 | passed |\n"));
    }

    #[test]
    fn noise_on_the_port_is_no_event() {
        assert!(parse("[  OK  ] Reached target").is_none());
        assert!(parse(r#"{"event":"verdict","scenario":"cut"#).is_none());
    }
}
