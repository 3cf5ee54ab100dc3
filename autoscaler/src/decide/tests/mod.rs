//! The policy against hosts that exist only here.

pub(in crate::decide) mod bench;
mod between;
mod boots;
mod budget;
mod examples;
mod orders;
mod outlook;
mod properties;
mod reloads;
mod requests;
mod rules;
mod schedules;
mod wanted;
