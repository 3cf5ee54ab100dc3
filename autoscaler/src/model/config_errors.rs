//! What is wrong with a configuration text: every fault at once, each with its place and what to write instead.

use super::Wrong;

/// Everything that is wrong with one configuration file, in the order of the text. Never empty.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigErrors {
    file: String,
    faults: Vec<Fault>,
}

/// One fault of a configuration text.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong and what to write instead.
    pub wrong: Wrong,
    /// The line with a caret below the column; `None` where the line may hold a password or would not help.
    pub excerpt: Option<String>,
}

impl ConfigErrors {
    /// The faults that were found in `file`, in the order of the text.
    #[must_use]
    pub fn new(file: &str, faults: Vec<Fault>) -> Self {
        Self {
            file: file.to_owned(),
            faults,
        }
    }

    /// The file as it was named when it was read.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The faults in the order of the text.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }
}

told_by_words!(ConfigErrors);

impl Fault {
    /// `words` about this fault behind its place in `file`, and the line it is in below them.
    #[must_use]
    pub fn placed(&self, file: &str, words: &str) -> String {
        let Self {
            line,
            column,
            excerpt,
            ..
        } = self;
        let excerpt = excerpt.iter().map(|excerpt| format!("\n{excerpt}"));
        format!("{file}:{line}:{column}: {words}{}", excerpt.collect::<String>())
    }
}
