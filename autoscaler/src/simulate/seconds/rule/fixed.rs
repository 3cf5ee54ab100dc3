//! A fixed number of workers: what every service has without an autoscaler.

use super::{Rule, Seen};

/// Always this many workers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fixed(pub(super) u32);

impl Rule for Fixed {
    fn next(&mut self, _seen: &Seen) -> u32 {
        self.0
    }
}
