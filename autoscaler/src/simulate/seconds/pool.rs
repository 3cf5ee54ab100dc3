//! Several services that share one pool of memory, each with its own load and its own promise.

use serde::Serialize;

use super::arrivals::Arrivals;
use super::lane::Lane;
use super::rule::{Seen, Target};
use super::score::{Score, Tally};
use super::{Rate, Setting, erlang, ns};
use crate::decide::{Claim, Pool};
use crate::model::Bounds;

/// One service of several.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its load.
    pub rate: Rate,
    /// Its requests, its promise and its seed.
    pub setting: Setting,
    /// Fewest and most workers.
    pub bounds: Bounds,
    /// What one late request of it counts for.
    pub weight: f64,
    /// Memory of one worker, MiB.
    pub worker_mib: u64,
}

/// How the memory is parted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Parting {
    /// By the pool's rule: to where a worker saves most.
    Pool,
    /// First come, first served: who asks while there is some gets it.
    FirstCome,
    /// Each has a part of its own: the best parts there are, chosen with the whole load known.
    Fixed,
}

/// What came of sharing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shared {
    /// How the memory was parted.
    pub parting: Parting,
    /// Of all requests together, those that were late, percent.
    pub late_percent: f64,
    /// Of each service, its figures.
    pub members: Vec<Score>,
    /// The most memory that was taken at a time, MiB.
    pub most_mib: u64,
}

struct Service<'a> {
    member: &'a Member,
    arrivals: Arrivals,
    rule: Target,
    lane: Lane,
    tally: Tally,
    max: u32,
}

/// Replays the services side by side within `total_mib`, for as long as the shortest load lasts.
#[must_use]
pub fn share(members: &[Member], parting: Parting, total_mib: u64) -> Shared {
    let seconds = members
        .iter()
        .map(|member| member.rate.seconds)
        .min()
        .unwrap_or(0);
    let mut services: Vec<Service<'_>> = members
        .iter()
        .zip(maxima(members, parting, total_mib))
        .map(|(member, max)| Service::new(member, max))
        .collect();
    let mut demands: Vec<_> = members.iter().map(|member| member.rate.each()).collect();
    let mut pool = Pool::default();
    let mut most_mib = 0;
    for second in 0..seconds {
        let wishes: Vec<_> = services
            .iter_mut()
            .zip(&mut demands)
            .map(|(service, demands)| service.pass(demands.next().unwrap_or_default()))
            .collect();
        let gains: Vec<_> = services
            .iter()
            .map(|service| |workers| service.rule.gain(workers))
            .collect();
        let claims: Vec<Claim<'_>> = services
            .iter()
            .zip(&wishes)
            .zip(&gains)
            .map(|((service, wish), gain)| service.claim(wish, gain))
            .collect();
        let counts = match parting {
            Parting::Pool => pool.share(&claims, total_mib, second as f64),
            Parting::FirstCome => first_come(&claims, total_mib),
            Parting::Fixed => claims.iter().map(|claim| claim.wanted).collect(),
        };
        let mib = claims.iter().zip(&counts);
        most_mib = most_mib.max(
            mib.map(|(claim, count)| claim.worker_mib * u64::from(*count))
                .sum(),
        );
        for (service, count) in services.iter_mut().zip(counts) {
            service.step(count);
        }
    }
    let scores = services.iter().map(|service| {
        let promised = ns(service.member.setting.promise.wait);
        service
            .tally
            .score(&service.lane, seconds as f64 / 86_400.0, promised)
    });
    let scores: Vec<Score> = scores.collect();
    let late: f64 = scores
        .iter()
        .map(|score| score.late_percent * score.requests as f64)
        .sum();
    let requests: u64 = scores.iter().map(|score| score.requests).sum();
    Shared {
        parting,
        late_percent: late / requests.max(1) as f64,
        members: scores,
        most_mib,
    }
}

