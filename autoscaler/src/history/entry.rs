//! What one check leaves to the store.

use std::sync::Arc;
use std::time::SystemTime;

use crate::model::{EventKind, Host, Look};
use crate::words::Bilingual;

/// One thing to keep.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// A check of all projects.
    Check(HostCheck),
    /// Something that happened to one project between checks.
    Event(Event),
}

/// One check of all projects.
#[derive(Debug, Clone, PartialEq)]
pub struct HostCheck {
    /// When.
    pub at: SystemTime,
    /// The host as a whole.
    pub host: Host,
    /// Each project.
    pub projects: Vec<Arc<Look>>,
}

/// Something that happened to one project between checks.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When.
    pub at: SystemTime,
    /// The project's name.
    pub project: String,
    /// What.
    pub kind: EventKind,
    /// More of it, for a reader: an error, a count.
    pub text: Bilingual,
}
