//! Gives every Python project on one Linux host the number of workers its own load needs.
//!
//! Data goes one way: [`observe`] → [`decide`] → [`act`] → [`report`], walked once a check by [`daemon`].
//! `decide` is pure: it imports only [`config`] and the snapshot types, so a year of checks can be
//! replayed in a test.

pub mod act;
pub mod check;
pub mod cli;
pub mod config;
pub mod control;
pub mod daemon;
pub mod decide;
pub mod history;
pub mod init;
pub mod metrics;
pub mod observe;
pub mod report;
pub mod simulate;
pub mod top;
