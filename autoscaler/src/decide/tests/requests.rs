//! Ladders over requests, and what requests have against steps of other ladders.

use std::time::Duration;

use proptest::prelude::*;

use crate::decide::tests::bench::{Bench, backdipro};
use crate::model::{
    Action, Concurrency, CpuBasis, Decision, Histogram, Ladder, Measure, Policy, ProjectSample, Promise,
    Reason, RequestFault, RequestFigures, RequestRules, RequestSample,
};

/// What requests show of a site that waits for its database.
#[derive(Clone, Copy)]
struct Site {
    /// Requests that would be served at a time, if there were as many workers.
    offered: f64,
    /// Time of service.
    service: Duration,
    /// Requests that take too long.
    long: usize,
    /// What 95 of 100 wait for, where there are workers enough.
    wait: Duration,
    threads: u32,
}

const SITE: Site = Site {
    offered: 0.5,
    service: Duration::from_millis(200),
    long: 0,
    wait: Duration::from_millis(1),
    threads: 1,
};

impl Site {
    fn offering(offered: f64) -> Self {
        Self { offered, ..SITE }
    }

    fn figures(self, bench: &Bench) -> RequestFigures {
        let slots = (bench.count() * self.threads) as usize - self.long;
        let busy = self.offered.min(slots as f64);
        let crowded = self.offered > busy;
        let answers = busy / self.service.as_secs_f64() * bench.interval.as_secs_f64();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "small and positive"
        )]
        let answered = answers as u64;
        let wait = if crowded {
            Duration::from_secs(2)
        } else {
            self.wait
        };
        let waits: Histogram = (0..answered.min(100)).map(|_| wait).collect();
        RequestFigures {
            covered: bench.interval,
            begun: answered,
            answered,
            busy,
            long: self.long,
            waited: wait * u32::try_from(answered).unwrap(),
            waits,
            served: bench.interval.mul_f64(busy),
            waiting: usize::from(crowded),
            ..RequestFigures::default()
        }
    }

    fn sample(self, bench: &Bench) -> ProjectSample {
        ProjectSample {
            requests: Some(Ok(RequestSample {
                figures: self.figures(bench),
                concurrency: Concurrency::Threads(self.threads),
                reads_ahead: false,
            })),
            // It waits for its database: hardly any CPU.
            ..bench.sample(Some(0.02))
        }
    }

    fn check(self, bench: &mut Bench) -> Decision {
        let sample = self.sample(bench);
        bench.check_sample(&sample)
    }
}

fn rungs(up: &[(u32, f64)], down: &[(u32, f64)]) -> Ladder {
    Ladder {
        up: up.iter().copied().collect(),
        down: down.iter().copied().collect(),
        up_hold: Duration::from_mins(2),
        down_hold: Duration::from_mins(10),
    }
}

/// 1 to 6 workers by their busy slots alone.
fn by_busy(workers: u32) -> Bench {
    let mut project = backdipro(CpuBasis::Workers);
    project.cpu = None;
    let up: Vec<(u32, f64)> = (2..=6).map(|n| (n, 75.0)).collect();
    project.requests = RequestRules {
        wanted: true,
        busy: Some(rungs(
            &up,
            &[(1, 40.0), (2, 40.0), (3, 40.0), (4, 40.0), (5, 40.0)],
        )),
        ..RequestRules::default()
    };
    Bench::new(project, workers)
}

/// The user's own ladder over the CPU, of a project whose requests are seen.
fn by_cpu(workers: u32) -> Bench {
    let mut bench = Bench::new(backdipro(CpuBasis::Workers), workers);
    bench.project.requests.wanted = true;
    bench
}

fn settle(bench: &mut Bench, site: Site) -> u32 {
    for _ in 0..40 {
        site.check(bench);
    }
    bench.count()
}

