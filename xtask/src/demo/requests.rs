//! `cargo xtask demo requests`: the same load on two sites that wait for their database. By its CPU the one is idle while
//! people wait; the other follows its busy workers.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use super::Language;
use super::sites::{self, FEWEST, Show, SiteRecord, SiteRules};
use super::verdict::Point;

/// What people of the site that is scaled by its CPU wait for at least, s.
const LATE: f64 = 5.0;

/// Runs the demo.
///
/// # Errors
/// As [`sites::run`].
pub(super) fn run(gunicorn: &str, language: Language) -> Result<()> {
    sites::run(&show(), gunicorn, language)
}

fn show() -> Show {
    let hold = json!({ "scale_up": 0.03, "scale_down": 0.1 });
    Show {
        title: "autoscaler demo: workers that wait for a database, by CPU and by how many are busy",
        sites: vec![
            SiteRules {
                name: "by_cpu",
                told: "up above 65 and 75 % CPU".to_owned(),
                rules: json!({
                    "requests": true,
                    "cpu_thresholds": { "scale_up_4": 65, "scale_up_8": 75, "scale_down_4": 45, "scale_down_2": 35 },
                    "cpu_duration_minutes": hold,
                }),
            },
            SiteRules {
                name: "by_busy",
                told: "up where 60 and 75 % of the workers are busy".to_owned(),
                rules: json!({
                    "busy_thresholds": { "scale_up_4": 60, "scale_up_8": 75, "scale_down_4": 45, "scale_down_2": 30 },
                    "busy_duration_minutes": hold,
                }),
            },
        ],
        course: vec![
            (1, Duration::from_secs(8)),
            (6, Duration::from_secs(20)),
            (2, Duration::from_secs(25)),
        ],
        judge,
    }
}

fn judge(seen: &[SiteRecord]) -> Vec<Point> {
    let [cpu, busy] = seen else { return Vec::new() };
    let p99 = [cpu, busy].map(SiteRecord::p99_of_all);
    let failed = cpu.failed() + busy.failed();
    vec![
        Point {
            good: cpu.most == FEWEST && p99[0] > LATE,
            text: format!(
                "by CPU ({:.0} % at most): {} workers all the time, up to {} requests waiting, p99 {:.1} s",
                cpu.cpu, cpu.most, cpu.waiting, p99[0]
            ),
        },
        Point {
            good: busy.most > 5 && busy.last < busy.most && p99[1] < p99[0] / 2.0,
            text: format!(
                "by busy workers: from {FEWEST} to {} and back to {}, up to {} requests waiting, p99 {:.1} s",
                busy.most, busy.last, busy.waiting, p99[1]
            ),
        },
        Point {
            good: failed == 0 && cpu.answered() > 0 && busy.answered() > 0,
            text: format!(
                "{} and {} requests answered, {failed} failed",
                cpu.answered(),
                busy.answered()
            ),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_daemon_accepts_its_rules() {
        sites::accepted(&show());
    }
}
