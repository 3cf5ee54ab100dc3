//! Rivals with hindsight: the knob of each is turned until it is as late as another rule was, so that what is left to
//! compare is its worker-hours.

use serde::Serialize;

use super::{Policy, Rate, Run, Setting, replay};
use crate::model::Project;

/// Settings of a knob that are replayed side by side.
const ABREAST: usize = 8;
/// How often the knob's range is narrowed down to the two settings about the one that is sought.
const PASSES: usize = 2;

/// A rival that is as late.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tuned {
    /// The rival, with its knob at the setting on the safe side.
    pub policy: Policy,
    /// Worker-hours a day at the same lateness: between those of the two settings about it.
    pub worker_hours_a_day: f64,
    /// Its reversals a day at the setting on the safe side.
    pub reversals_a_day: f64,
}

/// The rivals, and the oracle, each tuned to `late_percent`. One that no setting makes so is left out.
#[must_use]
pub fn tune(rate: &Rate, setting: &Setting, project: &Project, late_percent: f64) -> Vec<Tuned> {
    Knob::ALL
        .iter()
        .filter_map(|knob| knob.turn(rate, setting, project, late_percent))
        .collect()
}

/// What the oracle takes for each lateness: no rule is on the other side of it for long.
#[derive(Debug, Clone, PartialEq)]
pub struct Frontier {
    /// The later, the fewer hours.
    points: Vec<Point>,
}

/// The oracle at one price.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Point {
    late_percent: f64,
    worker_hours_a_day: f64,
    reversals_a_day: f64,
}

impl Frontier {
    /// The oracle's figures on this load.
    #[must_use]
    pub fn of(rate: &Rate, setting: &Setting, project: &Project) -> Self {
        let prices = (0..FRONTIER).map(|i| 0.001 * 100_000_f64.powf(f64::from(i) / f64::from(FRONTIER - 1)));
        let policies: Vec<Policy> = prices.map(Policy::Oracle).collect();
        let runs = replay(rate, setting, project, &policies);
        let points = runs.iter().map(|run| Point {
            late_percent: run.score.late_percent,
            worker_hours_a_day: run.score.worker_hours_a_day,
            reversals_a_day: run.score.reversals_a_day,
        });
        Self {
            points: points.collect(),
        }
    }

    /// The oracle's worker-hours a day at this lateness; `None` where it is never so late, or never so little.
    #[must_use]
    pub fn hours_at(&self, late_percent: f64) -> Option<f64> {
        self.at(late_percent, |point| point.worker_hours_a_day)
    }

    /// The oracle's steps back within an hour, a day, at this lateness: those of a load that reverses itself. `None` as above.
    #[must_use]
    pub fn reversals_at(&self, late_percent: f64) -> Option<f64> {
        self.at(late_percent, |point| point.reversals_a_day)
    }

    /// Between the two prices about this lateness, along its logarithm.
    fn at(&self, late_percent: f64, figure: fn(&Point) -> f64) -> Option<f64> {
        self.points.windows(2).find_map(|pair| {
            let [below, above] = pair else { return None };
            let (low, high) = (below.late_percent, above.late_percent);
            let (from, to) = (figure(below), figure(above));
            let is_between = low < high && (low..=high).contains(&late_percent);
            is_between.then(|| from + (to - from) * part(low, high, late_percent))
        })
    }
}

/// Prices that the oracle is tried at.
const FRONTIER: u32 = 12;

/// The one knob of a rival: its policy at a setting, and the range of it, from where it is late to where it is not.
struct Knob {
    policy: fn(f64) -> Policy,
    late: f64,
    safe: f64,
}

impl Knob {
    const ALL: [Self; 4] = [
        Self {
            policy: Policy::Hpa,
            late: 100.0,
            safe: 5.0,
        },
        Self {
            policy: Policy::Knative,
            late: 100.0,
            safe: 3.0,
        },
        Self {
            policy: Policy::SquareRoot,
            late: 0.1,
            safe: 12.0,
        },
        Self {
            policy: Policy::Oracle,
            late: 50.0,
            safe: 0.001,
        },
    ];

    fn turn(&self, rate: &Rate, setting: &Setting, project: &Project, late_percent: f64) -> Option<Tuned> {
        let (mut from, mut to) = (self.late, self.safe);
        let mut found = None;
        for _ in 0..PASSES {
            // Evenly in the logarithm.
            let step = (to / from).powf(1.0 / (ABREAST - 1) as f64);
            let settings: Vec<f64> = (0..ABREAST).map(|i| from * step.powf(i as f64)).collect();
            let policies: Vec<Policy> = settings.iter().map(|knob| (self.policy)(*knob)).collect();
            let runs = replay(rate, setting, project, &policies);
            let safe = runs
                .iter()
                .position(|run| run.score.late_percent <= late_percent)?;
            let tuned = between(runs.get(safe.wrapping_sub(1)), &runs[safe], late_percent);
            found = Some(tuned);
            if safe == 0 {
                break;
            }
            (from, to) = (settings[safe - 1], settings[safe]);
        }
        found
    }
}

/// Where the line between a run that is too late and one that is not crosses `late_percent`, in the logarithm of it.
fn between(late: Option<&Run>, safe: &Run, late_percent: f64) -> Tuned {
    let hours = |run: &Run| run.score.worker_hours_a_day;
    let worker_hours_a_day = match late {
        Some(late) => {
            let part = part(late.score.late_percent, safe.score.late_percent, late_percent);
            hours(late) + (hours(safe) - hours(late)) * part.clamp(0.0, 1.0)
        }
        None => hours(safe),
    };
    Tuned {
        policy: safe.policy,
        worker_hours_a_day,
        reversals_a_day: safe.score.reversals_a_day,
    }
}

/// Which part of the way `from` one lateness `to` another has been gone at a third, in the logarithm of it.
fn part(from: f64, to: f64, at: f64) -> f64 {
    // So little is never measured: one of ten million requests.
    let log = |percent: f64| percent.max(1e-6).ln();
    let way = log(to) - log(from);
    if way.abs() < 1e-9 {
        return 1.0;
    }
    (log(at) - log(from)) / way
}
