//! Looks gathered to the rows of the history: a project that is looked at each second has a row for each check and each
//! step, as any other has, and the row holds all of its interval.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::decide::{Case, Occasion, utilization_percent, wait_percent};
use crate::model::{CpuSample, Lateness, Look, Promise, RequestSample};

/// What was seen of projects with a promise since their last rows.
#[derive(Debug, Default)]
pub(super) struct Gathered(BTreeMap<String, Part>);

/// The part of a row that is not written yet.
#[derive(Debug, Default)]
struct Part {
    promise: Option<Promise>,
    cpu: Option<CpuSample>,
    requests: Option<RequestSample>,
    late: Option<Lateness>,
}

impl Gathered {
    /// The row that `look` makes, with all that came before it; `None` where it is a part of the next one.
    pub(super) fn row(&mut self, case: &Case<'_>, look: &Arc<Look>, occasion: Occasion) -> Option<Arc<Look>> {
        if look.promise.is_none() {
            self.0.remove(&look.project);
            return Some(Arc::clone(look));
        }
        let part = self.0.remove(&look.project);
        let before = part.filter(|part| part.promise == look.promise);
        let steps = look
            .decided
            .as_ref()
            .is_some_and(|decided| decided.action.to().is_some());
        if occasion == Occasion::Check || steps {
            return Some(match before {
                Some(part) => Arc::new(part.and_last(case, look)),
                None => Arc::clone(look),
            });
        }
        let part = before.unwrap_or_default().and_then(look);
        self.0.insert(look.project.clone(), part);
        None
    }

    /// Forgets projects that `keep` does not want.
    pub(super) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.0.retain(|project, _| keep(project));
    }
}

impl Part {
    /// This and what `look` saw since.
    fn and_then(self, look: &Look) -> Self {
        Self {
            promise: look.promise,
            cpu: both(self.cpu, look.cpu, CpuSample::and_then),
            requests: both(self.requests, look.requests.clone(), RequestSample::and_then),
            late: both(self.late, look.late, |mut late, more| {
                late.add(more);
                late
            }),
        }
    }

    /// `look` with the interval of this before its own.
    fn and_last(self, case: &Case<'_>, look: &Look) -> Look {
        let Self {
            cpu, requests, late, ..
        } = self.and_then(look);
        let mut figures = look.figures;
        if let Some(workers) = figures.workers {
            let basis = case.project.cpu_basis;
            let percent = |cpu| utilization_percent(basis, case.host, cpu, workers);
            figures.cpu_percent = cpu.as_ref().and_then(percent);
            figures.wait_percent = cpu.as_ref().and_then(wait_percent);
            figures.requests = requests.as_ref().map(|requests| requests.summary(workers));
        }
        Look {
            figures,
            cpu,
            requests,
            late,
            ..look.clone()
        }
    }
}

