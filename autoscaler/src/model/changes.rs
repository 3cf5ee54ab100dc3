//! What a new configuration changes, for the log.

use crate::model::Config;

/// The difference between two configurations, by project name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// Projects that only the new one has.
    pub added: Vec<String>,
    /// Projects that only the old one had.
    pub removed: Vec<String>,
    /// Projects that both have, with any setting different: their own, or a rule they take from `global`.
    pub changed: Vec<String>,
    /// Whether a setting of `global` that is no project's is different: the check interval, the language, the history,
    /// the metrics.
    pub global: bool,
}

impl Changes {
    /// Whether nothing is different.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Config {
    /// What this configuration changes over `old`. Names are in alphabetical order.
    #[must_use]
    pub fn changes_since(&self, old: &Self) -> Changes {
        let mut changes = Changes {
            global: self.global != old.global,
            ..Changes::default()
        };
        for (name, project) in &self.projects {
            match old.projects.get(name) {
                None => changes.added.push(name.clone()),
                Some(before) if before != project => changes.changed.push(name.clone()),
                Some(_) => {}
            }
        }
        let removed = old
            .projects
            .keys()
            .filter(|name| !self.projects.contains_key(*name));
        changes.removed = removed.cloned().collect();
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    fn config(text: &str) -> Config {
        parse("test", text).unwrap().config
    }

    #[test]
    fn each_kind_of_change_is_listed() {
        let old = config(
            r#"{"a": {"max_workers": 3, "cpu_thresholds": {"scale_up_2": 60}},
                "b": {"max_workers": 3, "cpu_thresholds": {"scale_up_2": 60}}}"#,
        );
        let new = config(
            r#"{"global": {"language": "en"}, "projects": {
                "c": {"max_workers": 3, "cpu_thresholds": {"scale_up_2": 60}},
                "b": {"max_workers": 4, "cpu_thresholds": {"scale_up_2": 60}}}}"#,
        );
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let expected = Changes {
            added: names(&["c"]),
            removed: names(&["a"]),
            changed: names(&["b"]),
            global: true,
        };
        assert_eq!(new.changes_since(&old), expected);
        assert!(new.changes_since(&new).is_empty());
    }

    #[test]
    fn a_rule_in_global_changes_the_projects_that_take_it() {
        let project = r#"{"max_workers": 3, "cpu_thresholds": {"scale_up_2": 60}}"#;
        let old = config(&format!(r#"{{"a": {project}}}"#));
        let new = config(&format!(
            r#"{{"global": {{"memory_base_mb": 64}}, "projects": {{"a": {project}}}}}"#
        ));
        assert_eq!(new.changes_since(&old).changed, ["a"]);
    }
}
