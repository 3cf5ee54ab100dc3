//! `cpu_thresholds`, `queue_thresholds`, `busy_thresholds` and `wait_thresholds`: rungs that never fall, within the bounds, that never ask for up
//! and down at once.

use std::collections::BTreeMap;

use crate::config::fields::{Field, Fields, Findings};
use crate::config::keys;
use crate::config::rules::Hold;
use crate::model::{Bounds, CpuBasis, Ladder, Notice, Of, Wrong};

/// What a ladder's thresholds count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// Percent, 0 to 100, of this.
    Percent(CpuBasis),
    /// Waiting tasks.
    Tasks,
    /// Percent of the requests that the workers can serve at a time.
    Slots,
    /// Milliseconds of wait.
    Millis,
}

impl Scale {
    fn thresholds_key(self) -> &'static str {
        match self {
            Self::Percent(_) => "cpu_thresholds",
            Self::Tasks => "queue_thresholds",
            Self::Slots => "busy_thresholds",
            Self::Millis => "wait_thresholds",
        }
    }

    /// A threshold that could stand there.
    fn example(self) -> u32 {
        match self {
            Self::Tasks => 10,
            Self::Percent(_) => 65,
            Self::Slots => 75,
            Self::Millis => 200,
        }
    }

    /// Rungs that could stand there.
    fn examples(self) -> &'static str {
        match self {
            Self::Percent(_) | Self::Tasks => r#"{ "scale_up_2": 65, "scale_down_1": 35 }"#,
            Self::Slots => r#"{ "scale_up_2": 75, "scale_down_1": 40 }"#,
            Self::Millis => r#"{ "scale_up_2": 200, "scale_down_1": 20 }"#,
        }
    }

    fn threshold(self, field: Field<'_>, findings: &mut Findings<'_>) -> Option<f64> {
        match self {
            Self::Percent(_) | Self::Slots => field.number(keys::PERCENT, findings),
            Self::Millis => field.number(keys::WAIT, findings),
            Self::Tasks => field.whole(keys::TASKS, findings).map(|tasks| tasks as f64),
        }
    }
}

/// The rungs of one direction: by worker count, the threshold and where it stands.
type Rungs<'t> = BTreeMap<u32, (f64, Field<'t>)>;

