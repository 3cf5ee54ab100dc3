//! The thresholds between which a project's worker count stays.

use std::collections::BTreeMap;

use super::{Measure, Project};

/// By measure, the thresholds that the next step lies at, with the workers of the moment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Thresholds(BTreeMap<Measure, Around>);

/// The thresholds of one measure.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Around {
    up: Option<f64>,
    down: Option<f64>,
}

impl Thresholds {
    /// The thresholds that matter to a project with `workers` workers.
    #[must_use]
    pub fn of(project: &Project, workers: u32) -> Self {
        project
            .ladders()
            .map(|rungs| {
                let up = rungs.ladder.next_up(workers).map(|(_, threshold)| threshold);
                let down = rungs.ladder.rungs_below(workers).last();
                (rungs.measure, up, down.map(|(_, threshold)| threshold))
            })
            .collect()
    }

    /// The threshold for a step up: percent, or waiting tasks.
    #[must_use]
    pub fn up(&self, measure: Measure) -> Option<f64> {
        self.0.get(&measure)?.up
    }

    /// The threshold for a step down: the highest rung below.
    #[must_use]
    pub fn down(&self, measure: Measure) -> Option<f64> {
        self.0.get(&measure)?.down
    }
}

/// From measures with their thresholds for a step up and one down.
impl FromIterator<(Measure, Option<f64>, Option<f64>)> for Thresholds {
    fn from_iter<T: IntoIterator<Item = (Measure, Option<f64>, Option<f64>)>>(measures: T) -> Self {
        let around = |(measure, up, down)| (measure, Around { up, down });
        Self(measures.into_iter().map(around).collect())
    }
}
