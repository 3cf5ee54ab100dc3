//! One budget of memory for all projects with a promise: all that they ask for at one look is judged together.

use crate::decide::pool::{Claim, Pool};
use crate::decide::state::PolicyState;
use crate::decide::target::{Target, Wish};
use crate::model::{Budget, Project};

/// A project with a promise, at one look.
#[derive(Debug)]
pub struct Member<'a> {
    /// The project.
    pub project: &'a Project,
    /// What is known of it: it is told what it gets.
    pub state: &'a mut PolicyState,
}

/// Who shares the budget, and what is remembered of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Budgeted {
    pool: Pool,
    names: Vec<String>,
}

impl Budgeted {
    /// Tells each project what the budget leaves it, `now` in seconds. Memory that another is to give back is not given away
    /// before it has been. Of a project of whose load nothing is known yet, nothing is counted.
    pub fn share(&mut self, members: &mut [Member<'_>], budget: Budget, now: f64) {
        let mut known: Vec<&mut Member<'_>> = members
            .iter_mut()
            .filter(|member| claim(member).is_some())
            .collect();
        let names: Vec<String> = known.iter().map(|member| member.project.name.clone()).collect();
        if names != self.names {
            (self.pool, self.names) = (Pool::default(), names);
        }
        let granted = self.granted(&known, budget.memory_mib, now);
        for (member, workers) in known.iter_mut().zip(granted) {
            if let Some(target) = member.state.target_mut() {
                target.grant(Some(workers));
            }
        }
    }

    fn granted(&mut self, known: &[&mut Member<'_>], total_mib: u64, now: f64) -> Vec<u32> {
        let gain = |member: &Member<'_>, workers| {
            let target = member.state.target();
            target.map_or(0.0, |target| target.gain(workers))
        };
        let gains: Vec<_> = known
            .iter()
            .map(|member| move |workers| gain(member, workers))
            .collect();
        let claims: Vec<Claim<'_>> = known
            .iter()
            .zip(&gains)
            .filter_map(|(member, gain)| {
                let (workers, wish) = claim(member)?;
                Some(Claim {
                    workers,
                    wanted: wish.workers,
                    needed: wish.needed,
                    min: member.project.bounds.min,
                    weight: member.project.weight,
                    worker_mib: worker_mib(member),
                    gain,
                })
            })
            .collect();
        let counts = self.pool.share(&claims, total_mib, now);
        let held = claims
            .iter()
            .map(|claim| u64::from(claim.workers) * claim.worker_mib);
        let mut free = total_mib.saturating_sub(held.sum());
        let fitting = |(claim, count): (&Claim<'_>, u32)| {
            let more = u64::from(count.saturating_sub(claim.workers));
            let fit = (free / claim.worker_mib.max(1)).min(more);
            free -= fit * claim.worker_mib;
            count.min(claim.workers + u32::try_from(fit).unwrap_or(u32::MAX))
        };
        claims.iter().zip(counts).map(fitting).collect()
    }
}

/// The workers of a project, and what it wishes.
fn claim(member: &Member<'_>) -> Option<(u32, Wish)> {
    member.state.target()?.claim()
}

/// Memory that one of its workers takes, as it was measured or else configured, MiB.
fn worker_mib(member: &Member<'_>) -> u64 {
    let measured = member.state.target().and_then(Target::worker_mib);
    measured.unwrap_or(member.project.memory.per_worker_mib)
}

#[cfg(test)]
mod tests;
