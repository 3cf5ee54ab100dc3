//! The bounds that hold at a moment, and which schedule asks for them.

use jiff::Timestamp;

use crate::model::{Asked, Bounds, Config, Project, QueueSizing, Schedule};

/// What a project's bounds are when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedules {
    /// The project's own bounds: `min_workers` and `max_workers`.
    pub own: Bounds,
    /// Its schedules, in the order of the configuration.
    pub entries: Vec<Schedule>,
    /// What of them holds in [`Project::bounds`].
    pub in_force: InForce,
}

/// The bounds at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    /// Fewest and most workers.
    pub bounds: Bounds,
    /// The moment at which each schedule ends, in their order; `None` for one that is not in force.
    pub ends: Vec<Option<Timestamp>>,
    /// Who asks for the fewest workers; `None` for the project itself.
    pub least: Option<Asked>,
    /// Who asks for the most workers; `None` for the project itself.
    pub most: Option<Asked>,
    /// Until when nothing of it changes.
    pub until: Timestamp,
}

impl InForce {
    /// A project's own bounds, before any schedule was asked.
    fn own(bounds: Bounds, until: Timestamp) -> Self {
        Self {
            bounds,
            ends: Vec::new(),
            least: None,
            most: None,
            until,
        }
    }
}

impl Schedules {
    /// With none of `entries` in force until it is looked at: [`Project::follow`].
    #[must_use]
    pub fn new(own: Bounds, entries: Vec<Schedule>) -> Self {
        let until = if entries.is_empty() {
            Timestamp::MAX
        } else {
            Timestamp::MIN
        };
        Self {
            own,
            entries,
            in_force: InForce::own(own, until),
        }
    }

    /// The widest that the bounds can be, whatever the time.
    #[must_use]
    pub fn widest(&self) -> Bounds {
        let mins = self.entries.iter().filter_map(|entry| entry.min);
        let maxes = self.entries.iter().filter_map(|entry| entry.max);
        Bounds {
            min: mins.fold(self.own.min, u32::min),
            max: maxes.fold(self.own.max, u32::max),
        }
    }

    /// The bounds at `now`. Of several schedules that are in force, the highest minimum holds and the lowest maximum, which is
    /// never below the minimum.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> InForce {
        let mut held = InForce::own(self.own, Timestamp::MAX);
        let (mut least, mut most) = (None, None);
        for entry in &self.entries {
            let end = entry.ends(now);
            let change = end.or_else(|| entry.begins(now)).unwrap_or(Timestamp::MAX);
            held.until = held.until.min(change);
            held.ends.push(end);
            if end.is_none() {
                continue;
            }
            least = higher(least, entry.min.map(|min| (min, entry)));
            most = lower(most, entry.max.map(|max| (max, entry)));
        }
        if let Some((min, entry)) = least {
            (held.bounds.min, held.least) = (min, Some(entry.asked()));
        }
        if let Some((max, entry)) = most {
            (held.bounds.max, held.most) = (max, Some(entry.asked()));
        }
        if held.bounds.max < held.bounds.min {
            (held.bounds.max, held.most) = (held.bounds.min, held.least.clone());
        }
        held
    }

    /// Those in force.
    pub fn running(&self) -> impl Iterator<Item = &Schedule> {
        let ends = self.in_force.ends.iter();
        let running = self.entries.iter().zip(ends).filter(|(_, end)| end.is_some());
        running.map(|(entry, _)| entry)
    }
}

type Asks<'s> = Option<(u32, &'s Schedule)>;

/// Of two that ask for the same, the one that stands first.
fn higher<'s>(one: Asks<'s>, other: Asks<'s>) -> Asks<'s> {
    match (one, other) {
        (Some(one), Some(other)) if other.0 > one.0 => Some(other),
        (one, other) => one.or(other),
    }
}

fn lower<'s>(one: Asks<'s>, other: Asks<'s>) -> Asks<'s> {
    match (one, other) {
        (Some(one), Some(other)) if other.0 < one.0 => Some(other),
        (one, other) => one.or(other),
    }
}

impl Config {
    /// Puts the bounds in force that the schedules of each project ask for at `now`.
    pub fn follow(&mut self, now: Timestamp) {
        let rules = self.families.values_mut().map(|family| &mut family.rules);
        for project in self.projects.values_mut().chain(rules) {
            project.follow(now);
        }
    }
}

impl Project {
    /// The most workers that it may have, whatever the time.
    #[must_use]
    pub fn most_workers(&self) -> u32 {
        if self.schedules.entries.is_empty() {
            self.bounds.max
        } else {
            self.schedules.widest().max
        }
    }

    /// Puts the bounds in force that its schedules ask for at `now`.
    pub fn follow(&mut self, now: Timestamp) {
        if self.schedules.entries.is_empty() {
            return;
        }
        let in_force = self.schedules.at(now);
        if in_force.bounds != self.bounds {
            self.bounds = in_force.bounds;
            self.fit_rungs();
        }
        self.schedules.in_force = in_force;
    }

    /// Has the rungs of `tasks_per_worker` reach each count within the bounds, and no other.
    fn fit_rungs(&mut self) {
        let bounds = self.bounds;
        if let Some(rule) = &mut self.queue
            && let QueueSizing::TasksPerWorker { tasks, ladder } = &rule.sizing
        {
            rule.sizing = QueueSizing::tasks_per_worker(*tasks, bounds, ladder.up_hold, ladder.down_hold);
        }
    }
}
