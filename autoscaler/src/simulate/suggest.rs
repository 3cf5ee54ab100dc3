//! Which thresholds and durations would have done with the fewest worker-hours, at no more than a given share of late
//! requests.
//!
//! A search, not a proof: a coarse grid over ladders that rise evenly, then one value after the other moved while that
//! helps. Every candidate is replayed by the very policy in the fluid model, with late requests by [`Lateness`]; one that
//! is already worse is left early. What is found is then replayed request by request, and the search goes again with a
//! tighter limit while that shows more late ones. It sees the first half of the recording alone, and aims at half of what is
//! allowed: the other half, on which it is judged too, is never quite like the first.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde::Serialize;

use super::lateness::{Backlog, Lateness};
use super::policy::{Fixed, Ours, Policy};
use super::seconds::{self, Rate, Setting};
use super::{Demand, Score, Service, Tally, replay};
use crate::model::{Ladder, Project};

/// What the search found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suggestion {
    /// Whether it keeps to what is allowed, on the half that it was fitted to; else it is the least late that was found.
    pub within_limit: bool,
    /// What even the maximum of workers leaves unmet in the fluid model, percent.
    pub least_possible_unmet_percent: f64,
    /// Late requests of the maximum of workers on the half that it was fitted to, percent.
    pub least_possible_late_percent: f64,
    /// Its late requests on the first half, to which it was fitted, and on the second, percent.
    pub late_percent: [f64; 2],
    /// Those of the thresholds as they are, on both halves.
    pub present_late_percent: [f64; 2],
    /// Its figures in the fluid model, over the whole recording.
    pub score: Score,
    /// Lines for the project's entry in the configuration.
    pub config_lines: String,
    /// How many candidates were replayed.
    pub tried: usize,
    /// The project with them.
    #[serde(skip)]
    pub project: Project,
}

/// The part of what is allowed that is aimed at.
const AIM: f64 = 0.5;

/// How often the search goes again with a tighter limit.
const ROUNDS: usize = 5;

/// A limit falls by this much more than it was missed by, and rises to at most so many times of itself.
const TIGHTER: f64 = 0.8;
const LOOSER: f64 = 4.0;

/// From this part of what is aimed at on, it is close enough.
const CLOSE: f64 = 0.7;

/// Most seconds of the first half that are replayed request by request while searching: two weeks.
const JUDGED_SECONDS: u64 = 14 * 86_400;

/// Minutes that a condition may have to hold.
const UP_MINUTES: [u32; 7] = [1, 2, 3, 4, 6, 10, 15];
const DOWN_MINUTES: [u32; 10] = [2, 4, 6, 10, 15, 20, 30, 45, 60, 90];

/// Sweeps over all values, at most.
const SWEEPS: usize = 6;

/// A ladder in whole percents and places in the lists of minutes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Candidate {
    up: Vec<u8>,
    down: Vec<u8>,
    up_minutes: u32,
    down_minutes: u32,
}

/// A replayed candidate: the smaller the better, those within the limit first.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
struct Rank {
    over_limit: f64,
    worker_seconds: f64,
    steps: f64,
}

impl Rank {
    const WORST: Self = Self {
        over_limit: f64::INFINITY,
        worker_seconds: f64::INFINITY,
        steps: f64::INFINITY,
    };
}

