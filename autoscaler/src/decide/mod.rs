//! Pure policy: configuration, snapshot and what was held so far → [`Decision`]. No clock, no I/O.

mod decision;

pub use decision::{Action, Decision, Figures, Measure, Reason};
