//! What a look at a project has to wait for, each in a task of its own: a broker that does not answer, or a worker that is
//! being replaced, keeps nobody else waiting.

use std::collections::HashMap;
use std::future::pending;
use std::time::Duration;

use tokio::task::{AbortHandle, JoinSet};

use super::locate::Location;
use super::project;
use crate::host::cgroup::Cgroup;
use crate::host::process::Procfs;
use crate::model::{Config, ProcessId, Project, ProjectSample, QueueRule, Unobservable, Workload};
use crate::observe::measure::{Looked, Watched};

/// How long workers that have gone are waited for to be replaced: gunicorn does so at once, uvicorn and puma look for them
/// every half second, and every second where they are slow.
const REPLACED_WITHIN: Duration = Duration::from_secs(3);

/// Between two looks at them.
const POLL: Duration = Duration::from_millis(100);

/// The readings under way, and what they begin from.
pub(super) struct Readings {
    procfs: Procfs,
    /// The projects with task queues that are not being read.
    idle: HashMap<String, Watched>,
    /// The workers that each server had when it was last seen whole.
    whole: HashMap<String, Workers>,
    under_way: HashMap<String, UnderWay>,
    tasks: JoinSet<(String, Rest, Option<Watched>)>,
}

type Workers = (ProcessId, Vec<ProcessId>);

/// A reading under way.
struct UnderWay {
    rule: Option<QueueRule>,
    task: AbortHandle,
    /// A step of the project has ended since it began.
    outdated: bool,
}

/// What the sample of a project still lacked.
#[derive(Debug)]
pub struct Reading {
    /// The project.
    pub project: String,
    /// A step of the project has ended since this began: its workers, by whoever told them, may be those of before.
    pub outdated: bool,
    rest: Rest,
}

#[derive(Debug)]
enum Rest {
    /// Its queues, and with them the processes that the worker itself counts as its pool.
    Queues(Box<Looked>),
    /// Its workers, once those that had gone were replaced, or were not.
    Workers(Result<Workers, Unobservable>),
}

impl Reading {
    /// Adds what was read to the project's sample.
    ///
    /// # Errors
    /// When the project could not be observed any more.
    pub fn complete(self, mut sample: ProjectSample) -> Result<ProjectSample, Unobservable> {
        match self.rest {
            Rest::Queues(looked) => match *looked {
                Ok((queue, pool)) => {
                    sample.queue = Some(Ok(queue));
                    if let Some(pool) = pool {
                        sample.master = pool.main;
                        sample.workers = pool.processes;
                    }
                }
                Err(fault) => sample.queue = Some(Err(fault)),
            },
            Rest::Workers(workers) => (sample.master, sample.workers) = workers?,
        }
        Ok(sample)
    }
}

impl Readings {
    pub(super) fn new(procfs: Procfs) -> Self {
        Self {
            procfs,
            idle: HashMap::new(),
            whole: HashMap::new(),
            under_way: HashMap::new(),
            tasks: JoinSet::new(),
        }
    }

    /// Ends what `config` no longer asks for: projects that are gone, and those whose queues or broker are others, of
    /// which everything is learnt anew.
    pub(super) fn retain(&mut self, config: &Config) {
        let known = |name: &String| config.projects.get(name);
        self.whole.retain(|name, _| known(name).is_some());
        self.idle
            .retain(|name, watched| known(name).and_then(rule) == Some(watched.rule()));
        self.under_way.retain(|name, reading| {
            let keep = known(name).is_some_and(|project| rule(project) == reading.rule.as_ref());
            if !keep {
                reading.task.abort();
            }
            keep
        });
    }

    /// The workers that a step has left: those that it took away are not waited for.
    pub(super) fn left(&mut self, project: &str, workers: &[ProcessId]) {
        if let Some((_, whole)) = self.whole.get_mut(project) {
            *whole = workers.to_vec();
        }
    }

    /// What is being read of a project was begun before the end of a step that has changed its count.
    pub(super) fn outdate(&mut self, project: &str) {
        if let Some(reading) = self.under_way.get_mut(project) {
            reading.outdated = true;
        }
    }

