//! The policy against hosts that exist only here.

mod bench;
mod examples;
mod properties;
mod rules;
