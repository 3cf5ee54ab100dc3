//! What holds for every demand and every policy.

use std::time::Duration;

use proptest::prelude::*;

use super::{backdipro, compare, run};
use crate::simulate::{Demand, Scale, Service, Trace, Work};

/// A series with steps from ten seconds to an hour, so that checks hold many values and values many checks.
fn series() -> impl Strategy<Value = String> {
    prop::collection::vec((10_u32..3600, 0.0_f64..9.0), 2..60).prop_map(|steps| {
        let mut at = 0;
        let lines = steps.iter().map(|(step, value)| {
            at += step;
            format!("{at},{value}\n")
        });
        lines.collect()
    })
}

proptest! {
    #[test]
    fn what_is_served_and_what_is_not_make_up_the_demand(text in series(), cpus in 1_u32..8) {
        let trace = Trace::parse(&text).unwrap();
        let all = f64::NEG_INFINITY..f64::INFINITY;
        let demand = Demand::new(&trace, Scale::BusyWorkers, Duration::from_mins(2), all);
        prop_assume!(demand.is_ok());
        let demand = demand.unwrap();
        let project = backdipro();
        let comparison = compare(&demand, &project, Service { cpus, memory_mib: None, work: Work::Computes }, true);
        let (least, most) = (
            run(&comparison, "fixed_min").score.worker_hours,
            run(&comparison, "fixed_max").score.worker_hours,
        );
        let wanted = demand.cpu_seconds() / 3600.0;
        for run in &comparison.runs {
            let score = run.score;
            prop_assert!((score.demand_hours - wanted).abs() < 1e-6, "{:?}", run.policy);
            let unmet = score.unmet_percent / 100.0 * score.demand_hours;
            prop_assert!((score.served_hours + unmet - score.demand_hours).abs() < 1e-6);
            prop_assert!(least - 1e-9 <= score.worker_hours && score.worker_hours <= most + 1e-9);
            prop_assert!(score.reversals <= score.steps);
            prop_assert_eq!(run.checks.len(), demand.checks());
            for check in &run.checks {
                let (served, seconds) = (check.served, check.served.seconds);
                prop_assert!((seconds - 120.0).abs() < 1e-6);
                prop_assert!(served.served <= served.demand + 1e-9);
                prop_assert!(served.served <= seconds * f64::from(check.workers.min(cpus)) + 1e-6);
                prop_assert!((project.bounds.min..=project.bounds.max).contains(&check.workers));
            }
        }
    }
}
