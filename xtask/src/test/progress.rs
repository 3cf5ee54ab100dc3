//! What a stage is at, told while it runs: on a terminal in one line that is written over, elsewhere a line now and then.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// Between two lines where they stay.
const QUIET: Duration = Duration::from_secs(30);
/// Between two updates of a line that is written over.
const REFRESH: Duration = Duration::from_millis(200);

/// How far a stage has come, read from what its commands print.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Position {
    /// Packages that cargo has begun to compile.
    compiled: usize,
    /// Tests that the binaries begun so far hold.
    tests: usize,
    /// Tests that have ended.
    done: usize,
    /// The last line of a stage that says itself where it is.
    says: Option<String>,
}

impl Position {
    /// Takes a line of the stage's output.
    pub(super) fn read(&mut self, line: &str) {
        let words: Vec<_> = line.split_whitespace().take(4).collect();
        match words[..] {
            ["Compiling" | "Checking", _, ..] => self.compiled += 1,
            ["running", number, "tests" | "test"] => self.tests += number.parse().unwrap_or(0),
            ["test", _, "...", ..] => self.done += 1,
            _ if line.starts_with("  ") && (line.ends_with('…') || line.contains(" on ")) => {
                self.says = Some(line.trim().to_owned());
            }
            _ => {}
        }
    }

    fn words(&self) -> String {
        if let Some(says) = &self.says {
            return says.clone();
        }
        if self.tests > 0 {
            return format!("{} of {} tests", self.done, self.tests);
        }
        match self.compiled {
            0 => "begun".to_owned(),
            compiled => format!("compiling, {compiled} packages"),
        }
    }
}

/// The teller of one stage.
pub(super) struct Progress {
    title: String,
    begun: Instant,
    told: Instant,
    over: bool,
    last: String,
}

impl Progress {
    /// Begins to tell of the stage `title`.
    pub(super) fn of(title: &str) -> Self {
        let now = Instant::now();
        Self {
            title: title.to_owned(),
            begun: now,
            told: now,
            over: io::stdout().is_terminal(),
            last: String::new(),
        }
    }

    /// Tells where the stage is, unless that was told just now.
    pub(super) fn tell(&mut self, position: &Position) {
        let pause = if self.over { REFRESH } else { QUIET };
        if self.told.elapsed() < pause {
            return;
        }
        self.told = Instant::now();
        let text = format!(
            "{:<36} {}, {:.0} s",
            self.title,
            position.words(),
            self.begun.elapsed().as_secs_f64()
        );
        let mut out = io::stdout().lock();
        // A terminal that has gone is found out when the outcome is written.
        let _ = if self.over {
            let blank = " ".repeat(self.last.chars().count().saturating_sub(text.chars().count()));
            write!(out, "\r{text}{blank}").and_then(|()| out.flush())
        } else {
            writeln!(out, "{text}")
        };
        self.last = text;
    }

    /// Wipes the line that was written over, if there is one.
    pub(super) fn end(self) {
        if self.over && !self.last.is_empty() {
            print!("\r{}\r", " ".repeat(self.last.chars().count()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Position;

    fn after(lines: &[&str]) -> String {
        let mut position = Position::default();
        for line in lines {
            position.read(line);
        }
        position.words()
    }

    #[test]
    fn it_knows_compiling_from_testing_from_a_stage_that_says_it_itself() {
        assert_eq!(after(&[]), "begun");
        assert_eq!(
            after(&["   Compiling anyhow v1.0.104", "    Checking serde v1.0.0"]),
            "compiling, 2 packages"
        );
        let tests = [
            "running 3 tests",
            "test a::b ... ok",
            "running 1 test",
            "test c ... FAILED",
        ];
        assert_eq!(after(&tests), "2 of 4 tests");
        assert_eq!(after(&["booting", "  walkthrough …"]), "walkthrough …");
    }
}
