//! A recorded load through the very policy the daemon runs, beside other rules: what each costs in
//! worker-hours, and what demand it leaves unmet.
//!
//! [`Trace`] (a CSV) → [`Demand`] (CPUs wanted, cut into checks) → [`replay`] of a [`policy`] over a
//! [`Service`] → [`Score`]. No clock and no host is read: the same input gives the same figures anywhere.

mod change;
mod compare;
mod demand;
mod lateness;
pub mod picture;
pub mod policy;
mod replay;
mod schedule;
mod score;
pub mod seconds;
mod service;
mod suggest;
mod table;
mod timestamp;
mod told;
mod trace;
mod words;

pub use change::{ChangeError, change};
pub use compare::{Comparison, Run, compare};
pub use demand::{Demand, DemandError, Gaps, Piece, Scale, Summary};
pub use replay::{Check, replay};
pub use schedule::follows_schedules;
pub use score::{Score, Tally};
pub use service::{Served, Service, Work};
pub use suggest::{Suggestion, suggest};
pub use table::table;
pub use timestamp::{format as format_timestamp, parse as parse_timestamp};
pub use told::{change_error, demand_error, trace_error};
pub use trace::{Heading, LineFault, Trace, TraceError};
pub use words::words;

#[cfg(test)]
mod tests;
