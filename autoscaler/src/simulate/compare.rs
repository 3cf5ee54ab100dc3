//! Our policy beside the others, over the same demand.

use std::ops::ControlFlow;

use serde::Serialize;

use super::policy::{Celery, Fixed, Hpa, Ours, Policy};
use super::{Check, Demand, Score, Service, Suggestion, Tally, replay};
use crate::model::Project;

/// One policy's replay.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Run {
    /// The policy's name for machines. Stable across releases.
    pub policy: &'static str,
    /// The policy's name for people.
    #[serde(skip)]
    pub label: String,
    /// Its figures.
    #[serde(flatten)]
    pub score: Score,
    /// Every check, where they were asked for.
    #[serde(skip)]
    pub checks: Vec<Check>,
}

/// All policies over one demand; ours first.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Comparison {
    /// The replays.
    pub runs: Vec<Run>,
}

/// Replays every policy within the project's bounds. `keep_checks` keeps every check, for a picture.
#[must_use]
pub fn compare(demand: &Demand, project: &Project, service: Service, keep_checks: bool) -> Comparison {
    let bounds = project.bounds;
    let policies: [(&'static str, String, Box<dyn Policy>); 5] = [
        (
            "autoscaler",
            "autoscaler".into(),
            Box::new(Ours::new(project, service)),
        ),
        ("hpa", "Kubernetes HPA rule".into(), Box::new(Hpa::new(bounds))),
        (
            "celery",
            "Celery --autoscale".into(),
            Box::new(Celery::new(bounds)),
        ),
        (
            "fixed_min",
            format!("fixed, {}", bounds.min),
            Box::new(Fixed(bounds.min)),
        ),
        (
            "fixed_max",
            format!("fixed, {}", bounds.max),
            Box::new(Fixed(bounds.max)),
        ),
    ];
    let runs = policies
        .into_iter()
        .map(|(name, label, mut policy)| {
            let mut run = run(demand, service, policy.as_mut(), keep_checks);
            (run.policy, run.label) = (name, label);
            run
        })
        .collect();
    Comparison { runs }
}

impl Comparison {
    /// Sets our policy with the suggested values below our policy as it is.
    pub fn insert_suggestion(&mut self, suggestion: &Suggestion) {
        let run = Run {
            policy: "suggestion",
            label: "autoscaler, suggested".into(),
            score: suggestion.score,
            checks: Vec::new(),
        };
        self.runs.insert(1.min(self.runs.len()), run);
    }
}

fn run(demand: &Demand, service: Service, policy: &mut dyn Policy, keep_checks: bool) -> Run {
    let mut tally = Tally::default();
    let mut checks = Vec::with_capacity(if keep_checks { demand.checks() } else { 0 });
    replay(demand, service, policy, |check| {
        tally.add(check);
        if keep_checks {
            checks.push(*check);
        }
        ControlFlow::Continue(())
    });
    Run {
        policy: "",
        label: String::new(),
        score: tally.score(),
        checks,
    }
}