/// Two intervals as one, where there are two.
fn both<T>(earlier: Option<T>, later: Option<T>, one: impl FnOnce(T, T) -> T) -> Option<T> {
    match (earlier, later) {
        (Some(earlier), Some(later)) => Some(one(earlier, later)),
        (earlier, later) => later.or(earlier),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use proptest::prelude::*;

    use super::*;
    use crate::daemon::board::Board;
    use crate::model::{
        Action, Concurrency, Decision, Figures, Histogram, Host, Project, ProjectSample, Reason,
        RequestFigures, Unobservable,
    };

    const HOST: Host = Host {
        cpus: 4,
        memory_total_mib: 8000,
        memory_available_mib: 4000,
        busy_percent: None,
    };

    fn project(policy: &str) -> Project {
        let text = format!(r#"{{"web": {{"enabled": true, "max_workers": 6, {policy}}}}}"#);
        let config = crate::config::parse("config.json", &text).unwrap().config;
        config.projects["web"].clone()
    }

    fn promised() -> Project {
        project(r#""policy": "target""#)
    }

    /// One second in which a request waited for each of `waits` ms, and two workers were on a CPU for half of it.
    fn second(waits: &[u64]) -> ProjectSample {
        let waits: Histogram = waits.iter().copied().map(Duration::from_millis).collect();
        ProjectSample {
            cgroup: "/cg/web".into(),
            container: None,
            master: crate::model::ProcessId {
                pid: 10,
                start_ticks: 1,
            },
            workers: [11, 12]
                .map(|pid| crate::model::ProcessId { pid, start_ticks: 1 })
                .to_vec(),
            cpu: Some(CpuSample {
                covered: Duration::from_secs(1),
                on_cpu: Duration::from_secs(1),
                wait: None,
                allowed_cpus: 4.0,
                throttle: None,
            }),
            memory: crate::model::CgroupMemory::default(),
            queue: None,
            requests: Some(Ok(RequestSample {
                figures: RequestFigures {
                    covered: Duration::from_secs(1),
                    begun: waits.count(),
                    answered: waits.count(),
                    busy: 1.0,
                    waits,
                    ..RequestFigures::default()
                },
                concurrency: Concurrency::Threads(1),
                reads_ahead: false,
            })),
        }
    }

    fn decision(action: Action) -> Decision {
        Decision {
            action,
            reason: Reason::WithinThresholds,
            figures: Figures::default(),
        }
    }

    /// The row that a look at `sample` makes, with `gathered` before it, noted on `board`.
    fn look(
        (gathered, board): (&mut Gathered, &mut Board),
        project: &Project,
        sample: ProjectSample,
        (action, occasion): (Action, Occasion),
    ) -> Option<Arc<Look>> {
        let sample: Result<_, Unobservable> = Ok(sample);
        let case = Case::new(project, &HOST, &sample);
        let decision = Decision {
            figures: Figures::of(project, &HOST, &sample),
            ..decision(action)
        };
        let look = Arc::new(case.look(SystemTime::UNIX_EPOCH, Some(&decision)));
        board.looked(&look, None, occasion);
        gathered.row(&case, &look, occasion)
    }

    #[test]
    fn seconds_make_one_row_that_holds_them_all() {
        let (mut gathered, mut board, project) = (Gathered::default(), Board::default(), promised());
        let mut see = |waits: &[u64], action, occasion| {
            look(
                (&mut gathered, &mut board),
                &project,
                second(waits),
                (action, occasion),
            )
        };
        for _ in 0..3 {
            assert_eq!(see(&[1, 1, 1, 900], Action::Hold, Occasion::Between), None);
        }
        let row = see(&[1, 1], Action::Hold, Occasion::Check).unwrap();
        assert_eq!(row.late, Some(Lateness { begun: 14, late: 3.0 }));
        let cpu = row.cpu.unwrap();
        assert_eq!(
            (cpu.covered, cpu.on_cpu),
            (Duration::from_secs(4), Duration::from_secs(4))
        );
        assert_eq!(row.figures.cpu_percent, Some(50.0));
        let requests = row.figures.requests.unwrap();
        assert!((requests.per_second - 3.5).abs() < 1e-9, "{requests:?}");
        assert!(
            requests.wait_p95 > Some(Duration::from_millis(800)),
            "{requests:?}"
        );

        // The next begins anew, and a step has a row of its own.
        let step = Action::ScaleUp { from: 2, to: 3 };
        assert_eq!(see(&[900], Action::Hold, Occasion::Between), None);
        let row = see(&[1], step, Occasion::Between).unwrap();
        assert_eq!(row.late, Some(Lateness { begun: 2, late: 1.0 }));
        let row = see(&[1], Action::Hold, Occasion::Check).unwrap();
        assert_eq!(row.late, Some(Lateness { begun: 1, late: 0.0 }));
        assert_eq!(
            board.get("web").unwrap().counts.promised,
            Lateness { begun: 17, late: 4.0 }
        );
    }

    #[test]
    fn a_project_by_thresholds_has_a_row_for_each_look() {
        let (mut gathered, mut board) = (Gathered::default(), Board::default());
        let project = project(r#""cpu_thresholds": {"scale_up_6": 60}"#);
        for occasion in [Occasion::Between, Occasion::Check] {
            let seen = (Action::Hold, occasion);
            let row = look((&mut gathered, &mut board), &project, second(&[900]), seen).unwrap();
            assert_eq!((row.late, row.promise), (None, None));
        }
        assert_eq!(board.get("web").unwrap().counts.promised, Lateness::default());
    }

    #[test]
    fn what_was_late_by_another_promise_is_in_no_row() {
        let (mut gathered, mut board) = (Gathered::default(), Board::default());
        let mut project = promised();
        let mut see = |project: &Project, occasion| {
            let seen = (Action::Hold, occasion);
            look((&mut gathered, &mut board), project, second(&[150]), seen)
        };
        assert_eq!(see(&project, Occasion::Between), None);
        project.policy = crate::model::Policy::Target(Promise {
            wait: Duration::from_millis(400),
            percent: 1.0,
        });
        let row = see(&project, Occasion::Check).unwrap();
        assert_eq!(row.late, Some(Lateness { begun: 1, late: 0.0 }));
    }

    proptest! {
        /// However the looks fall, rows and counters hold every request once.
        #[test]
        fn no_request_is_counted_twice_or_lost(
            looks in proptest::collection::vec((proptest::collection::vec(0_u64..2000, 0..5), 0..8_u8), 1..40),
        ) {
            let (mut gathered, mut board, project) = (Gathered::default(), Board::default(), promised());
            let mut sum = Lateness::default();
            let mut all = 0;
            for (waits, chance) in &looks {
                all += waits.len() as u64;
                let seen = match chance {
                    0 => (Action::Hold, Occasion::Check),
                    1 => (Action::ScaleDown { from: 2, to: 1 }, Occasion::Between),
                    _ => (Action::Hold, Occasion::Between),
                };
                let row = look((&mut gathered, &mut board), &project, second(waits), seen);
                prop_assert_eq!(row.is_some(), *chance < 2);
                row.and_then(|row| row.late).into_iter().for_each(|late| sum.add(late));
            }
            let last = look((&mut gathered, &mut board), &project, second(&[]), (Action::Hold, Occasion::Check));
            sum.add(last.unwrap().late.unwrap());
            let counted = board.get("web").unwrap().counts.promised;
            prop_assert_eq!((sum.begun, counted.begun), (all, all));
            prop_assert!(counted.late <= counted.begun as f64);
            prop_assert!((sum.late - counted.late).abs() < 1e-6);
        }
    }
}
