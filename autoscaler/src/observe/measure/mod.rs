//! What is measured of a project beside its CPU, which every look reads.

pub mod busy;
pub mod celery;
pub mod queue;
mod watched;

pub(crate) use watched::{Looked, Watched};
