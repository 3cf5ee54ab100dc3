//! The kernel programs' figures on the real kernel, against the kernel's own.

mod busy;
mod churn;
mod hierarchy;
pub(crate) mod measure;
mod room;
mod web;
