//! What has been said of each project, so that it is said once.

use std::collections::HashMap;

/// The last thing said, by project and topic.
#[derive(Debug, Default)]
pub(super) struct Said(HashMap<(String, &'static str), String>);

impl Said {
    /// Whether `what` differs from what was last said; it is what was last said from now on.
    pub(super) fn is_new(&mut self, project: &str, topic: &'static str, what: &str) -> bool {
        let before = self.0.insert((project.to_owned(), topic), what.to_owned());
        before.as_deref() != Some(what)
    }

    /// Whether what was last said under a topic begins like this.
    pub(super) fn begins(&self, project: &str, topic: &'static str, with: &str) -> bool {
        self.0
            .get(&(project.to_owned(), topic))
            .is_some_and(|said| said.starts_with(with))
    }

    /// Ends a topic; whether anything had been said under it.
    pub(super) fn over(&mut self, project: &str, topic: &'static str) -> bool {
        self.0.remove(&(project.to_owned(), topic)).is_some()
    }

    /// Forgets projects that `keep` does not want.
    pub(super) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.0.retain(|(project, _), _| keep(project));
    }
}
