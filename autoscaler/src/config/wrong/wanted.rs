//! What a value is, and what it must be.

use std::fmt;

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Json {
    /// `"…"`.
    Text,
    /// `3.5`.
    Number,
    /// `true`, `false`.
    Boolean,
    /// `{ … }`.
    Object,
    /// `[ … ]`.
    List,
    /// `null`.
    Null,
}

/// What a value must be.
#[derive(Debug, Clone, PartialEq)]
pub enum Wanted {
    /// An object like this example.
    Object(&'static str),
    /// The names of queues.
    Queues,
    /// kombu's `priority_steps`.
    PrioritySteps,
    /// Text.
    Text,
    /// True or false.
    Boolean,
    /// A whole number from the first to the second.
    Whole(u64, u64, Unit),
    /// A number from the first to the second.
    Number(f64, f64, Unit),
}

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Nothing that needs a word.
    None,
    /// Hundredths.
    Percent,
    /// Tasks that wait.
    Tasks,
    /// Seconds.
    Seconds,
    /// Minutes.
    Minutes,
    /// Days.
    Days,
    /// MiB, as the keys call them.
    Megabytes,
}

impl Wanted {
    /// Whether it stands without quotes.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        matches!(self, Self::Boolean | Self::Whole(..) | Self::Number(..))
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Number => "a number",
            Self::Boolean => "true or false",
            Self::Object => "an object",
            Self::List => "a list",
            Self::Null => "null",
        })
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(example) => write!(f, "an object: write {example}"),
            Self::Queues => f.write_str(r#"a list: write their names, for example ["celery"]"#),
            Self::PrioritySteps => {
                f.write_str(r#"a list: write the application's "priority_steps", for example [0, 3, 6, 9]"#)
            }
            Self::Text => f.write_str("text in double quotes"),
            Self::Boolean => f.write_str("true or false"),
            Self::Whole(low, high, unit) => write!(f, "a whole number from {low} to {high}{unit}"),
            Self::Number(low, high, unit) => write!(f, "a number from {low} to {high}{unit}"),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "",
            Self::Percent => " percent",
            Self::Tasks => " waiting tasks",
            Self::Seconds => " seconds",
            Self::Minutes => " minutes",
            Self::Days => " days",
            Self::Megabytes => " MB",
        })
    }
}
