use std::iter::repeat_n;

use proptest::prelude::*;

use super::*;

fn promise() -> Promise {
    Promise::default()
}

fn room(workers: u32) -> Room {
    Room {
        workers,
        bounds: Bounds { min: 1, max: 8 },
        boot: 4.0,
        threads: 1,
        taken: 0,
    }
}

/// A second in which `begun` requests of 100 ms were served and `waiting` are left.
fn second(begun: f64, waiting: f64) -> Seen {
    Seen {
        seconds: 1.0,
        busy: begun / 10.0,
        requests: Some(SeenRequests {
            begun,
            late: 0.0,
            waiting,
        }),
    }
}

/// The count after each of these seconds, each step done at once.
fn counts(rule: &mut Rule, from: u32, seconds: impl IntoIterator<Item = Seen>) -> Vec<u32> {
    let mut workers = from;
    let step = |seen| {
        let wish = rule.look(&promise(), &seen, room(workers));
        if wish.workers != workers {
            rule.stepped();
        }
        workers = wish.workers;
        workers
    };
    seconds.into_iter().map(step).collect()
}

#[test]
fn a_load_that_stands_still_leads_to_one_count_and_stays_there() {
    let mut rule = Rule::default();
    let counts = counts(&mut rule, 1, repeat_n(second(20.0, 0.0), 4000));
    let settled = counts[600];
    assert!((3..=6).contains(&settled), "2 busy workers: {settled}");
    assert!(counts[600..].iter().all(|count| *count == settled));
}

#[test]
fn requests_that_wait_are_answered_by_several_workers_at_once() {
    let mut rule = Rule::default();
    let calm = counts(&mut rule, 2, repeat_n(second(5.0, 0.0), 600));
    let workers = *calm.last().unwrap();
    let wish = rule.look(&promise(), &second(20.0, 60.0), room(workers));
    assert!(
        wish.urgent && wish.workers >= workers + 2,
        "{wish:?} from {workers}"
    );
}

#[test]
fn a_short_lull_takes_no_worker_away_and_a_long_one_does() {
    let mut rule = Rule::default();
    let busy = counts(&mut rule, 4, repeat_n(second(20.0, 0.0), 1200));
    let workers = *busy.last().unwrap();
    let lull = counts(&mut rule, workers, repeat_n(second(4.0, 0.0), 30));
    assert_eq!(lull.last(), Some(&workers));
    let calm = counts(&mut rule, workers, repeat_n(second(4.0, 0.0), 900));
    assert!(*calm.last().unwrap() < workers);
}

#[test]
fn a_load_known_by_its_cpu_alone_is_tried_with_more_workers_where_all_are_busy() {
    let mut rule = Rule::default();
    let seen = Seen {
        seconds: 1.0,
        busy: 3.9,
        requests: None,
    };
    let wish = rule.look(&promise(), &seen, room(4));
    assert!(wish.urgent && wish.workers >= 6, "{wish:?}");
}

#[test]
fn what_is_learned_survives_a_restart() {
    let mut rule = Rule::default();
    counts(&mut rule, 2, repeat_n(second(20.0, 1.0), 900));
    let text = serde_json::to_string(&rule).unwrap();
    let mut again: Rule = serde_json::from_str(&text).unwrap();
    assert_eq!(again.price, rule.price);
    assert!((again.service(&promise()) - 0.1).abs() < 1e-6);
    let wish = again.look(&promise(), &second(20.0, 1.0), room(4));
    assert!(wish.needed >= 3, "{wish:?}");
}

#[test]
fn a_worker_is_worth_less_the_more_there_are() {
    let mut rule = Rule::default();
    counts(&mut rule, 4, repeat_n(second(30.0, 0.0), 600));
    let gains: Vec<f64> = (3..8).map(|workers| rule.gain(room(workers))).collect();
    assert!(gains.windows(2).all(|pair| pair[0] > pair[1]), "{gains:?}");
}

#[test]
fn a_worker_with_threads_serves_as_many_and_a_long_request_takes_one() {
    let mut rule = Rule::default();
    for _ in 0..600 {
        rule.look(&promise(), &second(20.0, 0.0), room(4));
    }
    let mut needed = |threads, taken| {
        let room = Room {
            threads,
            taken,
            ..room(4)
        };
        rule.look(&promise(), &second(20.0, 0.0), room).needed
    };
    assert_eq!(needed(4, 0), needed(1, 0).div_ceil(4));
    assert_eq!(needed(1, 2), needed(1, 0) + 2);
}

fn anything() -> impl Strategy<Value = Seen> {
    let requests = (0.0..500.0_f64, 0.0..500.0_f64, 0.0..300.0_f64);
    let seen = (0.2..20.0_f64, 0.0..9.0_f64, prop::option::of(requests));
    seen.prop_map(|(seconds, busy, requests)| Seen {
        seconds,
        busy: busy * seconds,
        requests: requests.map(|(begun, late, waiting)| SeenRequests {
            begun: begun.floor(),
            late: late.min(begun).floor(),
            waiting: waiting.floor(),
        }),
    })
}

proptest! {
    #[test]
    fn whatever_comes_the_count_stays_within_its_bounds(
        looks in prop::collection::vec(anything(), 1..200), from in 1..9_u32,
    ) {
        let mut rule = Rule::default();
        let mut workers = from;
        for seen in looks {
            let wish = rule.look(&promise(), &seen, room(workers));
            prop_assert!((1..=8).contains(&wish.workers) && (1..=8).contains(&wish.needed), "{wish:?}");
            prop_assert!(wish.busy.is_finite() && rule.gain(room(workers)).is_finite());
            workers = wish.workers;
        }
        let text = serde_json::to_string(&rule).unwrap();
        prop_assert!(serde_json::from_str::<Rule>(&text).is_ok(), "{text}");
    }
}
