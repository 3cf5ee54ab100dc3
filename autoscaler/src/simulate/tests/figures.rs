//! Our policy on the recordings: bounds that a change of the rules must not break unnoticed.

use std::time::Duration;

use super::{AMPLE, backdipro, compare, compared, demand, recording, run};
use crate::model::Ladder;
use crate::simulate::{Demand, Scale, Service, Trace, Work};

#[test]
fn days_of_taxi_passengers_cost_little_over_half_and_leave_next_to_nothing_unmet() {
    let comparison = compared("nyc_taxi.csv");
    let (ours, most) = (
        run(&comparison, "autoscaler").score,
        run(&comparison, "fixed_max").score,
    );
    assert!(ours.worker_hours < 0.6 * most.worker_hours, "{ours:?}");
    assert!(ours.unmet_percent < 0.05, "{ours:?}");
    assert!(ours.longest_unmet_seconds <= 600.0, "{ours:?}");
    // Up and down once or twice a day, and hardly ever back within the hour.
    assert!(
        ours.steps < 215 * 8 && ours.reversals * 20 < ours.steps,
        "{ours:?}"
    );
    assert!(run(&comparison, "fixed_min").score.unmet_percent > 50.0);
}

#[test]
fn a_steady_server_is_not_moved_to_and_fro() {
    let comparison = compared("ec2_cpu_utilization.csv");
    let (ours, hpa) = (
        run(&comparison, "autoscaler").score,
        run(&comparison, "hpa").score,
    );
    assert!(ours.steps <= 10 && ours.reversals == 0, "{ours:?}");
    assert!(hpa.steps > 100, "{hpa:?}");
    assert!(ours.unmet_percent < 0.1, "{ours:?}");
}

#[test]
fn bursts_leave_less_unmet_than_the_rule_of_the_pod_autoscaler_with_fewer_steps() {
    let comparison = compared("elb_request_count.csv");
    let (ours, hpa) = (
        run(&comparison, "autoscaler").score,
        run(&comparison, "hpa").score,
    );
    assert!(
        ours.unmet_percent < hpa.unmet_percent && ours.steps < hpa.steps / 2,
        "{ours:?} {hpa:?}"
    );
}

fn steady(cpus: f64) -> Demand {
    let trace = Trace::parse(&format!("0,{cpus}\n3600,{cpus}\n7200,{cpus}\n")).unwrap();
    Demand::new(
        &trace,
        Scale::BusyWorkers,
        Duration::from_mins(2),
        f64::NEG_INFINITY..f64::INFINITY,
    )
    .unwrap()
}

#[test]
fn a_steady_demand_is_met_and_then_nothing_moves() {
    let comparison = compare(&steady(2.2), &backdipro(), AMPLE, true);
    let ours = run(&comparison, "autoscaler");
    // 2.2 CPUs: 100 % of 2 workers is over 75 %, 73 % of 3 is under 80 %.
    assert_eq!(ours.checks.last().unwrap().workers, 3);
    assert_eq!(ours.score.steps, 2);
    // Two checks above the rung make three minutes; after a step one check passes until the new worker has booted.
    let counts: Vec<u32> = ours.checks.iter().take(8).map(|check| check.workers).collect();
    assert_eq!(counts, [1, 1, 2, 2, 2, 3, 3, 3]);
}

#[test]
fn a_host_without_memory_or_cpus_to_spare_holds_the_policy_back() {
    let tight = Service {
        cpus: 6,
        memory_mib: Some(2000),
        work: Work::Computes,
    };
    let comparison = compare(&steady(5.0), &backdipro(), tight, true);
    // With 2 workers 1000 of the 2000 MiB are left, and 3 workers would need 1500.
    assert_eq!(run(&comparison, "autoscaler").checks.last().unwrap().workers, 2);
    let two_cpus = Service {
        cpus: 2,
        memory_mib: None,
        work: Work::Computes,
    };
    let comparison = compare(&steady(5.0), &backdipro(), two_cpus, true);
    let last = run(&comparison, "autoscaler").checks.last().unwrap();
    assert!(
        last.workers < 6,
        "every CPU is busy and the workers wait: {last:?}"
    );
    assert!((last.served.served - 240.0).abs() < 1e-6);
}

#[test]
fn a_disabled_project_is_simulated_as_if_it_were_enabled() {
    let mut project = backdipro();
    project.enabled = false;
    let demand = demand(&recording("ec2_cpu_utilization.csv"), 2.0);
    assert_eq!(
        run(&compare(&demand, &project, AMPLE, false), "autoscaler").score,
        run(&compare(&demand, &backdipro(), AMPLE, false), "autoscaler").score
    );
}

#[test]
fn workers_that_wait_are_followed_by_how_many_are_busy_and_not_by_their_cpu() {
    let waiting = Service {
        cpus: 2,
        memory_mib: None,
        work: Work::Waits,
    };
    let mut project = backdipro();
    let by_cpu = compare(&steady(5.0), &project, waiting, true);
    assert_eq!(run(&by_cpu, "autoscaler").checks.last().unwrap().workers, 1);
    let ladder = Ladder {
        up: (2..=6).map(|count| (count, 75.0)).collect(),
        down: [(1, 40.0)].into(),
        ..project.cpu.take().unwrap()
    };
    project.requests.busy = Some(ladder);
    let by_busy = compare(&steady(5.0), &project, waiting, true);
    assert_eq!(run(&by_busy, "autoscaler").checks.last().unwrap().workers, 6);
}
