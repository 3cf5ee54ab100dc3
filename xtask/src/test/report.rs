//! The end of a run: what was skipped, and the sums.

use std::fmt;

use super::outcome::Outcome;

/// The sums over all stages.
#[derive(Debug, Default)]
pub(super) struct Report {
    passed: usize,
    failed: usize,
    /// What was skipped, and why.
    skipped: Vec<(String, String)>,
    /// What passed at the second try, or not then either.
    tried_twice: Vec<String>,
}

impl Report {
    /// Adds a stage.
    pub(super) fn add(&mut self, title: &str, outcome: Outcome) {
        match outcome {
            Outcome::Check { passed: true } => self.passed += 1,
            Outcome::Check { passed: false } => self.failed += 1,
            Outcome::Skipped(reason) => self.skipped.push((title.to_owned(), reason)),
            Outcome::Tests(tests) => {
                self.passed += tests.passed;
                self.failed += tests.failed;
                self.skipped.extend(tests.skipped);
                self.tried_twice.extend(tests.tried_twice);
            }
        }
    }

    /// Whether something ran and nothing failed.
    pub(super) fn is_good(&self) -> bool {
        self.failed == 0 && self.passed > 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f)?;
        for (name, reason) in &self.skipped {
            writeln!(f, "skipped: {name}: {reason}")?;
        }
        for line in &self.tried_twice {
            writeln!(f, "{line}")?;
        }
        let skipped = self.skipped.len();
        writeln!(
            f,
            "{} passed, {} failed, {skipped} skipped",
            self.passed, self.failed
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_holds_the_sums_over_all_stages() {
        let mut report = Report::default();
        report.add("format", Outcome::of_check(true));
        report.add("advisories", Outcome::Skipped("out of reach".to_owned()));
        let printed = "test x ... ignored\ntest result: ok. 7 passed; 0 failed; 1 ignored";
        report.add("unit", Outcome::of_tests(true, printed, true));
        assert!(report.is_good());
        let text = report.to_string();
        assert!(text.contains("skipped: advisories: out of reach\n"), "{text}");
        assert_eq!(text.lines().last(), Some("8 passed, 0 failed, 2 skipped"));
        let twice = "second try: probe on 6.1.0: passed";
        report.add(
            "guest",
            Outcome::of_scenarios(true, &format!("{twice}\n1 passed, 0 failed")),
        );
        assert!(report.to_string().contains(twice));
        report.add("lints", Outcome::of_check(false));
        assert!(!report.is_good());
    }
}
