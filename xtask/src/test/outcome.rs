//! How a stage went, read from what it printed.

use std::collections::BTreeMap;
use std::fmt;

use crate::vm;

/// How a stage went.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// One check, passed or not.
    Check {
        /// Whether it passed.
        passed: bool,
    },
    /// Tests that counted themselves.
    Tests(Tests),
    /// It could not run here; with the reason.
    Skipped(String),
}

/// What `cargo test` printed, counted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tests {
    /// Tests that ran and passed.
    pub(super) passed: usize,
    /// Tests that failed; at least one if the stage failed in another way, such as by not compiling.
    pub(super) failed: usize,
    /// Tests that did not run, by name, with the reason.
    pub(super) skipped: BTreeMap<String, String>,
    /// Scenarios that were tried twice, a line each.
    pub(super) tried_twice: Vec<String>,
}

impl Outcome {
    /// A stage that is one check.
    pub(super) fn of_check(success: bool) -> Self {
        Self::Check { passed: success }
    }

    /// A stage of tests, from what they printed with `--show-output`. If it must have tests, none is a failure.
    pub(super) fn of_tests(success: bool, printed: &str, must_have_tests: bool) -> Self {
        let mut tests = count(printed);
        let none = must_have_tests && tests.passed + tests.failed + tests.skipped.len() == 0;
        if !success || none {
            tests.failed = tests.failed.max(1);
        }
        Self::Tests(tests)
    }

    /// A stage of scenarios in guests, from the sums that `cargo xtask vm` printed last.
    pub(super) fn of_scenarios(success: bool, printed: &str) -> Self {
        let sums = printed.lines().rev().find(|line| line.contains(" passed, "));
        let number = |word| sums.map_or(0, |sums| sum(sums, word));
        let mut tests = Tests {
            passed: number("passed"),
            failed: number("failed"),
            tried_twice: printed
                .lines()
                .filter(|line| line.starts_with(vm::SECOND_TRY))
                .map(str::to_owned)
                .collect(),
            ..Tests::default()
        };
        if !success || tests.passed == 0 {
            tests.failed = tests.failed.max(1);
        }
        Self::Tests(tests)
    }

    /// Whether nothing failed.
    pub(super) fn is_good(&self) -> bool {
        match self {
            Self::Check { passed } => *passed,
            Self::Tests(tests) => tests.failed == 0,
            Self::Skipped(_) => true,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Check { passed: true } => f.write_str("ok"),
            Self::Check { passed: false } => f.write_str("FAILED"),
            Self::Skipped(_) => f.write_str("skipped"),
            Self::Tests(tests) => {
                let word = if tests.failed == 0 { "ok" } else { "FAILED" };
                write!(f, "{word}, {} passed", tests.passed)?;
                if tests.failed > 0 {
                    write!(f, ", {} failed", tests.failed)?;
                }
                if !tests.skipped.is_empty() {
                    write!(f, ", {} skipped", tests.skipped.len())?;
                }
                Ok(())
            }
        }
    }
}

/// What a failed stage printed of its failure: of tests, what the failed ones printed; else all but what went well.
pub(super) fn failure(printed: &str) -> String {
    let mut failures = String::new();
    let mut inside = false;
    for line in printed.lines() {
        inside = line == "failures:" || inside && !line.starts_with("test result: ");
        if inside {
            failures.push_str(line);
            failures.push('\n');
        }
    }
    if failures.is_empty() {
        let begun = |line: &str| {
            ["   Compiling ", "    Checking ", "  Downloaded "]
                .iter()
                .any(|word| line.starts_with(word))
        };
        let lines: Vec<_> = printed.lines().filter(|line| !begun(line)).collect();
        failures = lines.join("\n");
    }
    failures.trim().to_owned()
}

