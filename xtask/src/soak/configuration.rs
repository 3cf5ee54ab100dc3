//! The daemon's configuration, and the edits that somebody makes to it.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use tempfile::NamedTempFile;

use super::site::MOST;
use super::trace::SPEED;

/// Time between two checks unless configured, s.
pub(super) const INTERVAL: f64 = 120.0;

/// The configuration as it is on disk.
pub(super) struct Configuration {
    file: PathBuf,
    metrics: PathBuf,
    projects: Map<String, Value>,
    /// Edits so far.
    edits: usize,
}

/// What an edit does. All but the first come back with the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edit {
    /// As it was at first.
    Whole,
    /// A site may have one worker less.
    FewerAtMost,
    /// A project is not there.
    LeftOut,
    /// A project is watched and no more.
    Disabled,
    /// A typing error: the old one stays in force.
    Broken,
    /// The log is in Spanish.
    Spanish,
}

const EDITS: [Edit; 6] = [
    Edit::FewerAtMost,
    Edit::LeftOut,
    Edit::Broken,
    Edit::Disabled,
    Edit::Spanish,
    Edit::Whole,
];

impl Configuration {
    /// Writes the first one into `home`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn write(home: &Path, projects: Map<String, Value>) -> Result<Self> {
        let configuration = Self {
            file: home.join("config.json"),
            metrics: home.join("metrics.sock"),
            projects,
            edits: 0,
        };
        configuration.replace(&configuration.text(Edit::Whole, 0.0))?;
        Ok(configuration)
    }

    /// Its file.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// Makes the next edit, to a project by `chance`, from 0 to 1.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn edit(&mut self, chance: f64) -> Result<()> {
        let edit = EDITS[self.edits % EDITS.len()];
        self.edits += 1;
        self.replace(&self.text(edit, chance))
    }

    fn text(&self, edit: Edit, chance: f64) -> String {
        let mut projects = self.projects.clone();
        let names: Vec<String> = projects.keys().cloned().collect();
        let name = super::one_of(&names, chance).cloned().unwrap_or_default();
        match edit {
            Edit::FewerAtMost => {
                if projects[&name]["max_workers"] == MOST && projects[&name].get("policy").is_some() {
                    projects[&name]["max_workers"] = json!(MOST - 1);
                } else {
                    projects[&name]["memory_per_worker_mb"] = json!(501);
                }
            }
            Edit::LeftOut => {
                projects.remove(&name);
            }
            Edit::Disabled => projects[&name]["enabled"] = json!(false),
            Edit::Whole | Edit::Broken | Edit::Spanish => {}
        }
        let language = if edit == Edit::Spanish { "es" } else { "en" };
        let text = json!({
            "global": {
                "check_interval_seconds": INTERVAL / SPEED,
                "language": language,
                "metrics": { "listen": format!("unix:{}", self.metrics.display()) },
                // Small machines are welcome; the rules have tests of their own.
                "scale_up_on_saturated_host": true,
                "min_available_mb_per_worker": 16,
                "scale_down_min_available_mb": 16,
            },
            "projects": projects,
        });
        let text = text.to_string();
        match edit {
            Edit::Broken => text.replacen("\"max_workers\"", "\"max_worker\"", 1),
            _ => text,
        }
    }

    /// Puts a file in the place of the old one, whole, as editors do.
    fn replace(&self, text: &str) -> Result<()> {
        let folder = self.file.parent().context("a file without a folder")?;
        let mut new =
            NamedTempFile::new_in(folder).with_context(|| format!("cannot write in {}", folder.display()))?;
        new.write_all(text.as_bytes())?;
        // It holds a password.
        fs::set_permissions(new.path(), fs::Permissions::from_mode(0o600))?;
        new.persist(&self.file)
            .with_context(|| format!("cannot write {}", self.file.display()))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_daemon_accepts_each_edit_but_the_typing_error() {
        let home = tempfile::tempdir().unwrap();
        let ladder = json!({ "enabled": true, "max_workers": MOST, "cpu_thresholds": { "scale_up_2": 6.5 } });
        let promise = json!({ "enabled": true, "max_workers": MOST, "policy": "target" });
        let projects = Map::from_iter([("a".to_owned(), ladder), ("b".to_owned(), promise)]);
        let mut configuration = Configuration::write(home.path(), projects).unwrap();
        for chance in [0.0, 0.9] {
            for edit in EDITS {
                configuration.edit(chance).unwrap();
                let loaded = autoscaler::config::load(configuration.file());
                assert_eq!(loaded.is_ok(), edit != Edit::Broken, "{edit:?}: {loaded:?}");
                let language = edit == Edit::Spanish;
                let text = fs::read_to_string(configuration.file()).unwrap();
                assert_eq!(text.contains(r#""language":"es""#), language, "{edit:?}");
            }
        }
    }
}
