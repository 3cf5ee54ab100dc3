//! What there is to say of a project whose cgroup is looked at closely.

use ratatui::text::Line;

use crate::control::ProjectStatus;
use crate::model::CpuBasis;
use crate::top::model::{Model, ProjectRow, text};
use crate::top::view::detail::labelled;
use crate::top::view::told;

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
    for step in daemon.up.iter().chain(&daemon.down) {
        sentences.push(("next", text::clean(&step.words)));
    }
    sentences
}