/// Searches for the project's CPU ladder; `None` when it has none, or too many rungs for whole percents.
#[must_use]
pub fn suggest(
    demand: &Demand,
    rate: &Rate,
    project: &Project,
    service: Service,
    setting: &Setting,
    max_late_percent: f64,
) -> Option<Suggestion> {
    let ladder = project.cpu.as_ref()?;
    let (fitted, other) = rate.halves();
    let judged = fitted.shortened(JUDGED_SECONDS);
    let first_half = demand.first_half();
    let mut search = Search {
        demand: &first_half,
        project,
        ladder,
        service,
        lateness: Lateness::new(setting, project.most_workers().min(service.cpus)),
        limit: 0.0,
        tried: AtomicUsize::new(0),
    };
    let aim = AIM * max_late_percent;
    let mut percent = aim;
    // Limits of the estimate with which the replay shows no more than is aimed at, and more.
    let (mut kept, mut missed) = (None, None);
    let mut found: Option<(f64, Candidate)> = None;
    for _ in 0..ROUNDS {
        search.limit = search.demand.cpu_seconds() * percent / 100.0 + 1e-6;
        let candidate = search.best()?;
        let late = late(&judged, setting, &search.project_with(&candidate));
        if found
            .as_ref()
            .is_none_or(|(so_far, _)| is_better(late, *so_far, aim))
        {
            found = Some((late, candidate));
        }
        if late <= aim {
            kept = Some(percent);
        } else {
            missed = Some(percent);
        }
        if (CLOSE * aim..=aim).contains(&late) {
            break;
        }
        percent = match (kept, missed) {
            (Some(kept), Some(missed)) => f64::sqrt(kept * missed),
            (None, _) => percent * TIGHTER * aim / late,
            (_, None) => percent * (aim / late).min(LOOSER),
        };
    }
    let suggested = search.project_with(&found?.1);
    let mut ours = Ours::new(&suggested, service);
    let both = |project: &Project| [&fitted, &other].map(|half| late(half, setting, project));
    let late_percent = both(&suggested);
    let most = seconds::Policy::Fixed(project.bounds.max);
    Some(Suggestion {
        within_limit: late_percent[0] <= max_late_percent,
        least_possible_unmet_percent: score_fixed(demand, service, project.bounds.max),
        least_possible_late_percent: seconds::replay(&fitted, setting, project, &[most])[0]
            .score
            .late_percent,
        late_percent,
        present_late_percent: both(project),
        score: score(demand, service, &mut ours),
        config_lines: config_lines(suggested.cpu.as_ref()?),
        tried: search.tried.into_inner(),
        project: suggested,
    })
}

/// Whether `late` percent are better than `so_far`: the most within the aim, for it has the fewest worker-hours, else the least.
fn is_better(late: f64, so_far: f64, aim: f64) -> bool {
    match (late <= aim, so_far <= aim) {
        (true, true) => late > so_far,
        (true, false) => true,
        (false, true) => false,
        (false, false) => late < so_far,
    }
}

/// Late requests of the project's ladder, replayed request by request, percent.
fn late(rate: &Rate, setting: &Setting, project: &Project) -> f64 {
    let runs = seconds::replay(rate, setting, project, &[seconds::Policy::Ladder]);
    runs[0].score.late_percent
}

fn score(demand: &Demand, service: Service, policy: &mut dyn Policy) -> Score {
    let mut tally = Tally::default();
    replay(demand, service, policy, |check| {
        tally.add(check);
        ControlFlow::Continue(())
    });
    tally.score()
}

fn score_fixed(demand: &Demand, service: Service, workers: u32) -> f64 {
    score(demand, service, &mut Fixed(workers)).unmet_percent
}

/// The lines for the configuration, as they can be pasted into the project.
fn config_lines(ladder: &Ladder) -> String {
    let rungs: Vec<String> = (ladder
        .up
        .iter()
        .map(|(n, percent)| format!("\"scale_up_{n}\": {percent}")))
    .chain(
        ladder
            .down
            .iter()
            .rev()
            .map(|(n, percent)| format!("\"scale_down_{n}\": {percent}")),
    )
    .collect();
    let minutes = |hold: Duration| hold.as_secs_f64() / 60.0;
    format!(
        "\"cpu_thresholds\": {{ {} }},\n\"cpu_duration_minutes\": {{ \"scale_up\": {}, \"scale_down\": {} }},",
        rungs.join(", "),
        minutes(ladder.up_hold),
        minutes(ladder.down_hold)
    )
}

struct Search<'a> {
    demand: &'a Demand,
    project: &'a Project,
    ladder: &'a Ladder,
    service: Service,
    lateness: Lateness,
    /// Demand of the requests that may be late, CPU-seconds.
    limit: f64,
    tried: AtomicUsize,
}

