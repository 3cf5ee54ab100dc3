//! The load of an invented month: a recorded one, another stretch of it for each project.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

/// Time between two checks, as configured unless somebody changes it.
pub(super) const INTERVAL: Duration = Duration::from_mins(2);

/// Requests to a web service, a value every five minutes for two weeks.
const TRACE: &str = include_str!("../../../autoscaler/testdata/traces/elb_request_count.csv");

/// Time between two values of the recording.
const STEP: Duration = Duration::from_mins(5);

/// Mean demand of each project, CPUs.
const MEAN_CPUS: f64 = 1.2;

/// Values between the beginnings of two projects' stretches.
const APART: usize = 173;

/// Demand over time, CPUs.
pub(super) struct Load(Vec<f64>);

impl Load {
    pub(super) fn read() -> Result<Self> {
        let values = TRACE
            .lines()
            .skip(1)
            .map(|line| {
                let (_, value) = line
                    .rsplit_once(',')
                    .context("a line of the recording has no value")?;
                value
                    .parse::<f64>()
                    .with_context(|| format!("{value:?} in the recording"))
            })
            .collect::<Result<Vec<_>>>()?;
        ensure!(!values.is_empty(), "the recording is empty");
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        Ok(Self(
            values.into_iter().map(|value| value * MEAN_CPUS / mean).collect(),
        ))
    }

    /// CPUs that a project wants at one check.
    pub(super) fn cpus(&self, project: u32, check: u64) -> f64 {
        let step = check * INTERVAL.as_secs() / STEP.as_secs();
        let place = usize::try_from(step).unwrap_or(0) + project as usize * APART;
        let noise = unit(check.wrapping_mul(1_000_003) ^ u64::from(project));
        self.0[place % self.0.len()] * (0.9 + 0.2 * noise)
    }
}

/// A number from 0 to 1 that looks drawn by lot and is the same each time (the finalizer of splitmix64).
pub(crate) fn unit(seed: u64) -> f64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}
