//! What the operator asked for: text → validated [`Config`], with line and column in every error.

mod broker;
mod diff;
mod errors;
mod fields;
mod file;
mod keys;
mod ladder;
mod meant;
mod metrics;
mod names;
mod nearest;
mod notice;
mod parse;
mod project;
mod rules;
mod stated;
mod storage;
mod syntax;
mod trust;
mod watch;
mod wrong;

pub use diff::Changes;
pub use errors::{ConfigErrors, Fault};
pub use file::{DEFAULT_PATH, LoadError, load, read};
pub use nearest::meant;
pub use notice::Notice;
pub use parse::{Loaded, parse};
pub use stated::stated_language;
pub use trust::Distrust;
pub use watch::{Change, Watch};
pub use wrong::{BadBroker, BadName, BadUrl, Json, Of, Syntax, Unit, Wanted, Wrong};

#[cfg(test)]
mod tests;
