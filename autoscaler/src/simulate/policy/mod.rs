//! The rules that are compared: ours, and those that people know.

mod celery;
mod fixed;
mod hpa;
mod ours;

pub use celery::Celery;
pub use fixed::Fixed;
pub use hpa::Hpa;
pub use ours::{Look, Ours};

use super::Served;

/// A rule that says, check by check, how many workers there shall be.
pub trait Policy {
    /// The interval to come begins at `seconds` since 1970.
    fn follow(&mut self, _seconds: f64) {}

    /// Workers at the beginning.
    fn first(&self) -> u32;

    /// Workers from now on, after an interval in which `workers` of them did `served`.
    fn next(&mut self, workers: u32, served: &Served) -> u32;
}
