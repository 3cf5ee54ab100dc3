use std::collections::VecDeque;
use std::future::{Future, ready};

use super::*;
use crate::act::actuator::Boot;
use crate::model::{AfterBoot, Language, Refusal};
use crate::words::scale_error;

/// A server whose answers to each look are written down beforehand; the last one stays.
struct Script {
    looks: VecDeque<Result<Vec<u32>, Refusal>>,
    asked: Vec<Step>,
    refuse: Option<Refusal>,
}

impl Script {
    fn new(looks: &[&[u32]]) -> Self {
        let looks = looks.iter().map(|pids| Ok(pids.to_vec())).collect();
        Self {
            looks,
            asked: Vec::new(),
            refuse: None,
        }
    }
}

fn id(pid: u32) -> ProcessId {
    ProcessId { pid, start_ticks: 1 }
}

impl Actuator for Script {
    fn workers(&mut self) -> impl Future<Output = Result<Vec<ProcessId>, Refusal>> + Send {
        let look = if self.looks.len() > 1 {
            self.looks.pop_front()
        } else {
            self.looks.front().cloned()
        };
        ready(look.unwrap().map(|pids| pids.into_iter().map(id).collect()))
    }

    fn check(&mut self, _step: Step) -> impl Future<Output = Result<(), Refusal>> + Send {
        ready(self.refuse.clone().map_or(Ok(()), Err))
    }

    fn ask(&mut self, step: Step) -> impl Future<Output = Result<(), Refusal>> + Send {
        if self.refuse.is_none() {
            self.asked.push(step);
        }
        self.check(step)
    }
}

/// A server that does what it is asked, one look later, and counts what was asked too early.
#[derive(Default)]
struct Obedient {
    workers: Vec<u32>,
    next: u32,
    due: Option<Step>,
    too_early: u32,
}

impl Obedient {
    fn with(count: u32) -> Self {
        Self {
            workers: (1..=count).collect(),
            next: count + 1,
            ..Self::default()
        }
    }
}

impl Actuator for Obedient {
    fn workers(&mut self) -> impl Future<Output = Result<Vec<ProcessId>, Refusal>> + Send {
        let seen = self.workers.iter().copied().map(id).collect();
        match self.due.take() {
            Some(Step::Up) => {
                self.workers.push(self.next);
                self.next += 1;
            }
            Some(Step::Down) => drop(self.workers.remove(0)),
            None => {}
        }
        ready(Ok(seen))
    }

    fn check(&mut self, _step: Step) -> impl Future<Output = Result<(), Refusal>> + Send {
        ready(Ok(()))
    }

    fn ask(&mut self, step: Step) -> impl Future<Output = Result<(), Refusal>> + Send {
        self.too_early += u32::from(self.due.is_some());
        self.due = Some(step);
        ready(Ok(()))
    }
}

fn plan(from: &[u32], to: u32) -> Plan {
    Plan {
        workers: from.iter().copied().map(id).collect(),
        to,
        bounds: Bounds { min: 1, max: 9 },
        together: false,
    }
}

async fn run(actuator: &mut impl Actuator, plan: &Plan) -> Result<Scaled, ScaleError> {
    scale(actuator, plan, &Timing::default(), false).await
}

async fn cause(actuator: &mut impl Actuator, plan: &Plan) -> Cause {
    run(actuator, plan).await.unwrap_err().cause
}

