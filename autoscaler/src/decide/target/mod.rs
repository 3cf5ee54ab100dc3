//! The policy that keeps a promise about waiting.

mod rule;

pub use rule::{Room, Rule, Seen, SeenRequests, Wish};
