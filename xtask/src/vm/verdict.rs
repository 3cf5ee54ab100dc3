//! What the guest says on its second serial port, one JSON object a line, and the table made of it.

use std::fmt::Write as _;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What each line of [`second_tries`] begins with.
pub(crate) const SECOND_TRY: &str = "second try: ";

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
    /// What loading each of the kernel programs took, where the scenario looked.
    #[serde(default)]
    pub(super) programs: Vec<Cost>,
    /// Whether nothing was wrong but that something waited for did not come in time.
    #[serde(default)]
    pub(super) late: bool,
    /// Whether the guest ended before the scenario did.
    #[serde(skip)]
    pub(super) lost: bool,
    /// What the try before this one ended with.
    #[serde(skip)]
    pub(super) first_try: Option<String>,
}

/// What loading one of the kernel programs took.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(super) struct Cost {
    /// Its name.
    pub(super) program: String,
    /// Instructions that the verifier went through (`verified_insns`, include/uapi/linux/bpf.h; 0 before 5.16).
    pub(super) instructions: u64,
    /// What tests/guest/verifier.json has for it.
    pub(super) known: Option<u64>,
    /// How long the system call that loads it took, on the guest's CPU.
    pub(super) seconds: Option<f64>,
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
            programs: Vec::new(),
            late: false,
            lost: true,
            first_try: None,
        }
    }

    pub(super) fn passed(&self) -> bool {
        self.result == "passed"
    }

    /// Whether a crowded machine can have been the cause: never where something was wrong, such as a request that failed.
    pub(super) fn deserves_another(&self) -> bool {
        !self.passed() && (self.lost || self.late) && self.first_try.is_none()
    }

    /// The result in words, on one line.
    fn words(&self) -> String {
        let mut words = self.result.clone();
        if !self.detail.is_empty() {
            let _ = write!(words, ": {}", self.detail);
        }
        if let Some(first) = &self.first_try {
            let _ = write!(words, " (second try; the first: {first})");
        }
        words.replace('\n', " ")
    }
}

/// A line for each scenario that was tried twice: a run that ends well by that is to say so.
pub(super) fn second_tries(verdicts: &[Verdict]) -> String {
    let twice = verdicts.iter().filter(|v| v.first_try.is_some());
    twice.fold(String::new(), |mut text, v| {
        let _ = writeln!(text, "{SECOND_TRY}{} on {}: {}", v.scenario, v.kernel, v.words());
        text
    })
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
        let result = v.words().replace('|', "/");
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
    use super::{Event, Verdict, parse, second_tries, table};

    fn verdict(result: &str, more: &str) -> Verdict {
        let judged = r#""event":"verdict","scenario":"probe","kernel":"6.1.0""#;
        let counted = r#""sent":10,"failed":0,"signals":2,"detail":"","seconds":12.4"#;
        let line = format!(r#"{{{judged},{counted},"result":"{result}"{more}}}"#);
        match parse(&line) {
            Some(Event::Verdict(verdict)) => verdict,
            other => panic!("not a verdict: {line}: {other:?}"),
        }
    }

    #[test]
    fn only_what_came_late_is_tried_again_and_only_once() {
        assert!(!verdict("passed", "").deserves_another());
        assert!(!verdict("failed", "").deserves_another());
        assert!(!verdict("failed", r#","late":false"#).deserves_another());
        let mut late = verdict("failed", r#","late":true"#);
        assert!(late.deserves_another());
        late.first_try = Some("not within 5 s".to_owned());
        assert!(!late.deserves_another());
    }

    #[test]
    fn a_second_try_is_told() {
        let mut passed = verdict("passed", "");
        assert_eq!(second_tries(std::slice::from_ref(&passed)), "");
        passed.first_try = Some("not within 5 s".to_owned());
        let said = "passed (second try; the first: not within 5 s)";
        assert_eq!(
            second_tries(std::slice::from_ref(&passed)),
            format!("second try: probe on 6.1.0: {said}\n")
        );
        assert!(table(&[passed]).contains(said));
    }

    #[test]
    fn a_verdict_line_becomes_a_row() {
        let verdict = verdict("passed", "");
        assert!(verdict.passed());
        assert!(table(&[verdict]).ends_with("| probe | 6.1.0 | 10 | 0 | 2 | 12 | passed |\n"));
    }

    #[test]
    fn noise_on_the_port_is_no_event() {
        assert!(parse("[  OK  ] Reached target").is_none());
        assert!(parse(r#"{"event":"verdict","scenario":"cut"#).is_none());
    }
}
