//! What is measured of a project beside its CPU, which every look reads.

pub mod celery;
pub mod queue;
