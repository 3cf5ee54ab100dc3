//! What the person at the terminal sees and asks for: selection, order, search, pause. Changed by
//! [`Action`]s alone, so that every key can be tested without a terminal.

mod action;
mod keys;
mod state;

pub use action::Action;
pub use keys::{KEYS, KeyHelp, action_for};
pub use state::{Prompt, Screen, ScreenMode, Target};

#[cfg(test)]
mod tests;