#[tokio::test(start_paused = true)]
async fn eight_steps_arrive_as_eight_and_go_back() {
    let mut server = Obedient::with(1);
    let up = run(&mut server, &plan(&[1], 9)).await.unwrap();
    assert_eq!(up, Scaled { from: 1, to: 9 });
    let down = run(&mut server, &plan(&[1, 2, 3, 4, 5, 6, 7, 8, 9], 1))
        .await
        .unwrap();
    assert_eq!(down, Scaled { from: 9, to: 1 });
    assert_eq!(server.too_early, 0);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_does_not_arrive_is_asked_for_once() {
    for (to, step, after) in [(2, Step::Down, 45), (4, Step::Up, 30)] {
        let mut server = Script::new(&[&[1, 2, 3]]);
        let error = run(&mut server, &plan(&[1, 2, 3], to)).await.unwrap_err();
        assert_eq!((error.from, error.reached, error.wanted), (3, 3, to));
        let workers = vec![id(1), id(2), id(3)];
        assert_eq!(
            error.cause,
            Cause::TimedOut {
                step,
                after: Duration::from_secs(after),
                workers
            }
        );
        assert_eq!(server.asked, [step]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_says_how_far_it_came() {
    let mut server = Script::new(&[&[1], &[1, 2], &[1, 2, 3]]);
    let error = run(&mut server, &plan(&[1], 5)).await.unwrap_err();
    assert_eq!((error.from, error.reached, error.wanted), (1, 3, 5));
    assert_eq!(
        scale_error(Language::En, &error),
        "stopped at 3 workers on the way from 1 to 5: no worker came within 30 s"
    );
}

#[tokio::test(start_paused = true)]
async fn a_count_that_is_not_the_one_decided_on_ends_it_before_any_step() {
    let mut server = Script::new(&[&[1, 2, 3, 4]]);
    let moved = Cause::Moved { expected: 3, seen: 4 };
    assert_eq!(cause(&mut server, &plan(&[1, 2, 3], 2)).await, moved);
    let mut server = Script::new(&[&[7]]);
    assert_eq!(cause(&mut server, &plan(&[1, 2, 3], 4)).await, Cause::Reloaded);
    assert!(server.asked.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_worker_being_recycled_does_not_end_it() {
    let mut server = Script::new(&[&[2], &[2, 3], &[3], &[3], &[3, 4], &[3, 4, 5]]);
    let scaled = run(&mut server, &plan(&[1, 2], 3)).await.unwrap();
    assert_eq!(scaled, Scaled { from: 2, to: 3 });
    assert_eq!(server.asked, [Step::Up]);
}

#[tokio::test(start_paused = true)]
async fn a_reload_in_the_middle_ends_it() {
    let mut server = Script::new(&[&[1, 2], &[1, 2, 3], &[1, 2, 3, 4, 5], &[4, 5]]);
    let error = run(&mut server, &plan(&[1, 2], 3)).await.unwrap();
    assert_eq!(error, Scaled { from: 2, to: 3 }, "arrived before the reload");
    let mut server = Script::new(&[&[1, 2], &[1, 2], &[7]]);
    assert_eq!(cause(&mut server, &plan(&[1, 2], 4)).await, Cause::Reloaded);
    assert_eq!(server.asked, [Step::Up]);
}

#[tokio::test(start_paused = true)]
async fn a_count_that_goes_the_other_way_ends_it() {
    let mut server = Script::new(&[&[1, 2, 3], &[2, 3]]);
    let moved = Cause::Moved { expected: 3, seen: 2 };
    assert_eq!(cause(&mut server, &plan(&[1, 2, 3], 4)).await, moved);
    let mut server = Script::new(&[&[1, 2], &[1, 2, 3]]);
    let moved = Cause::Moved { expected: 2, seen: 3 };
    assert_eq!(cause(&mut server, &plan(&[1, 2], 1)).await, moved);
}

#[tokio::test(start_paused = true)]
async fn a_master_that_vanishes_or_refuses_ends_it() {
    let gone = Refusal::Gone { pid: 9 };
    let mut server = Script::new(&[&[1, 2], &[1, 2]]);
    server.looks.push_back(Err(gone.clone()));
    let refused = Cause::Refused(gone.clone());
    assert_eq!(cause(&mut server, &plan(&[1, 2], 1)).await, refused);
    let mut server = Script::new(&[&[1]]);
    server.refuse = Some(gone.clone());
    assert_eq!(cause(&mut server, &plan(&[1], 2)).await, Cause::Refused(gone));
}

#[tokio::test(start_paused = true)]
async fn no_step_leaves_the_bounds_though_the_plan_does() {
    for (from, to, min, max, next) in [(2, 5, 1, 3, 4), (3, 1, 2, 9, 1), (2, 0, 0, 9, 0)] {
        let mut server = Obedient::with(from);
        let workers: Vec<u32> = (1..=from).collect();
        let bounds = Bounds { min, max };
        let plan = Plan {
            bounds,
            ..plan(&workers, to)
        };
        assert_eq!(
            cause(&mut server, &plan).await,
            Cause::OutsideBounds { next, bounds }
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_count_outside_the_bounds_is_brought_back() {
    let mut server = Obedient::with(6);
    let bounds = Bounds { min: 2, max: 3 };
    let plan = Plan {
        bounds,
        ..plan(&[1, 2, 3, 4, 5, 6], 3)
    };
    assert_eq!(run(&mut server, &plan).await.unwrap(), Scaled { from: 6, to: 3 });
}

#[tokio::test(start_paused = true)]
async fn workers_that_somebody_adds_meanwhile_count() {
    let mut server = Script::new(&[&[1], &[1, 2, 3, 4, 5]]);
    let scaled = run(&mut server, &plan(&[1], 3)).await.unwrap();
    assert_eq!(scaled, Scaled { from: 1, to: 5 });
    assert_eq!(server.asked, [Step::Up]);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_checks_and_asks_for_nothing() {
    let mut server = Script::new(&[&[1]]);
    let planned = scale(&mut server, &plan(&[1], 4), &Timing::default(), true)
        .await
        .unwrap();
    assert_eq!(planned, Scaled { from: 1, to: 4 });
    server.refuse = Some(Refusal::Gone { pid: 9 });
    let refused = scale(&mut server, &plan(&[1], 4), &Timing::default(), true)
        .await
        .unwrap_err();
    assert_eq!(refused.cause, Cause::Refused(Refusal::Gone { pid: 9 }));
    assert!(server.asked.is_empty());
}

/// A server beside which something happens at the first step that it is asked for.
struct Interrupted<F> {
    server: Obedient,
    asked: u32,
    at_first: F,
}

impl<F: FnMut() + Send> Actuator for Interrupted<F> {
    fn workers(&mut self) -> impl Future<Output = Result<Vec<ProcessId>, Refusal>> + Send {
        self.server.workers()
    }

    fn check(&mut self, step: Step) -> impl Future<Output = Result<(), Refusal>> + Send {
        self.server.check(step)
    }

    fn ask(&mut self, step: Step) -> impl Future<Output = Result<(), Refusal>> + Send {
        self.asked += 1;
        if self.asked == 1 {
            (self.at_first)();
        }
        self.server.ask(step)
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_cancelled_lets_the_step_arrive_and_asks_for_no_other() {
    let (cancel, handle) = CancelToken::new();
    let mut server = Interrupted {
        server: Obedient::with(2),
        asked: 0,
        at_first: || handle.cancel(),
    };
    let plan = plan(&[1, 2], 9);
    let walked = scale_under(&cancel, &mut server, &plan, &Timing::default(), false).await;
    let error = walked.end.unwrap_err();
    assert_eq!(error.cause, Cause::Withdrawn);
    assert_eq!((error.from, error.reached, error.wanted), (2, 3, 9));
    assert_eq!(walked.left, [1, 2, 3].map(id));
    assert_eq!(server.asked, 1);
}

#[tokio::test(start_paused = true)]
async fn what_the_steps_left_is_what_there_was_before_a_reload() {
    let mut server = Script::new(&[&[1, 2], &[1, 2, 3], &[7, 8]]);
    let (cancel, plan) = (CancelToken::default(), plan(&[1, 2], 5));
    let walked = scale_under(&cancel, &mut server, &plan, &Timing::default(), false).await;
    assert_eq!(walked.end.unwrap_err().cause, Cause::Reloaded);
    assert_eq!(walked.left, [1, 2, 3].map(id));
}

/// A server whose looks are written down, and which of its workers serve; it takes the newest away or the oldest.
struct Boots {
    script: Script,
    serves: fn(u32) -> Boot,
    newest_first: bool,
    /// Its workers live on after it.
    outlives: bool,
    /// Its count lasts, and its workers are replaced after their work.
    is_pool: bool,
}

impl Boots {
    fn new(looks: &[&[u32]], serves: fn(u32) -> Boot) -> Self {
        Self {
            script: Script::new(looks),
            serves,
            newest_first: false,
            outlives: false,
            is_pool: false,
        }
    }
}

impl Actuator for Boots {
    fn workers(&mut self) -> impl Future<Output = Result<Vec<ProcessId>, Refusal>> + Send {
        self.script.workers()
    }

    fn check(&mut self, step: Step) -> impl Future<Output = Result<(), Refusal>> + Send {
        self.script.check(step)
    }

    fn ask(&mut self, step: Step) -> impl Future<Output = Result<(), Refusal>> + Send {
        self.script.ask(step)
    }

    fn boot(&mut self, worker: ProcessId) -> impl Future<Output = Result<Boot, Refusal>> + Send {
        let ended = self.script.looks.len() == 1 && self.script.looks[0].is_err();
        ready(if ended && !self.outlives {
            Err(Refusal::Gone { pid: worker.pid })
        } else {
            Ok((self.serves)(worker.pid))
        })
    }

    fn keeps_its_count(&self) -> bool {
        self.is_pool
    }

    fn recycles(&self) -> bool {
        self.is_pool
    }

    fn takes_newest(&self, _worker: ProcessId) -> bool {
        self.newest_first
    }
}

fn gone() -> Result<Vec<u32>, Refusal> {
    Err(Refusal::Gone { pid: 9 })
}

#[tokio::test(start_paused = true)]
async fn a_step_up_is_done_when_its_worker_serves_and_not_before() {
    let boots = |_| Boot::Boots;
    let mut server = Boots::new(&[&[1], &[1, 2]], boots);
    let after = Timing::default().boot;
    let not_serving = Cause::NotServing { pid: 2, after };
    assert_eq!(cause(&mut server, &plan(&[1], 3)).await, not_serving);
    assert_eq!(server.script.asked, [Step::Up], "nothing is asked on top of it");

    let mut server = Boots::new(&[&[1], &[1, 2], &[1, 2, 3]], |_| Boot::Serves);
    let walked = scale_under(
        &CancelToken::default(),
        &mut server,
        &plan(&[1], 2),
        &Timing::default(),
        false,
    )
    .await;
    assert!(walked.end.is_ok() && walked.slowest_boot.is_some());
}

#[tokio::test(start_paused = true)]
async fn where_nothing_shows_that_it_serves_it_must_live_for_a_while() {
    let proof = |_| Boot::Untold(Duration::from_secs(10));
    let start = Instant::now();
    let mut server = Boots::new(&[&[1], &[1, 2]], proof);
    assert!(run(&mut server, &plan(&[1], 2)).await.is_ok());
    assert!((10..12).contains(&start.elapsed().as_secs()));
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_ends_the_server_with_it_is_no_step() {
    for seen in [true, false] {
        let mut server = Boots::new(&[&[1], &[1, 2], &[1]], |_| Boot::Boots);
        if !seen {
            server.script.looks.truncate(1);
        }
        server.script.looks.push_back(gone());
        let pid = seen.then_some(2);
        let ended = Cause::BootFailed {
            pid,
            server: AfterBoot::Ended,
        };
        let error = run(&mut server, &plan(&[1], 3)).await.unwrap_err();
        assert_eq!(error.cause, ended);
        assert_eq!(error.workers_to_hold(), None);
        assert_eq!(server.script.asked, [Step::Up]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_its_new_worker_outlives_was_not_ended_by_it() {
    let mut server = Boots::new(&[&[1], &[1, 2], &[1, 2]], |_| Boot::Boots);
    server.script.looks.push_back(gone());
    server.outlives = true;
    let refused = Cause::Refused(Refusal::Gone { pid: 9 });
    assert_eq!(cause(&mut server, &plan(&[1], 3)).await, refused);
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_ends_alone_is_no_step_either() {
    let mut server = Boots::new(&[&[1], &[1, 2], &[1]], |_| Boot::Boots);
    let goes_on = Cause::BootFailed {
        pid: Some(2),
        server: AfterBoot::GoesOn,
    };
    assert_eq!(cause(&mut server, &plan(&[1], 2)).await, goes_on);
}

/// `--max-tasks-per-child`: every task ends its process.
#[tokio::test(start_paused = true)]
async fn a_pool_that_replaces_its_processes_has_not_reloaded_and_its_new_one_served() {
    let proof = |_| Boot::Untold(Duration::from_secs(1));
    let looks: &[&[u32]] = &[&[3, 4], &[3, 4], &[5, 6, 7], &[5, 8, 9], &[10, 11, 12]];
    let mut pool = Boots::new(looks, proof);
    pool.is_pool = true;
    let scaled = run(&mut pool, &plan(&[1, 2], 3)).await.unwrap();
    assert_eq!(scaled, Scaled { from: 2, to: 3 });
    let mut server = Boots::new(looks, proof);
    assert_eq!(cause(&mut server, &plan(&[1, 2], 3)).await, Cause::Reloaded);
}

/// gunicorn would end its oldest worker, which serves.
#[tokio::test(start_paused = true)]
async fn a_step_is_taken_back_only_where_that_takes_the_newest() {
    let looks: &[&[u32]] = &[&[1], &[1, 2], &[1, 2], &[1, 3], &[1, 3]];
    for (newest_first, server_does, asked) in [
        (false, AfterBoot::StartsAgain, vec![Step::Up]),
        (true, AfterBoot::TakenBack, vec![Step::Up, Step::Down]),
    ] {
        let mut server = Boots::new(looks, |_| Boot::Boots);
        server.newest_first = newest_first;
        if newest_first {
            server.script.looks.push_back(Ok(vec![1]));
        }
        let failed = Cause::BootFailed {
            pid: Some(2),
            server: server_does,
        };
        assert_eq!(cause(&mut server, &plan(&[1], 2)).await, failed);
        assert_eq!(server.script.asked, asked);
    }
}

#[tokio::test(start_paused = true)]
async fn workers_that_are_wanted_together_are_asked_for_one_after_the_other_and_boot_beside_each_other() {
    let together = Plan {
        together: true,
        ..plan(&[1], 4)
    };
    let proof = |_| Boot::Untold(Duration::from_secs(10));
    let start = Instant::now();
    let looks: &[&[u32]] = &[&[1], &[1, 2], &[1, 2, 3], &[1, 2, 3], &[1, 2, 3, 4]];
    let mut server = Boots::new(looks, proof);
    assert_eq!(
        run(&mut server, &together).await.unwrap(),
        Scaled { from: 1, to: 4 }
    );
    assert_eq!(server.script.asked, [Step::Up; 3]);
    assert!(
        (10..13).contains(&start.elapsed().as_secs()),
        "one boot, not three"
    );

    let mut server = Obedient::with(1);
    assert_eq!(
        run(&mut server, &together).await.unwrap(),
        Scaled { from: 1, to: 4 }
    );
    assert_eq!(server.too_early, 0);
}

#[tokio::test(start_paused = true)]
async fn of_workers_that_are_wanted_together_all_are_taken_back_where_one_does_not_serve() {
    let together = Plan {
        together: true,
        ..plan(&[1], 3)
    };
    let looks: &[&[u32]] = &[&[1], &[1, 2], &[1, 2, 3], &[1, 3], &[1, 3, 4], &[1]];
    let mut server = Boots::new(looks, |_| Boot::Boots);
    server.newest_first = true;
    let failed = Cause::BootFailed {
        pid: Some(2),
        server: AfterBoot::TakenBack,
    };
    assert_eq!(cause(&mut server, &together).await, failed);
    assert_eq!(server.script.asked, [Step::Up, Step::Up, Step::Down, Step::Down]);
}

#[tokio::test(start_paused = true)]
async fn one_that_ends_before_the_next_has_come_could_not_boot() {
    let together = Plan {
        together: true,
        ..plan(&[1], 4)
    };
    let looks: &[&[u32]] = &[&[1], &[1, 2], &[1], &[1, 3], &[1], &[1, 4]];
    let mut server = Boots::new(looks, |_| Boot::Boots);
    let failed = Cause::BootFailed {
        pid: Some(2),
        server: AfterBoot::StartsAgain,
    };
    assert_eq!(cause(&mut server, &together).await, failed);
    assert_eq!(
        server.script.asked,
        [Step::Up; 2],
        "no more of them are asked for"
    );
}
