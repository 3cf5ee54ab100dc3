//! What a value is, and what it must be.

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
    /// A list of schedules.
    Schedules,
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
    /// Thousandths of a second.
    Milliseconds,
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