    /// Begins to read what the sample of `project`, seen at `now` (`CLOCK_MONOTONIC`), lacks; nothing where it is whole,
    /// or where that is being read already.
    pub(super) fn begin(
        &mut self,
        project: &Project,
        place: &Location,
        sample: &ProjectSample,
        now: Duration,
    ) {
        if self.is_under_way(&project.name) {
            return;
        }
        match rule(project) {
            Some(rule) => self.read_queues(project, (rule, &place.cgroup), sample, now),
            None if project.workload() == Workload::SignalledServer => {
                self.wait_for_workers(project, place, sample);
            }
            None => {}
        }
    }

    fn read_queues(
        &mut self,
        project: &Project,
        (rule, cgroup): (&QueueRule, &Cgroup),
        sample: &ProjectSample,
        now: Duration,
    ) {
        let name = project.name.clone();
        let mut watched = self
            .idle
            .remove(&name)
            .unwrap_or_else(|| Watched::new(&self.procfs, cgroup, rule));
        watched.follow(&self.procfs, cgroup);
        watched.only(project.one_of_several(sample.master));
        let (procfs, sample) = (self.procfs.clone(), sample.clone());
        let task = self.tasks.spawn(async move {
            let looked = watched.look(&procfs, &sample, now).await;
            (name, Rest::Queues(Box::new(looked)), Some(watched))
        });
        self.note(project, task);
    }

    /// A worker that is recycled (`max_requests`), or has crashed, is gone for a moment until its master forks another: a
    /// count of that moment is neither a reload's nor below anything.
    fn wait_for_workers(&mut self, project: &Project, place: &Location, sample: &ProjectSample) {
        let seen = (sample.master, sample.workers.clone());
        let lacks = self
            .whole
            .get(&project.name)
            .is_some_and(|whole| lacks(whole, &seen));
        if !lacks {
            self.whole.insert(project.name.clone(), seen);
            return;
        }
        let count = self.whole[&project.name].1.len();
        let (procfs, of, place) = (self.procfs.clone(), project.clone(), place.clone());
        let task = self.tasks.spawn(async move {
            let workers = replaced(&procfs, &of, &place, count).await;
            (of.name, Rest::Workers(workers), None)
        });
        self.note(project, task);
    }

    fn note(&mut self, project: &Project, task: AbortHandle) {
        let rule = rule(project).cloned();
        let reading = UnderWay {
            rule,
            task,
            outdated: false,
        };
        self.under_way.insert(project.name.clone(), reading);
    }

    /// Whether something of a project is being read.
    pub(super) fn is_under_way(&self, project: &str) -> bool {
        self.under_way.contains_key(project)
    }

    /// Whether something of any project is.
    pub(super) fn is_any_under_way(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// Waits for a reading to end; for ever when none is under way. Dropped while it waits, it loses nothing.
    pub(super) async fn next(&mut self) -> Reading {
        loop {
            match self.tasks.join_next_with_id().await {
                Some(Ok((id, (project, rest, watched)))) => {
                    // One that was forgotten meanwhile may have come to its end before it heard of that.
                    let current = self.under_way.get(&project);
                    let Some(outdated) = current
                        .filter(|reading| reading.task.id() == id)
                        .map(|reading| reading.outdated)
                    else {
                        continue;
                    };
                    self.under_way.remove(&project);
                    if let Some(watched) = watched {
                        self.idle.insert(project.clone(), watched);
                    }
                    if let Rest::Workers(Ok(workers)) = &rest
                        && !outdated
                    {
                        self.whole.insert(project.clone(), workers.clone());
                    }
                    return Reading {
                        project,
                        outdated,
                        rest,
                    };
                }
                Some(Err(ended)) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
                Some(Err(_)) => {}
                None => pending().await,
            }
        }
    }
}

/// The queues that are read for a project.
fn rule(project: &Project) -> Option<&QueueRule> {
    project.queue.as_ref().filter(|_| project.enabled)
}

/// Whether the same master has fewer workers than when it was `whole`, and not all of those.
fn lacks((master, whole): &Workers, (now_master, now): &Workers) -> bool {
    master == now_master && now.len() < whole.len()
}

/// The workers of a project once they are `count` again, or when they have not been for too long.
async fn replaced(
    procfs: &Procfs,
    project: &Project,
    place: &Location,
    count: usize,
) -> Result<Workers, Unobservable> {
    let since = tokio::time::Instant::now();
    loop {
        let seen = project::settled(procfs, project, place).await?;
        if seen.workers.len() >= count || since.elapsed() >= REPLACED_WITHIN {
            return Ok((seen.master, seen.workers));
        }
        tokio::time::sleep(POLL).await;
    }
}