#[test]
fn busy_workers_lead_up_though_their_cpu_is_idle() {
    let mut bench = by_busy(1);
    assert_eq!(
        settle(&mut bench, Site::offering(3.0)),
        4,
        "3 of 4 are 75 %, and not above"
    );
    let decision = Site::offering(3.6).check(&mut bench);
    assert_eq!(decision.action, Action::ScaleUp { from: 4, to: 5 });
    let Reason::AboveRung { measure, value, .. } = decision.reason else {
        panic!("{decision:?}")
    };
    assert_eq!((measure, value.map(f64::round)), (Measure::Busy, Some(90.0)));
    assert_eq!(settle(&mut bench, Site::offering(0.2)), 1);
}

#[test]
fn a_step_down_of_busy_workers_does_not_flap() {
    let mut bench = by_busy(6);
    // Below 40 % of six, and 75 % of three.
    let reached = settle(&mut bench, Site::offering(2.25));
    assert_eq!(reached, 4, "70 % of three would be the limit");
    for _ in 0..40 {
        assert_eq!(Site::offering(2.25).check(&mut bench).action, Action::Hold);
    }
}

#[test]
fn threads_are_slots() {
    let mut bench = by_busy(2);
    let site = Site {
        threads: 4,
        ..Site::offering(5.0)
    };
    assert_eq!(site.check(&mut bench).action, Action::Hold, "5 of 8");
    assert_eq!(bench.count(), 2);
    let site = Site {
        threads: 4,
        ..Site::offering(7.0)
    };
    assert_eq!(site.check(&mut bench).action, Action::ScaleUp { from: 2, to: 3 });
}

#[test]
fn waiting_leads_up_by_its_own_ladder() {
    let mut bench = by_busy(1);
    bench.project.requests.busy = None;
    bench.project.requests.wait = Some(rungs(&[(2, 100.0), (3, 200.0), (4, 400.0)], &[(1, 20.0)]));
    assert_eq!(settle(&mut bench, Site::offering(2.5)), 3);
    let decision = Site::offering(3.5).check(&mut bench);
    let Reason::AboveRung { measure, value, .. } = decision.reason else {
        panic!("{decision:?}")
    };
    assert_eq!(measure, Measure::Wait);
    assert!((value.unwrap() / 2000.0 - 1.0).abs() < 0.07, "{value:?}");
}

#[test]
fn low_cpu_does_not_take_busy_workers_away() {
    let mut bench = by_cpu(5);
    let mut reasons = Vec::new();
    for _ in 0..20 {
        reasons.push(Site::offering(4.4).check(&mut bench).reason);
    }
    assert_eq!(bench.count(), 5);
    let Some(Reason::WorkersBusy { to: 4, projected, .. }) = reasons.last() else {
        panic!("{reasons:?}")
    };
    assert!((projected - 110.0).abs() < 1e-9);
    // Without the requests the same CPU leads down.
    let idle = Site::offering(0.1);
    assert_eq!(settle(&mut bench, idle), 1);
}

#[test]
fn low_cpu_takes_as_many_as_the_requests_leave() {
    let mut bench = by_cpu(5);
    let mut last = Vec::new();
    for _ in 0..10 {
        last.push(Site::offering(2.0).check(&mut bench).action);
    }
    assert!(
        last.contains(&Action::ScaleDown { from: 5, to: 3 }),
        "2 of 3 are 67 %: {last:?}"
    );
    assert_eq!(settle(&mut bench, Site::offering(2.0)), 3);
}

#[test]
fn low_cpu_does_not_take_workers_away_that_requests_wait_for() {
    let mut bench = by_cpu(3);
    let site = Site {
        wait: Duration::from_millis(400),
        ..SITE
    };
    let reason = (0..20).map(|_| site.check(&mut bench).reason).last();
    assert!(matches!(reason, Some(Reason::RequestsWait { .. })), "{reason:?}");
    bench.project.requests.down_while_busy = true;
    assert_eq!(settle(&mut bench, site), 1);
}

