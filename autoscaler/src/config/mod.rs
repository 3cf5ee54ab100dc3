//! What the operator asked for: text → validated [`Config`], with line and column in every error.

mod broker;
mod budget;
mod errors;
mod fields;
mod file;
mod key;
mod keys;
mod ladder;
mod meant;
mod metrics;
mod names;
mod parse;
mod process;
mod project;
mod promise;
mod requests;
mod rules;
mod schedule;
mod schema;
mod stated;
mod storage;
mod syntax;
mod target;
mod time_zone;
mod trust;
mod watch;

pub use file::{load, read};
pub use key::{Key, Kind, Number, Threshold, Whole, Without};
pub use keys::keys;
pub use parse::{Loaded, parse};
pub use schema::schema;
pub use stated::stated_language;
pub use watch::{Change, Watch};

#[cfg(test)]
mod tests;
