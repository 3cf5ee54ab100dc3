//! The configuration that the demo's daemon runs with: the user's own ladder in shape, in seconds rather than
//! minutes.
//!
//! The rungs lie low so that a machine which has other work at the time still shows the walk. Alone beside
//! the neighbour, a worker that always has a request shows about 45 %, for it waits the rest of each request
//! as for a database; where six programs share each CPU, about 15 %.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Language;

/// The project's name.
pub(super) const PROJECT: &str = "demo";
/// `max_workers`; the project begins with one, its minimum.
pub(super) const MOST_WORKERS: u32 = 4;
/// `scale_up_N`: CPU above the percentage asks for N workers.
const UP: [(u32, u32); 3] = [(2, 12), (3, 14), (4, 16)];
/// `scale_down_K`: CPU below the percentage goes back towards K workers.
const DOWN: [(u32, u32); 2] = [(2, 10), (1, 4)];
/// Time between two checks.
const CHECK: Duration = Duration::from_secs(1);
/// How long a rung must be exceeded, and how long undercut.
const HELD_UP: Duration = Duration::from_secs(3);
const HELD_DOWN: Duration = Duration::from_secs(4);

/// Writes the configuration into the directory `home` and returns its file.
pub(super) fn write(home: &Path, cgroup: &Path, language: Language) -> Result<PathBuf> {
    fs::create_dir_all(home).with_context(|| format!("cannot make {}", home.display()))?;
    let file = home.join("config.json");
    let text = serde_json::to_string_pretty(&config(cgroup, language))?;
    fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    // The daemon refuses a configuration that others than root may write, whatever the umask here.
    let permissions = fs::Permissions::from_mode(0o644);
    fs::set_permissions(&file, permissions).with_context(|| format!("cannot protect {}", file.display()))?;
    Ok(file)
}

/// The configuration, for a project in the cgroup at `cgroup` (relative to the cgroup v2 mount).
fn config(cgroup: &Path, language: Language) -> Value {
    let mut rungs = serde_json::Map::new();
    for (workers, percent) in UP {
        rungs.insert(format!("scale_up_{workers}"), percent.into());
    }
    for (workers, percent) in DOWN {
        rungs.insert(format!("scale_down_{workers}"), percent.into());
    }
    let minutes = |time: Duration| time.as_secs_f64() / 60.0;
    json!({
        "global": {
            "check_interval_seconds": CHECK.as_secs(),
            "language": language.key(),
            // A machine of two CPUs may be full with the neighbour alone; the rule has tests of its own.
            "scale_up_on_saturated_host": true,
            // A fresh machine may be a small one, and the demo's workers take a few MiB each.
            "min_available_mb_per_worker": 16,
            "scale_down_min_available_mb": 16,
        },
        "projects": {
            PROJECT: {
                "enabled": true,
                "cgroup": cgroup,
                "min_workers": 1,
                "max_workers": MOST_WORKERS,
                "cpu_thresholds": rungs,
                "cpu_duration_minutes": { "scale_up": minutes(HELD_UP), "scale_down": minutes(HELD_DOWN) },
            },
        },
    })
}

/// The ladder in a sentence.
pub(super) fn in_words() -> String {
    let up: Vec<String> = UP
        .iter()
        .map(|(n, percent)| format!("{n} above {percent} %"))
        .collect();
    let down: Vec<String> = DOWN
        .iter()
        .map(|(k, percent)| format!("{k} below {percent} %"))
        .collect();
    format!(
        "workers: {} for {} s; back to {} for {} s",
        up.join(", "),
        HELD_UP.as_secs(),
        down.join(", to "),
        HELD_DOWN.as_secs(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_daemon_accepts_the_configuration() {
        let text = config(Path::new("demo"), Language::En).to_string();
        let loaded = autoscaler::config::parse("config.json", &text).unwrap();
        let project = &loaded.config.projects[PROJECT];
        let ladder = project.cpu.as_ref().unwrap();
        assert_eq!((ladder.up_hold, ladder.down_hold), (HELD_UP, HELD_DOWN));
        assert_eq!(ladder.next_up(1), Some((2, 12.0)));
        assert!(loaded.notices.is_empty(), "{:?}", loaded.notices);
    }
}
