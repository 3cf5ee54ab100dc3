//! What an operator orders by hand.

use serde::{Deserialize, Serialize};

/// An order in force at this check. When it ends is the caller's business: there is no clock here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Leave the workers as they are.
    Pause,
    /// Have this many workers, as far as the bounds allow.
    Scale(u32),
}
