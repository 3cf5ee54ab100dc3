//! The policy against hosts that exist only here.

mod bench;
mod between;
mod boots;
mod examples;
mod orders;
mod outlook;
mod promised;
mod properties;
mod reloads;
mod rules;
