//! What a command finds by itself, without a daemon.

use crate::config::nearest;

/// The history has no such project.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the history has no project {project:?}: {}", advice(project, names))]
pub struct NotInHistory {
    /// The name that was given.
    pub project: String,
    /// Those that it has.
    pub names: Vec<String>,
}

fn advice(project: &str, names: &[String]) -> String {
    match names {
        [] => "it holds no project yet".to_owned(),
        names => nearest(project, names),
    }
}
