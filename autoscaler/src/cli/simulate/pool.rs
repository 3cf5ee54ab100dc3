//! `autoscaler simulate --pool-mb`: several services that share one pool of memory.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

use super::{Args, Recording, number};
use crate::cli::failure::failed;
use crate::model::{Bounds, Language};
use crate::simulate::seconds::{self, Member, Parting, Rate};
use crate::simulate::{self, Scale};

/// One `--load`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Load {
    file: PathBuf,
    demand: f64,
    mib: u64,
    min: u32,
    max: u32,
    weight: f64,
    shift_hours: f64,
}

/// Reads `FILE.csv,demand=1.5,mb=300` with what else may stand there.
pub(super) fn load(text: &str) -> Result<Load, String> {
    let mut parts = text.split(',');
    let mut load = Load {
        file: parts.next().unwrap_or_default().into(),
        demand: 1.0,
        mib: 500,
        min: 1,
        max: 8,
        weight: 1.0,
        shift_hours: 0.0,
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at least 1"
    )]
    for part in parts {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        match key {
            "demand" => load.demand = super::demand(value)?,
            "mb" => load.mib = number(value, 1.0..=1e6)? as u64,
            "min" => load.min = number(value, 1.0..=1000.0)? as u32,
            "max" => load.max = number(value, 1.0..=1000.0)? as u32,
            "weight" => load.weight = number(value, 0.01..=100.0)?,
            "shift-hours" => load.shift_hours = number(value, 0.0..=10_000.0)?,
            _ => {
                return Err(format!(
                    "{part:?}: write KEY=VALUE with demand, mb, min, max, weight or shift-hours"
                ));
            }
        }
    }
    if load.min > load.max {
        return Err(format!("min={} is more than max={}", load.min, load.max));
    }
    Ok(load)
}

/// The answer, as text or JSON.
pub(super) fn run(args: &Args, language: Language, total_mib: u64) -> Result<String> {
    let members: Vec<Member> = args
        .loads
        .iter()
        .zip(0..)
        .map(|(load, place)| member(args, load, place))
        .collect::<Result<_>>()?;
    let shared = [Parting::Pool, Parting::FirstCome, Parting::Fixed]
        .map(|parting| seconds::share(&members, parting, total_mib));
    if args.json {
        let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
        let json = serde_json::json!({ "pool_mib": total_mib, "services": names, "partings": shared });
        return Ok(format!("{json:#}\n"));
    }
    Ok(seconds::shared_told(language, &members, total_mib, &shared))
}

fn member(args: &Args, load: &Load, place: u64) -> Result<Member> {
    let recording = Recording::of_file(&load.file)?;
    let name = load.file.file_stem().unwrap_or_default().to_string_lossy();
    let scale = Scale::MeanDemand(load.demand);
    let rate = Rate::new(&recording.trace, scale, args.requests.clip, args.window()).map_err(|error| {
        failed(|language| format!("{}: {}", recording.name, simulate::demand_error(language, &error)))
    })?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 or more"
    )]
    let shift = (load.shift_hours * 3600.0) as u64;
    let mut setting = args.requests.setting(None, Duration::from_mins(2));
    setting.seed = setting.seed.wrapping_add(place);
    Ok(Member {
        name: name.into_owned(),
        rate: rate.shifted(shift),
        setting,
        bounds: Bounds {
            min: load.min,
            max: load.max,
        },
        weight: load.weight,
        worker_mib: load.mib,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_is_a_file_and_what_is_said_of_it() {
        let read = load("a b.csv,demand=1.5,mb=300,max=6,weight=2,shift-hours=17").unwrap();
        assert_eq!((read.demand, read.mib, read.min, read.max), (1.5, 300, 1, 6));
        assert_eq!((read.weight, read.shift_hours), (2.0, 17.0));
        for (text, said) in [
            ("a.csv,mib=3", "\"mib=3\": write KEY=VALUE"),
            ("a.csv,max=0", "from 1"),
            ("a.csv,min=9", "min=9 is more than max=8"),
        ] {
            assert!(load(text).unwrap_err().contains(said), "{text}");
        }
    }
}
