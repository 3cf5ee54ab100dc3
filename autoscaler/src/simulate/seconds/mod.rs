//! A recorded load to the request: each one comes, waits for a worker that is free and is served, under several rules side
//! by side. What users feel is how long they wait, and a load without a queue ([`super::replay`]) cannot tell it.
//!
//! [`Rate`] (the demand of each second) → arrivals at random, the same for every rule → a queue and workers for each →
//! [`Score`]. One [`Setting`] and one seed give the same figures on every machine.

mod arrivals;
mod erlang;
mod exact;
mod hindsight;
mod lane;
mod pool;
mod quantile;
mod random;
mod rate;
mod rule;
mod score;
mod serve;
mod told;
mod waits;

use std::time::Duration;

pub(super) use erlang::late as late_shares;
pub use hindsight::{Frontier, Tuned, tune};
pub use lane::Second;
pub use pool::{Member, Parting, Shared, share};
pub use rate::Rate;
pub use rule::Policy;
pub use score::Score;
pub use told::{shared_told, told, tuned_told};

use super::schedule;
use crate::model::{Project, Promise};
use arrivals::Arrivals;
use lane::Lane;
use rule::{Rule, Seen};
use score::Tally;

/// In ns.
const SECOND: u64 = 1_000_000_000;

/// What requests are like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Traffic {
    /// Mean time of service. Times of service are log-normal.
    pub service: Duration,
    /// Their standard deviation over their mean.
    pub variation: f64,
    /// How much the rate itself sways about that of the recording: its standard deviation over its mean. It does so as an
    /// Ornstein-Uhlenbeck process in its logarithm, and forgets within 10 s. 0: not at all.
    pub burst: f64,
    /// The share of the time of service that is CPU, 0 to 1; for the rest a worker waits, as for a database.
    pub cpu_share: f64,
}

/// What is the same for every rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setting {
    /// The requests.
    pub traffic: Traffic,
    /// From the order until a new worker serves.
    pub boot: Duration,
    /// What is promised: a longer wait is late.
    pub promise: Promise,
    /// Between two checks of the ladder; it checks at whole seconds.
    pub check_interval: Duration,
    /// Of the random numbers.
    pub seed: u64,
}

/// One rule's figures.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Run {
    /// The rule.
    pub policy: Policy,
    /// Its figures.
    #[serde(flatten)]
    pub score: Score,
}

/// A rule, its workers, and what came of it.
struct Player {
    rule: Box<dyn Rule>,
    lane: Lane,
    /// What the last second showed.
    second: Second,
    tally: Tally,
}

/// Replays the policies side by side, within the project's bounds.
#[must_use]
pub fn replay(rate: &Rate, setting: &Setting, project: &Project, policies: &[Policy]) -> Vec<Run> {
    let mut followed = project.clone();
    schedule::follow(&mut followed, rate.start);
    let player = |policy: &Policy| {
        // Other rules know no schedule.
        let project = if policy.is_ours() { &followed } else { project };
        Player::new(policy.rule(project, setting), policy.first(project), setting)
    };
    let players: Vec<Player> = policies.iter().map(player).collect();
    let scores = play(rate, setting, followed, players);
    let runs = policies.iter().zip(scores);
    runs.map(|(policy, score)| Run {
        policy: *policy,
        score,
    })
    .collect()
}

/// `followed`: the project, within the bounds that hold at the beginning.
fn play(rate: &Rate, setting: &Setting, mut followed: Project, mut players: Vec<Player>) -> Vec<Score> {
    let mut arrivals = Arrivals::new(&setting.traffic, setting.seed);
    let mut demands = rate.each();
    let mut demand = arrivals.sway(demands.next().unwrap_or_default());
    for passed in 1..=rate.seconds {
        let come = arrivals.next(demand);
        for player in &mut players {
            player.second = player.lane.pass(come);
        }
        demand = arrivals.sway(demands.next().unwrap_or_default());
        let other_bounds = schedule::follow(&mut followed, rate.start + passed as f64);
        for player in &mut players {
            if other_bounds {
                player.rule.bound(followed.bounds);
            }
            player.decide(setting, demand);
        }
    }
    players.iter().map(|player| player.score(rate, setting)).collect()
}

impl Player {
    fn new(rule: Box<dyn Rule>, workers: u32, setting: &Setting) -> Self {
        let boot = if rule.is_clairvoyant() {
            0
        } else {
            ns(setting.boot)
        };
        Self {
            lane: Lane::new(workers, boot, ns(setting.promise.wait)),
            second: Second::default(),
            tally: Tally::default(),
            rule,
        }
    }

    fn decide(&mut self, setting: &Setting, coming: f64) {
        let second = self.second;
        let workers = self.lane.workers();
        let wanted = self.rule.next(&Seen {
            second,
            workers,
            cpu: second.busy * setting.traffic.cpu_share,
            coming,
        });
        self.tally.pass(&second);
        self.tally.step(workers, wanted);
        if wanted != workers {
            self.lane.set(wanted);
        }
    }

    fn score(&self, rate: &Rate, setting: &Setting) -> Score {
        self.tally
            .score(&self.lane, rate.days(), ns(setting.promise.wait))
    }
}

fn ns(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
