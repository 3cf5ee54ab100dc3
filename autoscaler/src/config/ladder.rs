//! `cpu_thresholds` and `queue_thresholds`: rungs that never fall, within the bounds, that never ask for up
//! and down at once.

use std::collections::BTreeMap;

use super::fields::{Field, Fields, Findings};
use super::model::{Bounds, Ladder};
use super::rules::Hold;
use super::{Notice, keys};

/// Most waiting tasks that a rung may name.
const TASKS: u64 = 1_000_000_000;

/// What a ladder's thresholds count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// Percent, 0 to 100.
    Percent,
    /// Waiting tasks.
    Tasks,
}

impl Scale {
    fn thresholds_key(self) -> &'static str {
        match self {
            Self::Percent => "cpu_thresholds",
            Self::Tasks => "queue_thresholds",
        }
    }

    fn threshold(self, field: Field<'_>, findings: &mut Findings<'_>) -> Option<f64> {
        match self {
            Self::Percent => field.number(0.0..=100.0, " percent", findings),
            Self::Tasks => field
                .whole(0..=TASKS, " waiting tasks", findings)
                .map(|tasks| tasks as f64),
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
    let object = field.object(r#"{ "scale_up_2": 65, "scale_down_1": 35 }"#, findings)?;
    let of = format!("{:?}", field.key());
    if object.properties.is_empty() {
        let example = if scale == Scale::Percent { 65 } else { 10 };
        findings.refuse(
            &field,
            format!("{of} has no rung: write at least one, for example \"scale_up_2\": {example}"),
        );
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
    check_order(&up, findings);
    check_order(&down, findings);
    check_apart(&up, &down, findings);
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

fn refuse_key(rung: Field<'_>, of: &str, findings: &mut Findings<'_>) {
    let counted = ["scale_up_", "scale_down_"]
        .into_iter()
        .find(|prefix| rung.key().starts_with(prefix));
    if let Some(prefix) = counted {
        let sentence = format!(
            "{:?} must end in a worker count, a whole number from 1: write for example \"{prefix}2\"",
            rung.key()
        );
        findings.refuse(&rung, sentence);
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
        let sentence = format!(
            "{:?} is outside the bounds: min_workers is {min} and max_workers is {max}; change a bound or take the rung out",
            rung.key()
        );
        findings.refuse(&rung, sentence);
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
            let sentence = format!(
                "{:?} is {higher}, but {:?} is {lower}: rungs must not fall as the workers rise, so write {lower} or more",
                higher_rung.key(),
                lower_rung.key(),
            );
            findings.refuse(higher_rung.value(), sentence);
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
            let sentence = format!(
                "{:?} is {low}, at or above {:?} which is {high}: a step down would be followed by a step up; write less than {high}",
                down_rung.key(),
                up_rung.key(),
            );
            findings.refuse(down_rung.value(), sentence);
        }
    }
}