impl Search<'_> {
    /// The best candidate within the limit, or the least late; `None` where no candidate is valid.
    fn best(&self) -> Option<Candidate> {
        let mut best = (Rank::WORST, self.present());
        self.take_best(&self.grid(), &mut best);
        // The present ladder, unless it has fractions that the search does not know.
        if best.0 == Rank::WORST {
            return None;
        }
        for _ in 0..SWEEPS {
            let before = best.0;
            for value in 0..self.values() {
                let moves = self.moves(&best.1, value);
                self.take_best(&moves, &mut best);
            }
            if best.0 == before {
                break;
            }
        }
        Some(best.1)
    }

    /// The project's own ladder, in whole percents and minutes.
    fn present(&self) -> Candidate {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "validated: 0 to 100 percent"
        )]
        let percents = |rungs: &std::collections::BTreeMap<u32, f64>| {
            rungs.values().map(|percent| percent.round() as u8).collect()
        };
        let minutes = |hold: Duration| u32::try_from(hold.as_secs() / 60).unwrap_or(u32::MAX).max(1);
        Candidate {
            up: percents(&self.ladder.up),
            down: percents(&self.ladder.down),
            up_minutes: minutes(self.ladder.up_hold),
            down_minutes: minutes(self.ladder.down_hold),
        }
    }

    /// The present ladder, and ladders that rise evenly.
    fn grid(&self) -> Vec<Candidate> {
        let mut grid = vec![self.present()];
        for first in [50, 65, 75, 85] {
            for last in [75, 85, 92, 98] {
                for room in [5, 15, 30] {
                    for up_minutes in [2, 3, 6] {
                        for down_minutes in [4, 15, 30] {
                            grid.push(self.even(first, last, room, up_minutes, down_minutes));
                        }
                    }
                }
            }
        }
        grid.retain(|candidate| self.valid(candidate));
        grid
    }

    /// Rungs up from `first` to `last` percent, and rungs down `room` points below the next rung up.
    fn even(&self, first: u8, last: u8, room: u8, up_minutes: u32, down_minutes: u32) -> Candidate {
        let spread = |i: usize, of: usize| -> u8 {
            let part = i as f64 / (of.max(2) - 1) as f64;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "between first and last"
            )]
            let percent = (f64::from(first) + part * (f64::from(last) - f64::from(first))) as u8;
            percent
        };
        let ups = self.ladder.up.len();
        let up: Vec<u8> = (0..ups).map(|i| spread(i, ups)).collect();
        let over: Vec<u8> = self
            .ladder
            .down
            .keys()
            .map(|down| {
                let place = self.ladder.up.keys().position(|n| n > down);
                place.map_or(last, |place| up[place])
            })
            .collect();
        let mut down: Vec<u8> = over.iter().map(|percent| percent.saturating_sub(room)).collect();
        // Rungs that would fall together keep a point between them.
        for i in (1..down.len()).rev() {
            down[i - 1] = down[i - 1].min(down[i].saturating_sub(1));
        }
        Candidate {
            up,
            down,
            up_minutes,
            down_minutes,
        }
    }

    /// What the configuration's validation asks of a ladder.
    fn valid(&self, candidate: &Candidate) -> bool {
        let rises = |rungs: &[u8]| rungs.windows(2).all(|pair| pair[0] < pair[1]);
        let apart = self.ladder.down.keys().zip(&candidate.down).all(|(down, low)| {
            let next = self
                .ladder
                .up
                .keys()
                .zip(&candidate.up)
                .find(|(up, _)| *up > down);
            next.is_none_or(|(_, high)| low < high)
        });
        // Nothing is over 100 %: a rung there would never be climbed.
        let in_range = candidate
            .up
            .iter()
            .chain(&candidate.down)
            .all(|percent| (1..100).contains(percent));
        rises(&candidate.up) && rises(&candidate.down) && apart && in_range
    }

    /// How many values a candidate has.
    fn values(&self) -> usize {
        self.ladder.up.len() + self.ladder.down.len() + 2
    }

    /// The candidates that differ from `from` in one value.
    fn moves(&self, from: &Candidate, value: usize) -> Vec<Candidate> {
        let (ups, downs) = (from.up.len(), from.down.len());
        let mut moves = Vec::new();
        if value >= ups + downs {
            let up = value == ups + downs;
            for minutes in if up { &UP_MINUTES[..] } else { &DOWN_MINUTES[..] } {
                let mut to = from.clone();
                *(if up {
                    &mut to.up_minutes
                } else {
                    &mut to.down_minutes
                }) = *minutes;
                moves.push(to);
            }
        } else {
            for by in [-16_i16, -8, -4, -2, -1, 1, 2, 4, 8, 16] {
                let mut to = from.clone();
                let percent = if value < ups {
                    &mut to.up[value]
                } else {
                    &mut to.down[value - ups]
                };
                *percent = u8::try_from((i16::from(*percent) + by).clamp(0, 255)).unwrap_or(0);
                moves.push(to);
            }
        }
        moves.retain(|to| to != from && self.valid(to));
        moves
    }

    /// Replays `candidates` on all CPUs and keeps the best. The order of the list decides between equals, so
    /// the result is the same on any host.
    fn take_best(&self, candidates: &[Candidate], best: &mut (Rank, Candidate)) {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let bound = best.0;
        let next = AtomicUsize::new(0);
        let mut ranked: Vec<(Rank, usize)> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|_| {
                    scope.spawn(|| {
                        let (mut own, mut found) = (bound, Vec::new());
                        while let Some((i, candidate)) = {
                            let i = next.fetch_add(1, Ordering::Relaxed);
                            candidates.get(i).map(|candidate| (i, candidate))
                        } {
                            if let Some(rank) = self.rank(candidate, own) {
                                own = rank;
                                found.push((rank, i));
                            }
                        }
                        found
                    })
                })
                .collect();
            workers
                .into_iter()
                .filter_map(|worker| worker.join().ok())
                .flatten()
                .collect()
        });
        ranked.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
        if let Some((rank, i)) = ranked.first()
            && *rank < best.0
        {
            *best = (*rank, candidates[*i].clone());
        }
    }

    /// Replays one candidate; `None` as soon as it is worse than `bound`.
    fn rank(&self, candidate: &Candidate, bound: Rank) -> Option<Rank> {
        self.tried.fetch_add(1, Ordering::Relaxed);
        let project = self.project_with(candidate);
        let mut ours = Ours::new(&project, self.service);
        let mut tally = Tally::default();
        let (mut late, mut backlog) = (0.0, Backlog::default());
        let mut worse = false;
        replay(self.demand, self.service, &mut ours, |check| {
            tally.add(check);
            let served = &check.served;
            let servers = check.workers.min(self.service.cpus);
            let busy = served.demand / served.seconds;
            late += served.demand * self.lateness.of(&mut backlog, servers, busy, served.seconds);
            // Neither figure can fall again, but the hours count only where the limit can still be kept.
            worse = late - self.limit > bound.over_limit
                || (bound.over_limit <= 0.0 && tally.worker_seconds() > bound.worker_seconds);
            if worse {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        let rank = Rank {
            over_limit: (late - self.limit).max(0.0),
            worker_seconds: tally.worker_seconds(),
            steps: tally.score().steps as f64,
        };
        (!worse).then_some(rank).filter(|rank| *rank <= bound)
    }

    fn project_with(&self, candidate: &Candidate) -> Project {
        let percents = |rungs: &std::collections::BTreeMap<u32, f64>, percents: &[u8]| {
            rungs
                .keys()
                .copied()
                .zip(percents.iter().copied().map(f64::from))
                .collect()
        };
        let minutes = |minutes: u32| Duration::from_mins(u64::from(minutes));
        Project {
            cpu: Some(Ladder {
                up: percents(&self.ladder.up, &candidate.up),
                down: percents(&self.ladder.down, &candidate.down),
                up_hold: minutes(candidate.up_minutes),
                down_hold: minutes(candidate.down_minutes),
            }),
            ..self.project.clone()
        }
    }
}
