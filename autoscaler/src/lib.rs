//! Gives every Python project on one Linux host the number of workers its own load needs.
//!
//! Data goes one way: [`observe`] → [`decide`] → [`act`] → [`report`], walked by [`daemon`]. What the rooms hand to each
//! other is in [`model`], which imports nothing of ours; `decide` imports nothing else, so that a year of checks can be
//! replayed in a test. [`words`] has the sentences for all of them,
//! in English and Spanish. ARCHITECTURE.md has the whole map.

/// Makes an error of types that `words` tells: it may go through `?`. Its Display is for programmers alone, in a panic
/// or a test; no operator ever reads it.
macro_rules! told_by_words {
    ($($error:ty),+ $(,)?) => {$(
        impl std::fmt::Display for $error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(self, f)
            }
        }

        impl std::error::Error for $error {}
    )+};
}

pub mod act;
pub mod check;
pub mod cli;
pub mod config;
pub mod control;
pub mod daemon;
pub mod decide;
pub mod export;
pub mod history;
pub mod host;
pub mod http;
pub mod init;
pub mod keda;
pub mod metrics;
pub mod model;
pub mod observe;
pub mod picture;
pub mod report;
pub mod simulate;
pub mod top;
pub mod words;
