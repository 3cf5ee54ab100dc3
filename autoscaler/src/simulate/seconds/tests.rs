//! The model against what is known of it by theory, and what holds for any load and any rule.

use std::time::Duration;

use proptest::prelude::*;

use super::arrivals::Arrivals;
use super::exact::{ln, whole};
use super::lane::Lane;
use super::random::Random;
use super::{Member, Parting, Policy, Rate, SECOND, Setting, Traffic, erlang, ns, replay, share};
use crate::config::parse;
use crate::model::{Bounds, Project, Promise};
use crate::simulate::{Scale, Trace};

const ALL: std::ops::Range<f64> = f64::NEG_INFINITY..f64::INFINITY;

fn setting() -> Setting {
    Setting {
        traffic: Traffic {
            service: Duration::from_millis(80),
            variation: 1.0,
            burst: 0.0,
            cpu_share: 1.0,
        },
        boot: Duration::from_secs(4),
        promise: Promise::default(),
        check_interval: Duration::from_mins(2),
        seed: 1,
    }
}

fn project() -> Project {
    let text = include_str!("../../../../packaging/autoscaler.example.json");
    let mut config = parse("example", text).unwrap().config;
    config.projects.remove("backdipro").unwrap()
}

fn steady(busy: f64, seconds: u32) -> Rate {
    let text = format!("0,{busy}\n{},{busy}\n", seconds / 2);
    Rate::new(&Trace::parse(&text).unwrap(), Scale::BusyWorkers, None, ALL).unwrap()
}

#[test]
fn fixed_workers_make_users_wait_as_erlang_c_says() {
    // The formula is for times of service that are exponential: these are.
    let (busy, mean) = (2.0, 0.08);
    let mut random = Random::new(5, 0);
    let mut arrivals = Arrivals::new(&setting().traffic, 1);
    let cases = [(3, 0.02), (4, 0.03), (5, 0.06)];
    let mut lanes = cases.map(|(workers, _)| Lane::new(workers, 0, SECOND / 10));
    for _ in 0..200_000 {
        let mut come = arrivals.next(busy).to_vec();
        for request in &mut come {
            request.service = whole(-ln(random.share()) * mean * SECOND as f64);
        }
        for lane in &mut lanes {
            lane.pass(&come);
        }
    }
    for ((workers, tolerated), lane) in cases.into_iter().zip(lanes) {
        let sums = lane.waits().sums();
        let share = sums.late as f64 / sums.begun as f64;
        let told = erlang::late(busy, 0.1 / mean).nth(workers as usize - 1).unwrap();
        assert!(
            (share / told - 1.0).abs() < tolerated,
            "{workers}: {share}, by the formula {told}"
        );
    }
}

#[test]
fn of_two_loads_that_sway_the_one_that_sways_more_waits_more_and_both_have_the_same_mean() {
    let rate = steady(2.0, 100_000);
    let at = |burst: f64| {
        let mut setting = setting();
        setting.traffic.burst = burst;
        replay(&rate, &setting, &project(), &[Policy::Fixed(4)])[0].score
    };
    let (calm, swaying) = (at(0.0), at(0.5));
    assert!(
        swaying.late_percent > 1.5 * calm.late_percent,
        "{calm:?} {swaying:?}"
    );
    let requests = swaying.requests as f64 / calm.requests as f64;
    assert!((requests - 1.0).abs() < 0.03, "{requests}");
}

#[test]
fn a_new_worker_boots_first_and_a_busy_one_ends_its_request_before_it_goes() {
    let request = |at_ms: u64, ms: u64| super::arrivals::Request {
        at: at_ms * 1_000_000,
        service: ms * 1_000_000,
    };
    let mut lane = Lane::new(1, 2 * SECOND, SECOND / 10);
    // Two come to one worker: the second waits for 5 s, unless another worker has come by then.
    let seen = lane.pass(&[request(0, 5000), request(100, 1000)]);
    assert_eq!((seen.arrived, seen.begun, seen.waiting, seen.late), (2, 1, 1, 0));
    assert!(
        (seen.busy - 1.0).abs() < 1e-9 && (seen.queued - 0.9).abs() < 1e-9,
        "{seen:?}"
    );
    lane.set(2);
    let booting = [lane.pass(&[]), lane.pass(&[])];
    assert!(booting.iter().all(|seen| seen.booting == 1 && seen.waiting == 1));
    let seen = lane.pass(&[]);
    assert_eq!((seen.workers, seen.booting, seen.begun, seen.late), (2, 0, 1, 1));
    assert!((seen.busy - 2.0).abs() < 1e-9, "{seen:?}");
    // It served from 3 s to 4 s and is idle: it goes, and the other serves until 5 s.
    lane.set(1);
    assert!((lane.pass(&[]).busy - 1.0).abs() < 1e-9);
    assert!(lane.pass(&[]).busy.abs() < 1e-9);
    assert_eq!(lane.worker_ns(), (1 + 3 * 2 + 2) * SECOND);
}

#[test]
fn names_are_read_as_they_are_written() {
    for name in [
        "ladder",
        "hpa:50",
        "knative:70",
        "sqrt:1.5",
        "fixed:6",
        "oracle:0.25",
    ] {
        assert_eq!(Policy::of(name).unwrap().name(), name);
    }
    assert_eq!(Policy::of("knative"), Some(Policy::Knative(70.0)));
    for name in [
        "",
        "hpa",
        "hpa:x",
        "hpa:0",
        "hpa:101",
        "fixed:1.5",
        "fixed:0",
        "ladder:1",
        "oracle:0",
        "nobody",
    ] {
        assert_eq!(Policy::of(name), None, "{name}");
    }
}