/// The most workers that each may have.
fn maxima(members: &[Member], parting: Parting, total_mib: u64) -> Vec<u32> {
    if parting != Parting::Fixed {
        return members.iter().map(|member| member.bounds.max).collect();
    }
    let late: Vec<Vec<f64>> = members.iter().map(late_by_maximum).collect();
    let mut counts: Vec<u32> = members.iter().map(|member| member.bounds.min).collect();
    let mut free = total_mib;
    for (member, count) in members.iter().zip(&counts) {
        free = free.saturating_sub(member.worker_mib * u64::from(*count));
    }
    let worth = |i: usize, count: u32| {
        let at = |count: u32| late[i][count as usize];
        members[i].weight * (at(count) - at(count + 1)) / members[i].worker_mib.max(1) as f64
    };
    while let Some(i) = (0..members.len())
        .filter(|i| counts[*i] < members[*i].bounds.max && members[*i].worker_mib <= free)
        .max_by(|a, b| worth(*a, counts[*a]).total_cmp(&worth(*b, counts[*b])))
    {
        counts[i] += 1;
        free -= members[i].worker_mib;
    }
    counts
}

/// Requests that would be late over the whole load before each count of workers, from 0 to the maximum, by Erlang's formula.
fn late_by_maximum(member: &Member) -> Vec<f64> {
    let Setting { promise, traffic, .. } = &member.setting;
    let (wait, service) = (promise.wait.as_secs_f64(), traffic.service.as_secs_f64());
    let mut late = vec![0.0; member.bounds.max as usize + 1];
    for busy in member.rate.each().step_by(60) {
        let requests = busy / service;
        late[0] += requests;
        for (sum, share) in late[1..].iter_mut().zip(erlang::late(busy, wait / service)) {
            *sum += share * requests;
        }
    }
    late
}

/// Grants each service, in their order, what is free.
fn first_come(claims: &[Claim<'_>], total_mib: u64) -> Vec<u32> {
    let mut counts: Vec<u32> = claims
        .iter()
        .map(|claim| claim.workers.min(claim.wanted))
        .collect();
    let taken: u64 = claims
        .iter()
        .zip(&counts)
        .map(|(claim, count)| claim.worker_mib * u64::from(*count))
        .sum();
    let mut free = total_mib.saturating_sub(taken);
    for (claim, count) in claims.iter().zip(&mut counts) {
        while *count < claim.wanted && claim.worker_mib <= free {
            *count += 1;
            free -= claim.worker_mib;
        }
    }
    counts
}

impl<'a> Service<'a> {
    fn new(member: &'a Member, max: u32) -> Self {
        let Member { setting, bounds, .. } = member;
        let bounds = Bounds { max, ..*bounds };
        Self {
            arrivals: Arrivals::new(&setting.traffic, setting.seed),
            rule: Target::new(setting.promise, bounds, setting.boot.as_secs_f64()),
            lane: Lane::new(bounds.min, ns(setting.boot), ns(setting.promise.wait)),
            tally: Tally::default(),
            member,
            max,
        }
    }

    /// One second, and what the rule asks for after it.
    fn pass(&mut self, demand: f64) -> crate::decide::Wish {
        let demand = self.arrivals.sway(demand);
        let second = self.lane.pass(self.arrivals.next(demand));
        self.tally.pass(&second);
        self.rule.wish(&Seen {
            second,
            workers: self.lane.workers(),
            cpu: second.busy * self.member.setting.traffic.cpu_share,
            coming: 0.0,
        })
    }

    fn claim<'b>(&self, wish: &crate::decide::Wish, gain: &'b dyn Fn(u32) -> f64) -> Claim<'b> {
        Claim {
            workers: self.lane.workers(),
            wanted: wish.workers.min(self.max),
            needed: wish.needed.min(self.max),
            min: self.member.bounds.min,
            weight: self.member.weight,
            worker_mib: self.member.worker_mib,
            gain,
        }
    }

    fn step(&mut self, count: u32) {
        self.tally.step(self.lane.workers(), count);
        if count != self.lane.workers() {
            self.lane.set(count);
            self.rule.stepped();
        }
    }
}
