//! Decisions carried out on real servers: every step arrives, nothing is stopped, no request fails.

mod bench;
mod boots;
mod interruptions;
mod refusals;
mod reused;
mod steps;