#[test]
fn the_users_example_goes_down_as_before_where_requests_are_seen_and_do_not_wait() {
    let mut bench = by_cpu(6);
    bench.project.cpu_basis = CpuBasis::Host;
    let mut steps = Vec::new();
    for _ in 0..20 {
        let sample = ProjectSample {
            ..Site::offering(0.5).sample(&bench)
        };
        steps.push(bench.check_sample(&sample).action);
    }
    assert!(steps.contains(&Action::ScaleDown { from: 6, to: 1 }), "{steps:?}");
}

#[test]
fn more_workers_that_only_make_a_database_slower_are_not_followed_by_more() {
    let mut bench = by_busy(2);
    let at = |millis| Site {
        service: Duration::from_millis(millis),
        ..Site::offering(10.0)
    };
    assert_eq!(
        at(200).check(&mut bench).action,
        Action::ScaleUp { from: 2, to: 3 }
    );
    // 10 answers a second is all that the database has.
    let decision = (0..3).map(|_| at(300).check(&mut bench)).last().unwrap();
    assert_eq!((decision.action, bench.count()), (Action::Blocked, 3));
    let Reason::SlowerNotBusier {
        workers_before: 2,
        answers_before,
        answers,
        ..
    } = decision.reason
    else {
        panic!("{decision:?}")
    };
    assert!((answers_before - 10.0).abs() < 0.1 && (answers - 10.0).abs() < 0.1);
    // It recovers, and the load asks for more than ever.
    let decision = at(200).check(&mut bench);
    assert_eq!(decision.action, Action::ScaleUp { from: 3, to: 4 });
}

#[test]
fn a_step_that_helped_is_followed_by_the_next() {
    let mut bench = by_busy(1);
    assert_eq!(settle(&mut bench, Site::offering(20.0)), 6);
}

#[test]
fn a_database_that_answers_nobody_brings_one_step_and_no_more() {
    let mut bench = by_busy(2);
    Site::offering(10.0).check(&mut bench);
    let stuck = |bench: &Bench| {
        let mut sample = Site::offering(10.0).sample(bench);
        if let Some(Ok(requests)) = &mut sample.requests {
            (requests.figures.answered, requests.figures.served) = (0, Duration::ZERO);
        }
        sample
    };
    for _ in 0..10 {
        let sample = stuck(&bench);
        bench.check_sample(&sample);
    }
    assert_eq!(bench.count(), 3);
}

#[test]
fn long_requests_take_slots_and_are_not_busy() {
    let mut bench = by_busy(4);
    let site = Site {
        long: 2,
        ..Site::offering(1.0)
    };
    assert_eq!(site.check(&mut bench).action, Action::Hold, "1 of 2 left");
    let site = Site {
        long: 2,
        ..Site::offering(1.9)
    };
    assert_eq!(site.check(&mut bench).action, Action::ScaleUp { from: 4, to: 5 });
}

#[test]
fn what_cannot_be_seen_leads_nowhere_and_says_why() {
    let mut bench = by_busy(3);
    let unseen = ProjectSample {
        requests: Some(Err(RequestFault::NotSeen)),
        ..bench.sample(Some(0.02))
    };
    let looped = |bench: &Bench| {
        let mut sample = Site::offering(9.0).sample(bench);
        if let Some(Ok(requests)) = &mut sample.requests {
            requests.concurrency = Concurrency::EventLoop;
        }
        sample
    };
    let looped = looped(&bench);
    for (sample, fault) in [(unseen, RequestFault::NotSeen), (looped, RequestFault::EventLoop)] {
        for _ in 0..20 {
            let decision = bench.check_sample(&sample);
            assert_eq!(
                (decision.action, decision.reason),
                (Action::Blocked, Reason::RequestsUnseen(fault))
            );
        }
    }
}