/// Reads the ladder in `field`; `None` when it is refused as a whole.
pub(super) fn read(
    field: Field<'_>,
    scale: Scale,
    project: &str,
    bounds: Option<Bounds>,
    hold: Hold,
    findings: &mut Findings<'_>,
) -> Option<Ladder> {
    let object = field.object(scale.examples(), findings)?;
    let of = Of::Key(field.name());
    if object.properties.is_empty() {
        findings.refuse(&field, Wrong::NoRung(field.name(), scale.example()));
        return None;
    }
    let (mut up, mut down) = (Rungs::new(), Rungs::new());
    for rung in Fields::read(object, &of, findings).iter() {
        let Some((direction, workers)) = rung_key(rung.key()) else {
            refuse_key(rung, &of, findings);
            continue;
        };
        if let Some(bounds) = bounds {
            check_bounds(rung, direction, workers, bounds, (project, scale), findings);
        }
        if let Some(threshold) = scale.threshold(rung, findings) {
            let rungs = if direction == Direction::Up {
                &mut up
            } else {
                &mut down
            };
            rungs.insert(workers, (threshold, rung));
        }
    }
    let in_percent = match scale {
        Scale::Percent(basis) => check_percent(&up, &down, basis, project, findings),
        // As of the basis `workers`: what is meant as a part of one is refused.
        Scale::Slots => check_percent(&up, &down, CpuBasis::Workers, project, findings),
        Scale::Tasks | Scale::Millis => true,
    };
    // The order of figures that mean something else says nothing.
    if in_percent {
        check_order(&up, findings);
        check_order(&down, findings);
        check_apart(&up, &down, findings);
    }
    let thresholds = |rungs: Rungs<'_>| {
        rungs
            .into_iter()
            .map(|(n, (threshold, _))| (n, threshold))
            .collect()
    };
    Some(Ladder {
        up: thresholds(up),
        down: thresholds(down),
        up_hold: hold.up,
        down_hold: hold.down,
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

/// `scale_up_3` → up, 3. A leading zero is refused: `scale_up_03` beside `scale_up_3` would be one rung twice.
fn rung_key(key: &str) -> Option<(Direction, u32)> {
    let (direction, count) = if let Some(count) = key.strip_prefix("scale_up_") {
        (Direction::Up, count)
    } else {
        (Direction::Down, key.strip_prefix("scale_down_")?)
    };
    let plain = !count.starts_with('0') && count.bytes().all(|byte| byte.is_ascii_digit());
    Some((direction, count.parse().ok().filter(|_| plain)?))
}

fn refuse_key(rung: Field<'_>, of: &Of, findings: &mut Findings<'_>) {
    let counted = ["scale_up_", "scale_down_"]
        .into_iter()
        .find(|prefix| rung.key().starts_with(prefix));
    if let Some(prefix) = counted {
        findings.refuse(&rung, Wrong::RungWithoutCount(rung.name(), prefix));
        return;
    }
    let count = rung.key().trim_start_matches(|c: char| !c.is_ascii_digit());
    let count = if rung_key(&format!("scale_up_{count}")).is_some() {
        count
    } else {
        "N"
    };
    let known = [format!("scale_up_{count}"), format!("scale_down_{count}")];
    keys::refuse_unknown(rung, &known.each_ref().map(String::as_str), of, findings);
}

fn check_bounds(
    rung: Field<'_>,
    direction: Direction,
    workers: u32,
    Bounds { min, max }: Bounds,
    (project, scale): (&str, Scale),
    findings: &mut Findings<'_>,
) {
    let unused = match direction {
        Direction::Up => min,
        Direction::Down => max,
    };
    if workers < min || workers > max {
        findings.refuse(&rung, Wrong::RungOutside(rung.name(), min, max));
    } else if workers == unused && min < max {
        findings.notices.push(Notice::RungNeverUsed {
            project: project.to_owned(),
            thresholds: scale.thresholds_key(),
            rung: rung.key().to_owned(),
        });
    }
}

/// More workers, no lower a threshold. The same one for several counts is what `workers` as the basis asks for: one
/// line of saturation, however many there are.
fn check_order(rungs: &Rungs<'_>, findings: &mut Findings<'_>) {
    for ((lower, lower_rung), (higher, higher_rung)) in rungs.values().zip(rungs.values().skip(1)) {
        if higher < lower {
            let falls = Wrong::RungFalls(higher_rung.name(), *higher, lower_rung.name(), *lower);
            findings.refuse(higher_rung.value(), falls);
        }
    }
}

/// Below `scale_down_K` there must be room before the next rung up, or the count would swing to and fro.
fn check_apart(up: &Rungs<'_>, down: &Rungs<'_>, findings: &mut Findings<'_>) {
    for (workers, (low, down_rung)) in down {
        let next_up = up.range(workers.saturating_add(1)..).next();
        if let Some((_, (high, up_rung))) = next_up
            && low >= high
        {
            let cross = Wrong::RungsCross(down_rung.name(), *low, up_rung.name(), *high);
            findings.refuse(down_rung.value(), cross);
        }
    }
}

/// Whether the thresholds can be percents. One below one percent was hardly meant: 0.65 for 65 %. Over the basis `workers` a step up at less than one
/// percent of one worker is refused, and the steps down beside it. Elsewhere it can be right, and is told alone: with
/// `host` one worker of many CPUs is less than one percent, and a step down may want a project that does nothing.
fn check_percent(
    up: &Rungs<'_>,
    down: &Rungs<'_>,
    basis: CpuBasis,
    project: &str,
    findings: &mut Findings<'_>,
) -> bool {
    let small = |(threshold, _): &&(f64, Field<'_>)| *threshold > 0.0 && *threshold < 1.0;
    let meant_as_parts = basis == CpuBasis::Workers && up.values().any(|rung| small(&rung));
    for (threshold, rung) in up.values().chain(down.values()).filter(small).copied() {
        let percent = (threshold * 1e4).round() / 1e2;
        if meant_as_parts {
            findings.refuse(rung.value(), Wrong::Fraction(rung.name(), threshold, percent));
        } else {
            findings.notices.push(Notice::RungBelowOnePercent {
                project: project.to_owned(),
                rung: rung.key().to_owned(),
                threshold,
                percent,
            });
        }
    }
    !meant_as_parts
}
