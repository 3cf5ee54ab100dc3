//! A fixed number of workers: what every service has without an autoscaler.

use super::Policy;
use crate::simulate::Served;

/// Always this many workers.
#[derive(Debug, Clone, Copy)]
pub struct Fixed(pub u32);

impl Policy for Fixed {
    fn first(&self) -> u32 {
        self.0
    }

    fn next(&mut self, _workers: u32, _served: &Served) -> u32 {
        self.0
    }
}
