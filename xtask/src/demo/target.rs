//! `cargo xtask demo target`: the same load on three sites that wait for their database: one scaled by its CPU, one by
//! thresholds over its busy workers, and one that keeps a promise about waiting.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use super::Language;
use super::sites::{self, FEWEST, SERVICE, Show, SiteRecord, SiteRules};
use super::verdict::Point;

/// Parts of the course: the seconds after the load has jumped, the rest of it, and the calm after it.
const JUMP: usize = 1;
const SETTLED: usize = 2;
const CALM: usize = 3;

/// Once the workers are there, 99 of 100 wait no longer than this beside their service, s.
const SOON: f64 = 0.5;

/// Runs the demo.
///
/// # Errors
/// As [`sites::run`].
pub(super) fn run(gunicorn: &str, language: Language) -> Result<()> {
    sites::run(&show(), gunicorn, language)
}

fn show() -> Show {
    Show {
        title: "autoscaler demo: a promise about waiting, beside thresholds over busy workers and 75 % CPU",
        sites: vec![
            SiteRules {
                name: "by_cpu",
                told: "up above 75 % CPU".to_owned(),
                rules: json!({
                    "requests": true,
                    "cpu_thresholds": { "scale_up_4": 75, "scale_up_8": 75, "scale_down_4": 45, "scale_down_2": 35 },
                    "cpu_duration_minutes": { "scale_up": 0.03, "scale_down": 0.5 },
                }),
            },
            SiteRules {
                name: "by_ladder",
                told: "up where 60 and 75 % of the workers are busy for 15 s".to_owned(),
                rules: json!({
                    "busy_thresholds": { "scale_up_4": 60, "scale_up_8": 75, "scale_down_4": 45, "scale_down_2": 30 },
                    "busy_duration_minutes": { "scale_up": 0.25, "scale_down": 0.5 },
                }),
            },
            SiteRules {
                name: "promised",
                told: "at most 1 % of the requests wait over 100 ms".to_owned(),
                rules: json!({ "policy": "target" }),
            },
        ],
        course: vec![
            (1, Duration::from_secs(20)),
            (6, Duration::from_secs(10)),
            (6, Duration::from_secs(25)),
            (2, Duration::from_secs(150)),
        ],
        judge,
    }
}

fn judge(seen: &[SiteRecord]) -> Vec<Point> {
    let [cpu, ladder, promised] = seen else {
        return Vec::new();
    };
    let told = |site: &SiteRecord| {
        format!(
            "from {FEWEST} to {} and back to {}, up to {} waiting; p99 {:.2} s in the 10 s after the jump, {:.2} s after that, \
             {:.2} s in the calm; {:.1} worker-minutes",
            site.most,
            site.last,
            site.waiting,
            site.p99([JUMP]),
            site.p99([SETTLED]),
            site.p99([CALM]),
            site.worker_time.as_secs_f64() / 60.0
        )
    };
    let soon = SERVICE.as_secs_f64() + SOON;
    let failed: u64 = seen.iter().map(SiteRecord::failed).sum();
    let answered: Vec<String> = seen.iter().map(|site| site.answered().to_string()).collect();
    vec![
        Point {
            good: cpu.most == FEWEST && cpu.p99([SETTLED]) > 5.0,
            text: format!("by CPU: {}", told(cpu)),
        },
        Point {
            good: ladder.most > 5,
            text: format!("by ladder: {}", told(ladder)),
        },
        Point {
            good: promised.most > 6
                && promised.last < promised.most
                && promised.p99([JUMP]) < ladder.p99([JUMP])
                && promised.p99([SETTLED]) < soon
                && promised.p99([CALM]) < soon,
            text: format!("promised: {}", told(promised)),
        },
        Point {
            good: failed == 0 && seen.iter().all(|site| site.answered() > 0),
            text: format!("{} requests answered, {failed} failed", answered.join(", ")),
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