/// Counts tests by the harness's own sums; skipped are those it ignores, and those that passed only because
/// they printed `skipped: REASON` and returned.
fn count(printed: &str) -> Tests {
    let mut tests = Tests::default();
    let mut gave_up = 0;
    let mut shown = None;
    for line in printed.lines() {
        if let Some(sums) = line.strip_prefix("test result: ") {
            tests.passed += sum(sums, "passed");
            tests.failed += sum(sums, "failed");
            shown = None;
        } else if let Some(name) = line
            .strip_prefix("---- ")
            .and_then(|l| l.strip_suffix(" stdout ----"))
        {
            shown = Some(name);
        } else if let Some((name, reason)) = ignored(line) {
            tests.skipped.insert(name.to_owned(), reason.to_owned());
        } else if let (Some(name), Some(reason)) = (shown, line.strip_prefix("skipped: ")) {
            tests.skipped.insert(name.to_owned(), reason.to_owned());
            gave_up += 1;
            shown = None;
        }
    }
    tests.passed = tests.passed.saturating_sub(gave_up);
    tests
}

/// The number before `word` in `ok. 12 passed; 0 failed; 1 ignored; …` or in `3 passed, 0 failed`.
fn sum(sums: &str, word: &str) -> usize {
    let mut words = sums.split([' ', ';', ',']).filter(|w| !w.is_empty());
    let mut before = words.next();
    words
        .find_map(|this| {
            let number = before.replace(this);
            (this == word).then_some(number?)
        })
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

/// The test and the reason of `test NAME ... ignored, REASON`.
fn ignored(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.strip_prefix("test ")?.split_once(" ... ignored")?;
    let reason = rest.strip_prefix(", ").unwrap_or("marked #[ignore]");
    Some((name, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "\
running 4 tests
test a::one ... ok
test a::two ... ok
test a::three ... ignored, takes an hour
test a::four ... ok

successes:

---- a::one stdout ----
hello
---- a::two stdout ----
skipped: it needs root


successes:
    a::four
    a::one
    a::two

test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s

running 2 tests
test b ... ok
test c ... FAILED

failures:

---- c stdout ----
assertion failed: skipped: this is no reason

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";

    #[test]
    fn counts_over_all_binaries_and_keeps_the_reasons() {
        let Outcome::Tests(tests) = Outcome::of_tests(false, PRINTED, true) else {
            panic!("tests are to be counted");
        };
        assert_eq!((tests.passed, tests.failed), (3, 1));
        let skipped: Vec<_> = tests
            .skipped
            .iter()
            .map(|(n, r)| (n.as_str(), r.as_str()))
            .collect();
        assert_eq!(
            skipped,
            [("a::three", "takes an hour"), ("a::two", "it needs root")]
        );
    }

    #[test]
    fn of_a_failure_the_failed_tests_are_told() {
        assert_eq!(
            failure(PRINTED),
            "failures:\n\n---- c stdout ----\nassertion failed: skipped: this is no reason"
        );
        let compiler = "   Compiling a v1.0.0\nerror[E0308]: mismatched types\n";
        assert_eq!(failure(compiler), "error[E0308]: mismatched types");
    }

    #[test]
    fn a_stage_that_does_not_compile_has_failed() {
        let outcome = Outcome::of_tests(false, "error[E0308]: mismatched types", true);
        assert!(!outcome.is_good());
        assert_eq!(outcome.to_string(), "FAILED, 0 passed, 1 failed");
    }

    #[test]
    fn no_test_at_all_is_a_failure_where_there_must_be_some() {
        let nothing = "running 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured";
        assert!(!Outcome::of_tests(true, nothing, true).is_good());
        assert!(Outcome::of_tests(true, nothing, false).is_good());
    }

    #[test]
    fn scenarios_count_by_the_guests_own_sums() {
        let printed = "booting\n| probe | 6.1.0 | passed |\n2 passed, 0 failed\n";
        let good = Outcome::of_scenarios(true, printed);
        assert_eq!(good.to_string(), "ok, 2 passed");
        let bad = Outcome::of_scenarios(false, "1 passed, 2 failed\nError: 2 scenario(s) failed");
        assert_eq!(bad.to_string(), "FAILED, 1 passed, 2 failed");
        assert!(!Outcome::of_scenarios(true, "").is_good(), "none ran");
    }

    #[test]
    fn a_scenario_that_passed_at_the_second_try_is_told() {
        let line = "second try: probe on 6.1.0: passed (second try; the first: not within 5 s)";
        let Outcome::Tests(tests) = Outcome::of_scenarios(true, &format!("{line}\n1 passed, 0 failed\n"))
        else {
            panic!("scenarios are counted");
        };
        assert_eq!((tests.passed, tests.tried_twice), (1, vec![line.to_owned()]));
    }
}
