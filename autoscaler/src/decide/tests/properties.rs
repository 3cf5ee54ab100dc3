//! What must hold for any configuration and any load.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use crate::decide::tests::bench::{Bench, GIB, backdipro};
use crate::model::{Action, Bounds, CpuBasis, Ladder, Project, Reason};

/// Valid ladders within valid bounds: neither kind of rung falls, and those down stay under the next one up.
fn project() -> impl Strategy<Value = Project> {
    let bounds = (1u32..5, 1u32..9).prop_map(|(min, more)| Bounds { min, max: min + more });
    (
        bounds,
        prop_oneof![Just(CpuBasis::Workers), Just(CpuBasis::Host)],
        0u64..400,
        0u64..2000,
    )
        .prop_flat_map(|(bounds, basis, up_secs, down_secs)| {
            let counts = (bounds.max - bounds.min) as usize;
            (
                prop::collection::vec(prop::option::weighted(0.8, 0u32..12), counts),
                prop::collection::vec(
                    prop::option::weighted(0.7, prop_oneof![Just(0u32), 1u32..100]),
                    counts,
                ),
            )
                .prop_map(move |(up_steps, down_shares)| {
                    let mut threshold = 20.0;
                    let mut up = BTreeMap::new();
                    for (n, step) in (bounds.min + 1..).zip(&up_steps) {
                        if let Some(step) = step {
                            threshold = f64::min(
                                threshold + f64::from(*step),
                                100.0 - f64::from(bounds.max - n) * 0.1,
                            );
                            up.insert(n, threshold);
                        }
                    }
                    let mut down = BTreeMap::new();
                    let mut floor = 0.0;
                    for (k, share) in (bounds.min..).zip(&down_shares) {
                        let ceiling = up.range(k + 1..).next().map_or(100.0, |(_, t)| *t);
                        if let Some(share) = share {
                            floor += (ceiling - floor) * f64::from(*share) / 101.0;
                            down.insert(k, floor);
                        }
                    }
                    let mut project = backdipro(basis);
                    project.bounds = bounds;
                    project.cpu = Some(Ladder {
                        up,
                        down,
                        up_hold: Duration::from_secs(up_secs),
                        down_hold: Duration::from_secs(down_secs),
                    });
                    project
                })
        })
}

fn loads() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(prop_oneof![0.0..1.0f64, 0.0..8.0f64, Just(0.0), Just(8.0)], 1..80)
}

/// What a load of `demand` CPUs shows: each worker is one thread.
fn served(bench: &Bench, demand: f64) -> f64 {
    demand
        .min(f64::from(bench.count()))
        .min(f64::from(bench.host.cpus))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn never_outside_the_bounds(project in project(), loads in loads(), start in 1u32..14) {
        let bounds = project.bounds;
        let mut bench = Bench::new(project, start);
        for load in loads {
            let decision = bench.check_load(served(&bench, load));
            if let Action::ScaleUp { from, to } | Action::ScaleDown { from, to } = decision.action {
                prop_assert_ne!(from, to);
                prop_assert!((bounds.min..=bounds.max).contains(&to), "{decision:?}");
            }
        }
    }

    #[test]
    fn nothing_without_its_held_time(project in project(), loads in loads(), start in 1u32..14) {
        let ladder = project.cpu.clone().unwrap();
        let mut bench = Bench::new(project, start);
        let mut since_action = Duration::ZERO;
        for load in loads {
            let decision = bench.check_load(served(&bench, load));
            since_action += bench.interval;
            match (decision.action, &decision.reason) {
                (Action::Hold | Action::Blocked, _) => continue,
                (Action::ScaleUp { .. }, Reason::AboveRung { held, .. }) => {
                    prop_assert!(*held >= ladder.up_hold && since_action >= *held, "{decision:?}");
                }
                (Action::ScaleDown { .. }, Reason::BelowRung { held, .. }) => {
                    prop_assert!(*held >= ladder.down_hold && since_action >= *held, "{decision:?}");
                }
                (_, reason) => prop_assert_eq!(reason, &Reason::OutsideBounds),
            }
            since_action = Duration::ZERO;
        }
    }

    /// From any start a constant demand comes to rest. A rung with a gap above it may lead one step too far,
    /// which is then taken back; after a step down there is no other step up.
    #[test]
    fn a_constant_load_never_flaps(mut project in project(), demand in 0.0..9.0f64, start in 1u32..14) {
        project.cpu_basis = CpuBasis::Workers;
        let mut bench = Bench::new(project, start);
        let mut steps = Vec::new();
        for _ in 0..400 {
            let decision = bench.check_load(served(&bench, demand));
            match decision.action {
                _ if decision.reason == Reason::OutsideBounds => {}
                Action::ScaleUp { .. } => steps.push(true),
                Action::ScaleDown { .. } => steps.push(false),
                Action::Hold | Action::Blocked => {}
            }
        }
        prop_assert!(steps.is_sorted_by_key(|up| !up), "{:?}", steps);
        prop_assert!(steps.len() <= 14, "{:?}", steps);
    }

    /// One threshold for every count, over the basis `workers`: with n workers the load is above all of the rungs at
    /// once, and the way up is still one worker after the other, ending at the fewest that carry it.
    #[test]
    fn equal_rungs_lead_up_step_by_step_to_the_fewest_that_carry_the_load(
        threshold in 20u32..96,
        max in 2u32..9,
        demand in 0.0..9.0f64,
    ) {
        let mut project = backdipro(CpuBasis::Workers);
        project.bounds = Bounds { min: 1, max };
        let threshold = f64::from(threshold);
        let ladder = project.cpu.as_mut().unwrap();
        ladder.up = (2..=max).map(|workers| (workers, threshold)).collect();
        ladder.down.clear();
        let mut bench = Bench::new(project, 1);
        let mut held_at_each = 0;
        for _ in 0..100 {
            held_at_each += 1;
            let decision = bench.check_load(served(&bench, demand));
            if let Action::ScaleUp { from, to } = decision.action {
                prop_assert_eq!(to, from + 1, "{:?}", decision);
                prop_assert!(held_at_each >= 2, "each has a held time of its own: {:?}", decision);
                held_at_each = 0;
            }
        }
        let carries = |workers: u32| 100.0 * demand.min(f64::from(workers)) / f64::from(workers) <= threshold;
        let fewest = (1..=max).find(|workers| carries(*workers)).unwrap_or(max);
        prop_assert_eq!(bench.count(), fewest);
    }

    /// However the load came about: at the load that allowed a step down, no step up follows.
    #[test]
    fn a_step_down_is_never_taken_back_at_the_same_load(mut project in project(), loads in loads(), start in 1u32..9) {
        project.cpu_basis = CpuBasis::Workers;
        let mut bench = Bench::new(project, start);
        for load in loads {
            let shown = served(&bench, load);
            let decision = bench.check_load(shown);
            if matches!(decision.reason, Reason::BelowRung { .. }) {
                for _ in 0..20 {
                    let next = bench.check_load(shown);
                    prop_assert!(!matches!(next.action, Action::ScaleUp { .. }), "{decision:?} then {next:?}");
                }
            }
        }
    }

    #[test]
    fn scarce_memory_never_sees_a_step_up(project in project(), loads in loads(), start in 1u32..9) {
        let mut bench = Bench::new(project, start);
        bench.host.memory_available_mib = GIB / 4;
        for load in loads {
            let decision = bench.check_load(served(&bench, load));
            prop_assert!(!matches!(decision.action, Action::ScaleUp { .. }), "{decision:?}");
        }
    }
}
