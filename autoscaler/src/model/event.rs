//! What happens between checks.

/// What happened between checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// A step was taken and seen; the text is the worker count that it left.
    Scaled,
    /// A step failed; the text is the error.
    StepFailed,
    /// The rest of a way was no longer wanted; the text is the worker count that was reached.
    StepWithdrawn,
    /// Somebody asked for something by hand; the text says who and what.
    ByHand,
}

impl EventKind {
    /// The kind's name, in the store and for machines. Stable across releases.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Scaled => "scaled",
            Self::StepFailed => "step_failed",
            Self::StepWithdrawn => "step_withdrawn",
            Self::ByHand => "by_hand",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        [Self::Scaled, Self::StepFailed, Self::StepWithdrawn, Self::ByHand]
            .into_iter()
            .find(|kind| kind.code() == code)
    }
}
