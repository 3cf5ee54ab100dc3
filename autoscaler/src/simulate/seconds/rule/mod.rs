//! The rules that are compared, each as people run it: with its own defaults, at its own pace.

mod fixed;
mod hpa;
mod knative;
mod ladder;
mod oracle;
mod square_root;
mod target;
mod window;

use std::time::Duration;

use serde::Serialize;

pub(super) use target::Target;

use super::{Second, Setting};
use crate::model::{Bounds, Project};

/// What a rule is told of the second that has passed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Seen {
    /// What it showed.
    pub(super) second: Second,
    /// Workers, with those that boot.
    pub(super) workers: u32,
    /// CPU time that they used, CPU-seconds.
    pub(super) cpu: f64,
    /// The demand of the second to come, busy workers. For a rule that [`Rule::is_clairvoyant`] alone.
    pub(super) coming: f64,
}

/// A rule that says, second by second, how many workers there shall be.
pub(super) trait Rule: Send {
    /// Workers from now on.
    fn next(&mut self, seen: &Seen) -> u32;

    /// A schedule has the project be within these bounds from now on. Other rules than ours know none.
    fn bound(&mut self, _bounds: Bounds) {}

    /// Whether it knows what no rule can know, and its workers need no boot.
    fn is_clairvoyant(&self) -> bool {
        false
    }
}

/// A rule by its name, with its one knob.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(into = "String")]
pub enum Policy {
    /// The rule that keeps a promise about waiting.
    Target,
    /// The project's own ladders.
    Ladder,
    /// Kubernetes, aiming at this CPU, percent.
    Hpa(f64),
    /// Knative, aiming at this share of one request in flight, percent.
    Knative(f64),
    /// The square-root rule with this factor.
    SquareRoot(f64),
    /// So many workers.
    Fixed(u32),
    /// Knows the rate, and puts up with this share of late requests, percent.
    Oracle(f64),
}

/// Percent that Knative aims at by default.
const KNATIVE_PERCENT: f64 = 70.0;

impl Policy {
    /// The policy of this name, such as `hpa:70`. `None` where there is none.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let (rule, knob) = match name.split_once(':') {
            Some((rule, knob)) => (rule, Some(knob.parse::<f64>().ok()?)),
            None => (name, None),
        };
        let percent = |knob: f64| (1.0..=100.0).contains(&knob).then_some(knob);
        match (rule, knob) {
            ("target", None) => Some(Self::Target),
            ("ladder", None) => Some(Self::Ladder),
            ("hpa", Some(knob)) => percent(knob).map(Self::Hpa),
            ("knative", knob) => percent(knob.unwrap_or(KNATIVE_PERCENT)).map(Self::Knative),
            ("sqrt", Some(knob)) if (0.0..=100.0).contains(&knob) => Some(Self::SquareRoot(knob)),
            ("fixed", Some(knob)) if knob >= 1.0 && knob.fract() == 0.0 && knob <= 1000.0 => {
                Some(Self::Fixed(whole(knob)))
            }
            ("oracle", Some(knob)) if knob > 0.0 && knob <= 100.0 => Some(Self::Oracle(knob)),
            _ => None,
        }
    }

    /// Its name, as it is written.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Target => "target".into(),
            Self::Ladder => "ladder".into(),
            Self::Hpa(percent) => format!("hpa:{}", rounded(percent)),
            Self::Knative(percent) => format!("knative:{}", rounded(percent)),
            Self::SquareRoot(factor) => format!("sqrt:{}", rounded(factor)),
            Self::Fixed(workers) => format!("fixed:{workers}"),
            Self::Oracle(percent) => format!("oracle:{}", rounded(percent)),
        }
    }

    /// Whether it is one of the daemon's own, which follow schedules.
    pub(super) fn is_ours(self) -> bool {
        matches!(self, Self::Target | Self::Ladder)
    }

    /// Workers at the beginning.
    pub(super) fn first(self, project: &Project) -> u32 {
        match self {
            Self::Fixed(workers) => workers,
            _ => project.bounds.min,
        }
    }

    /// The rule at work on one service.
    pub(super) fn rule(self, project: &Project, setting: &Setting) -> Box<dyn Rule> {
        let bounds = project.bounds;
        match self {
            Self::Target => Box::new(Target::new(setting.promise, bounds, setting.boot.as_secs_f64())),
            Self::Ladder => Box::new(ladder::Ladder::new(project, setting.check_interval.as_secs_f64())),
            Self::Hpa(percent) => Box::new(hpa::Hpa::new(bounds, percent)),
            Self::Knative(percent) => Box::new(knative::Knative::new(bounds, percent)),
            Self::SquareRoot(factor) => Box::new(square_root::SquareRoot::new(bounds, factor)),
            Self::Fixed(workers) => Box::new(fixed::Fixed(workers)),
            Self::Oracle(percent) => {
                let wait = ratio(setting.promise.wait, setting.traffic.service);
                Box::new(oracle::Oracle::new(bounds, wait, percent / 100.0))
            }
        }
    }
}

impl From<Policy> for String {
    fn from(policy: Policy) -> Self {
        policy.name()
    }
}

fn ratio(of: Duration, to: Duration) -> f64 {
    of.as_secs_f64() / to.as_secs_f64()
}

/// With three figures, for a name.
fn rounded(knob: f64) -> f64 {
    let unit = 10_f64.powi(2 - whole_log(knob));
    (knob * unit).round() / unit
}

fn whole_log(knob: f64) -> i32 {
    (-6..6)
        .rev()
        .find(|power| knob >= 10_f64.powi(*power))
        .unwrap_or(-6)
}

/// A count of workers; what is too many is the most there can be.
fn whole(workers: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates"
    )]
    let whole = workers as u32;
    whole
}