#[test]
fn one_pool_keeps_more_promises_than_the_best_fixed_parts_of_it() {
    let member = |i: u64| {
        // A wave of six hours, at another time for each: never all at once.
        let hours = (0_u32..12).map(|hour| {
            let busy = [0.5, 0.5, 1.0, 3.0, 3.0, 1.0][hour as usize % 6];
            (f64::from(hour * 3600), busy)
        });
        let trace = Trace::new(hours).unwrap();
        let rate = Rate::new(&trace, Scale::BusyWorkers, None, ALL).unwrap();
        let mut setting = Setting { seed: i, ..setting() };
        setting.traffic.service = Duration::from_millis(400);
        Member {
            name: i.to_string(),
            rate: rate.shifted(7200 * i),
            setting,
            bounds: Bounds { min: 1, max: 8 },
            weight: 1.0,
            worker_mib: 300,
        }
    };
    let members: Vec<Member> = (0..3).map(member).collect();
    let late = |parting| share(&members, parting, 3600);
    let (pool, fixed) = (late(Parting::Pool), late(Parting::Fixed));
    assert!(pool.most_mib <= 3600 && fixed.most_mib <= 3600);
    assert!(pool.late_percent < 0.7 * fixed.late_percent, "{pool:?} {fixed:?}");
    assert_eq!(pool, late(Parting::Pool), "the same again");
}

#[test]
fn halves_and_shifts_have_the_same_load_in_them() {
    let rate = Rate::new(
        &Trace::parse("0,1\n100,3\n200,2\n300,2\n").unwrap(),
        Scale::BusyWorkers,
        None,
        ALL,
    )
    .unwrap();
    let (first, second) = rate.halves();
    let both: Vec<f64> = first.each().chain(second.each()).collect();
    assert_eq!(both, rate.each().collect::<Vec<f64>>());
    let shifted: Vec<f64> = rate.shifted(150).each().collect();
    let expected = rate.each().skip(150).chain(rate.each().take(150));
    let off = shifted
        .iter()
        .zip(expected)
        .filter(|(is, should)| (*is - should).abs() > 0.03);
    assert!(off.count() <= 2, "but for the seam: {shifted:?}");
}

/// A recording of up to twenty minutes.
fn recording() -> impl Strategy<Value = String> {
    prop::collection::vec((10_u32..120, 0.0_f64..8.0), 2..10).prop_map(|steps| {
        let mut at = 0;
        let lines = steps.iter().map(|(step, value)| {
            at += step;
            format!("{at},{value}\n")
        });
        lines.collect()
    })
}

const POLICIES: [Policy; 7] = [
    Policy::Target,
    Policy::Ladder,
    Policy::Hpa(70.0),
    Policy::Knative(70.0),
    Policy::SquareRoot(1.5),
    Policy::Fixed(3),
    Policy::Oracle(1.0),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_seed_gives_the_same_figures_and_no_request_is_lost(
        text in recording(), seed: u64, burst in 0.0_f64..1.0, boot in 0_u64..9000,
    ) {
        let rate = Rate::new(&Trace::parse(&text).unwrap(), Scale::BusyWorkers, None, ALL).unwrap();
        let mut setting = Setting { seed, boot: Duration::from_millis(boot), ..setting() };
        setting.traffic.burst = burst;
        let project = project();
        let runs = replay(&rate, &setting, &project, &POLICIES);
        prop_assert_eq!(&runs, &replay(&rate, &setting, &project, &POLICIES));
        // A rule's figures do not depend on those beside it.
        prop_assert_eq!(&runs[1..2], &replay(&rate, &setting, &project, &POLICIES[1..2])[..]);
        for run in &runs {
            prop_assert_eq!(run.score.requests, runs[0].score.requests);
            prop_assert!(run.score.late_percent >= run.score.over_1_s_percent);
            prop_assert!(run.score.reversals_a_day <= run.score.steps_a_day);
        }
    }

    #[test]
    fn what_comes_begins_or_waits_and_the_workers_are_paid_for_each_moment(
        counts in prop::collection::vec((1_u32..9, 1_usize..40), 1..12), seed: u64, boot in 0_u64..9000,
    ) {
        let setting = setting();
        let mut arrivals = Arrivals::new(&setting.traffic, seed);
        let mut lane = Lane::new(3, boot * 1_000_000, ns(setting.promise.wait));
        let (mut arrived, mut begun, mut kept, mut busy) = (0, 0, 0.0, 0.0);
        for (workers, seconds) in counts {
            for _ in 0..seconds {
                let there = lane.workers();
                let second = lane.pass(arrivals.next(4.0));
                arrived += second.arrived;
                begun += second.begun;
                busy += second.busy;
                kept += f64::from(there);
                prop_assert_eq!(there, second.workers + second.booting);
                prop_assert_eq!(arrived, begun + second.waiting);
                prop_assert!(second.late <= second.begun && second.busy >= 0.0 && second.queued >= 0.0);
            }
            lane.set(workers);
            prop_assert_eq!(lane.workers(), workers);
        }
        let paid = lane.worker_ns() as f64 / SECOND as f64;
        // What a worker that goes still serves comes on top.
        prop_assert!(paid >= kept - 1e-6 && busy <= paid + 1e-6, "{} {} {}", paid, kept, busy);
        prop_assert!(paid <= kept + 60.0, "{} {}", paid, kept);
    }
}
