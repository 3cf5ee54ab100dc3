//! What there is to say of a project whose cgroup is looked at closely.

use std::time::Duration;

use ratatui::text::Line;

use crate::control::{ProjectStatus, RequestsStatus};
use crate::model::{CpuBasis, RequestFigures};
use crate::top::model::{Model, ProjectRow, text};
use crate::top::view::detail::labelled;
use crate::top::view::told;

/// Rows of a distribution.
const ROWS: usize = 8;

/// The longest bar of a distribution.
const BAR: u64 = 30;

/// Load and thresholds, and all that the daemon says: the sentences that the row of the project has no room for.
pub(super) fn lines(project: &ProjectRow, model: &Model) -> Vec<Line<'static>> {
    let mut lines = vec![load(project)];
    if let Some(daemon) = &project.daemon {
        lines.extend(
            sentences(daemon, model.unix_seconds())
                .into_iter()
                .map(|sentence| labelled(vec![sentence])),
        );
    }
    lines
}

fn load(project: &ProjectRow) -> Line<'static> {
    let workers = match &project.workers {
        Ok(count) => count.to_string(),
        Err(why) => text::clean(why),
    };
    let mut pairs = vec![
        ("project", project.name.clone()),
        (
            "workers",
            format!("{workers} ({}-{})", project.bounds.min, project.bounds.max),
        ),
    ];
    if let Some(load) = project.utilization {
        let basis = match project.basis {
            CpuBasis::Workers => "its workers",
            CpuBasis::Host => "the host",
        };
        pairs.push(("load", format!("{}% of {basis}", text::number(load))));
    }
    let percent = |threshold: f64| format!("{threshold}%");
    pairs.extend(
        project
            .down_below
            .map(|threshold| ("down below", percent(threshold))),
    );
    pairs.extend(project.up_above.map(|threshold| ("up above", percent(threshold))));
    labelled(pairs)
}

fn sentences(daemon: &ProjectStatus, now: i64) -> Vec<(&'static str, String)> {
    let mut sentences = Vec::new();
    let past = |told: &crate::control::DecisionStatus| {
        format!("{}, {}", told::ago(told.at, now), told::decision(told))
    };
    sentences.extend(
        daemon
            .order
            .as_ref()
            .map(|order| ("order", told::by_hand(order, now))),
    );
    sentences.extend(daemon.decision.as_ref().map(|told| ("last check", past(told))));
    if let Some(step) = &daemon.last_step
        && daemon
            .decision
            .as_ref()
            .is_none_or(|decision| decision.at != step.at)
    {
        sentences.push(("last step", past(step)));
    }
    if let Some(waiting) = daemon.queue {
        sentences.push(("queue", format!("{} waiting", text::count(waiting))));
    }
    if let Some(seen) = &daemon.requests {
        sentences.push(("requests", requests(seen)));
    }
    for step in daemon.up.iter().chain(&daemon.down) {
        sentences.push(("next", text::clean(&step.words)));
    }
    sentences
}

/// What the daemon saw of the requests at its last check.
fn requests(seen: &RequestsStatus) -> String {
    let slots = seen.slots.map(|slots| format!(" of {slots}")).unwrap_or_default();
    let wait = seen.wait_p95_seconds.map_or_else(
        || "–".to_owned(),
        |wait| text::time(Duration::from_secs_f64(wait)),
    );
    format!(
        "{}/s, {:.1}{slots} busy, {} waiting, p95 {wait}",
        text::number(seen.per_second),
        seen.busy,
        seen.waiting
    )
}

/// How long requests waited within the last interval.
pub(super) fn waits(figures: &RequestFigures) -> Vec<Line<'static>> {
    let rows = figures.waits.rows(ROWS);
    let most = rows.iter().map(|(.., count)| *count).max().unwrap_or(1);
    let line = |(from, to, count): &(Duration, Duration, u64)| {
        let bar = usize::try_from((count * BAR).div_ceil(most)).unwrap_or(0);
        labelled(vec![(
            "waited",
            format!(
                "{:>6} - {:<6} {:>6} {}",
                text::time(*from),
                text::time(*to),
                text::count(*count),
                "▇".repeat(bar)
            ),
        )])
    };
    rows.iter().map(line).collect()
}
