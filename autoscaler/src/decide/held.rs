//! For how long each measure has been beyond its rungs.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::decide::constraint::Constraint;
use crate::decide::measure::Measured;
use crate::decide::peaks::Peaks;
use crate::model::{Bounds, Ladder, Measure};

/// Held times of one measure.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Held {
    /// The rung above that is being exceeded.
    up: Option<Above>,
    /// By rung below, for how long the measure has been under it.
    #[serde(deserialize_with = "rungs")]
    down: BTreeMap<u32, Below>,
}

/// The rungs of a map that was read as part of a larger one (`flatten`): serde holds its keys as the text that JSON has.
fn rungs<'de, D: Deserializer<'de>>(text: D) -> Result<BTreeMap<u32, Below>, D::Error> {
    let rungs = BTreeMap::<String, Below>::deserialize(text)?;
    let number = |(rung, below): (String, Below)| Ok((rung.parse().map_err(D::Error::custom)?, below));
    rungs.into_iter().map(number).collect()
}

/// A measure that stays above a rung.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Above {
    rung: u32,
    pub(super) held: Duration,
    /// What kept the project's tasks from the CPU they wanted for all of that time.
    pub(super) constraint: Option<Constraint>,
}

/// A measure that has stayed under a rung.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Below {
    pub(super) held: Duration,
    /// Loads within the time that a step has to be held for.
    peaks: Peaks,
}

impl Below {
    /// One more interval of `covered` with this load.
    fn extend(&mut self, covered: Duration, load: f64, window: Duration) {
        self.held += covered;
        self.peaks.add(self.held, load, window);
    }

    /// The highest load within the time that a step has to be held for: CPUs, or slots.
    pub(super) fn peak(&self) -> f64 {
        self.peaks.highest()
    }
}

/// A crossed rung on its way to being acted on.
pub(super) struct Pending {
    pub(super) measure: Measure,
    pub(super) rung: u32,
    pub(super) threshold: f64,
    pub(super) held: Duration,
    pub(super) needed: Duration,
    pub(super) up: bool,
}

/// The rung that judges whether `workers` are too few. At the maximum it is the rung that led there: while
/// the load stays above it, the maximum is what stands in the way.
pub(super) fn rung_above(ladder: &Ladder, workers: u32, bounds: Bounds) -> Option<(u32, f64)> {
    if workers < bounds.max {
        return ladder.next_up(workers);
    }
    ladder
        .up
        .last_key_value()
        .map(|(rung, threshold)| (*rung, *threshold))
}

impl Held {
    /// Adds this check's interval to the held time of each rung that its value is beyond, and ends the rest. Figures that
    /// contain the `boot` of workers lead up no rung.
    pub(super) fn track(&mut self, m: &Measured<'_>, workers: u32, bounds: Bounds, boot: bool) {
        self.up = rung_above(m.rungs.ladder, workers, bounds)
            .filter(|(_, threshold)| m.value > *threshold && !boot)
            .map(|(rung, _)| match self.above(rung) {
                Some(before) => Above {
                    rung,
                    held: before.held + m.covered,
                    constraint: before.constraint.and_then(|before| before.and(m.constraint)),
                },
                None => Above {
                    rung,
                    held: m.covered,
                    constraint: m.constraint,
                },
            });
        let ladder = m.rungs.ladder;
        let beyond = ladder
            .down
            .iter()
            .filter(|(rung, threshold)| **rung < workers && m.value < **threshold && !m.is_lower_bound);
        let extended = beyond.map(|(rung, _)| {
            let mut now = self.down.get(rung).cloned().unwrap_or_default();
            now.extend(m.covered, m.load, ladder.down_hold);
            (*rung, now)
        });
        self.down = extended.collect();
    }

    /// What is held above `rung`.
    pub(super) fn above(&self, rung: u32) -> Option<Above> {
        self.up.filter(|above| above.rung == rung)
    }

    /// What is held below `rung`.
    pub(super) fn below(&self, rung: u32) -> Option<&Below> {
        self.down.get(&rung)
    }

    /// The crossed rungs that have not held for long enough yet.
    pub(super) fn pending(&self, m: &Measured<'_>, workers: u32, bounds: Bounds) -> Vec<Pending> {
        let ladder = m.rungs.ladder;
        let pending = |(rung, threshold), held, needed, up| Pending {
            measure: m.rungs.measure,
            rung,
            threshold,
            held,
            needed,
            up,
        };
        let up = rung_above(ladder, workers, bounds)
            .into_iter()
            .filter_map(|rung| Some(pending(rung, self.above(rung.0)?.held, ladder.up_hold, true)));
        let down = ladder
            .rungs_below(workers)
            .filter(|_| workers > bounds.min)
            .filter_map(|rung| Some(pending(rung, self.below(rung.0)?.held, ladder.down_hold, false)));
        up.chain(down)
            .filter(|pending| pending.held < pending.needed)
            .collect()
    }
}
