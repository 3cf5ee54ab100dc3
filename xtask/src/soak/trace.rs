//! The recorded loads, sped up.

use std::time::Duration;

use anyhow::{Context as _, Result};
use autoscaler::simulate::Trace;

/// How much faster than it was recorded a load comes, and than usual the daemon checks: two hours are five days.
pub(super) const SPEED: f64 = 60.0;

/// The recordings that the simulator comes with.
const TRACES: [&str; 3] = [
    include_str!("../../../autoscaler/testdata/traces/elb_request_count.csv"),
    include_str!("../../../autoscaler/testdata/traces/nyc_taxi.csv"),
    include_str!("../../../autoscaler/testdata/traces/ec2_cpu_utilization.csv"),
];

/// A recorded load as multiples of its mean.
pub(super) struct Recorded {
    values: Vec<f64>,
    /// Time between two of them, sped up.
    step: Duration,
    /// Where in the recording it begins.
    first: usize,
}

impl Recorded {
    /// The load of project `number`: another stretch of one of the recordings for each.
    ///
    /// # Errors
    /// When a recording cannot be read.
    pub(super) fn of(number: usize) -> Result<Self> {
        let trace = Trace::parse(TRACES[number % TRACES.len()]).context("a recorded load")?;
        let samples = trace.samples();
        let values: Vec<f64> = samples.iter().map(|(_, value)| value / trace.mean()).collect();
        Ok(Self {
            // Far from each other, and the same in each run.
            first: number * 977 % values.len(),
            values,
            step: Duration::from_secs_f64(trace.step() / SPEED),
        })
    }

    /// The load `elapsed` after the start. After its end it begins again.
    pub(super) fn at(&self, elapsed: Duration) -> f64 {
        let steps = elapsed.as_millis() / self.step.as_millis().max(1);
        let steps = usize::try_from(steps).unwrap_or(0);
        self.values[(self.first + steps) % self.values.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_recording_is_its_mean_in_the_mean_and_comes_sixty_times_as_fast() {
        for number in 0..3 {
            let load = Recorded::of(number).unwrap();
            let minutes = [5, 30, 5][number];
            assert_eq!(load.step, Duration::from_secs(minutes), "an hour in a minute");
            let steps = u32::try_from(load.values.len()).unwrap();
            let sum: f64 = (0..steps).map(|step| load.at(load.step * step)).sum();
            assert!((sum / f64::from(steps) - 1.0).abs() < 1e-9);
            assert!(load.values.iter().any(|value| *value > 1.5), "it moves");
        }
    }
}