#[test]
fn a_promise_about_requests_that_cannot_be_seen_says_why() {
    let mut bench = by_busy(3);
    bench.project.policy = Policy::Target(Promise::default());
    (bench.project.cpu, bench.project.requests) = (None, RequestRules::default());
    let unseen = ProjectSample {
        requests: Some(Err(RequestFault::NotSeen)),
        ..bench.sample(Some(0.02))
    };
    let mut ahead = SITE.sample(&bench);
    if let Some(Ok(requests)) = &mut ahead.requests {
        requests.reads_ahead = true;
    }
    for (sample, fault) in [(unseen, RequestFault::NotSeen), (ahead, RequestFault::ReadsAhead)] {
        assert_eq!(RequestFault::of(&bench.project, &sample), Some(fault));
    }
    assert_eq!(RequestFault::of(&bench.project, &SITE.sample(&bench)), None);
}

#[test]
fn a_host_without_a_free_cpu_stands_against_workers_that_compute_and_not_against_those_that_wait() {
    for (on_cpu, waited, steps) in [(0.02, 0.02, true), (1.2, 0.6, false)] {
        let mut bench = by_busy(2);
        bench.host.busy_percent = Some(99.0);
        let mut sample = Site::offering(9.0).sample(&bench);
        if let Some(cpu) = &mut sample.cpu {
            cpu.on_cpu = bench.interval.mul_f64(on_cpu);
            cpu.wait = Some(bench.interval.mul_f64(waited));
        }
        let decision = bench.check_sample(&sample);
        assert_eq!(decision.action.to().is_some(), steps, "{decision:?}");
    }
}

#[test]
fn a_server_that_reads_ahead_is_not_judged_by_its_waits() {
    let mut bench = by_busy(3);
    bench.project.requests.wait = Some(rungs(&[(4, 100.0)], &[(1, 20.0)]));
    for _ in 0..10 {
        let mut sample = SITE.sample(&bench);
        if let Some(Ok(requests)) = &mut sample.requests {
            requests.reads_ahead = true;
        }
        let decision = bench.check_sample(&sample);
        assert_eq!(decision.reason, Reason::RequestsUnseen(RequestFault::ReadsAhead));
    }
    let mut sample = Site::offering(3.0).sample(&bench);
    if let Some(Ok(requests)) = &mut sample.requests {
        requests.reads_ahead = true;
    }
    assert_eq!(
        bench.check_sample(&sample).action,
        Action::ScaleUp { from: 3, to: 4 },
        "busy leads up all the same"
    );
}

#[test]
fn a_boot_is_no_busy_worker() {
    let mut bench = by_busy(2);
    bench.project.requests.busy.as_mut().unwrap().up_hold = Duration::ZERO;
    assert_eq!(
        Site::offering(9.0).check(&mut bench).action,
        Action::ScaleUp { from: 2, to: 3 }
    );
    assert_eq!(
        Site::offering(9.0).check(&mut bench).action,
        Action::Hold,
        "the third boots"
    );
    assert_eq!(
        Site::offering(9.0).check(&mut bench).action,
        Action::ScaleUp { from: 3, to: 4 }
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_step_down_never_leaves_less_than_was_busy(offered in prop::collection::vec(0.0..7.0f64, 1..60), start in 1u32..7) {
        for mut bench in [by_busy(start), by_cpu(start)] {
            let mut highest = std::collections::VecDeque::new();
            for offered in &offered {
                let before = bench.count();
                highest.push_back(offered.min(f64::from(before)));
                let decision = Site::offering(*offered).check(&mut bench);
                prop_assert!((1..=6).contains(&bench.count()));
                if let Action::ScaleDown { to, .. } = decision.action {
                    // Both hold for at least ten minutes: five checks.
                    let busy = highest.iter().rev().take(5).fold(0.0, |most: f64, busy| most.max(*busy));
                    prop_assert!(busy <= 0.75 * f64::from(to) + 1e-9, "{busy} busy, {to} left");
                }
                if decision.action != Action::Hold {
                    highest.clear();
                }
            }
        }
    }
}
