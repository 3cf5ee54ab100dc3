//! Gives every Python project on one Linux host the number of workers its own load needs.
//!
//! Data goes one way: [`observe`] → [`decide`] → [`act`] → [`report`], walked by [`daemon`]. What the rooms hand to each
//! other is in [`model`], which imports nothing of ours; `decide` imports nothing else, so that a year of checks can be
//! replayed in a test. ARCHITECTURE.md has the whole map.

pub mod act;
pub mod check;
pub mod cli;
pub mod config;
pub mod control;
pub mod daemon;
pub mod decide;
pub mod history;
pub mod host;
pub mod init;
pub mod metrics;
pub mod model;
pub mod observe;
pub mod picture;
pub mod report;
pub mod simulate;
pub mod top;
