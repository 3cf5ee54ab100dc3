//! Celery's own remote control: one pool process more, or one idle one less.

use std::future::{Future, ready};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::act::actuator::{Actuator, Boot};
use crate::host::cgroup::Cgroup;
use crate::host::process::{ProcessTable, Procfs};
use crate::model::{PoolFault, ProcessId, QueueRule, Refusal, Step};
use crate::observe::measure::celery::{Inspector, Pool};
use crate::observe::measure::queue::{self, Broker};

/// How long a moment is waited for in which no task is on its way to a pool process.
const QUIET_LIMIT: Duration = Duration::from_secs(3);

/// Between two looks for that moment: the worker answers each in about a millisecond.
const QUIET_POLL: Duration = Duration::from_millis(20);

/// How long the worker may take to notice that a process has ended: it looks every 5 s.
const NOTICE_LIMIT: Duration = Duration::from_secs(8);

/// Between two questions whether it has.
const NOTICE_POLL: Duration = Duration::from_millis(200);

/// How long a new process must live. It is a fork of the main process, which has loaded the tasks: what could end it is
/// a handler of `worker_process_init`, which runs at once.
const PROOF: Duration = Duration::from_secs(1);

/// The pool of one project's node. Addresses that node alone, after it has been proven to be the project's.
pub struct PoolControl {
    broker: Box<dyn Broker>,
    inspector: Inspector,
    procfs: Procfs,
    queues: Vec<String>,
    pool: Pool,
    /// The pool's processes when the worker and the kernel last agreed on them.
    settled: Vec<ProcessId>,
    /// The tasks that had been begun when a step was last asked for.
    tasks_then: u64,
    /// Children of the main process that are no part of its pool, such as an embedded beat.
    others: Vec<ProcessId>,
}

impl PoolControl {
    /// Connects to the project's broker at `url` and finds the node that runs in `cgroup`; where several do, the one of the
    /// `main` process.
    ///
    /// # Errors
    /// When the broker or the node cannot be asked, or the pool cannot be changed.
    pub async fn open(
        procfs: &Procfs,
        cgroup: &Cgroup,
        url: &str,
        rule: &QueueRule,
        main: Option<ProcessId>,
    ) -> Result<Self, Refusal> {
        let mut broker = queue::open(url, &rule.broker)?;
        let mut inspector = Inspector::new(procfs, cgroup);
        inspector.only(main);
        // Every node of the broker is asked: only so a second worker of the same name comes to light.
        let pool = inspector.look(broker.as_mut(), &rule.queues, None).await?;
        let mut control = Self {
            broker,
            inspector,
            procfs: procfs.clone(),
            queues: rule.queues.clone(),
            settled: pool.processes.clone(),
            tasks_then: pool.tasks,
            pool,
            others: Vec::new(),
        };
        let pool = &control.pool.processes;
        control.others = control
            .children()?
            .into_iter()
            .filter(|child| !pool.contains(child))
            .collect();
        Ok(control)
    }

    /// The name of the node that is addressed.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.pool.node
    }

    /// Asks the worker for its pool; `self.pool` holds what it said.
    async fn look(&mut self) -> Result<(), Refusal> {
        let broker = self.broker.as_mut();
        self.pool = self.inspector.look(broker, &self.queues, None).await?;
        Ok(())
    }

    fn children(&self) -> Result<Vec<ProcessId>, Refusal> {
        let pids = self.inspector.cgroup().processes()?;
        let table = ProcessTable::read(&self.procfs, &pids)?;
        let main = self.pool.main;
        match table.get(main.pid) {
            None => Err(Refusal::Gone { pid: main.pid }),
            Some(found) if found.id != main => Err(Refusal::Reused { pid: main.pid }),
            Some(_) => Ok(table.children(main.pid).into_iter().map(|stat| stat.id).collect()),
        }
    }

    /// The pool's processes: what the kernel shows, confirmed by the worker whenever it has changed.
    ///
    /// A process that has ended counts until the worker has noticed: it would take the dead one for idle, and
    /// for the next to go, and end with another count than its processes.
    async fn count(&mut self) -> Result<Vec<ProcessId>, Refusal> {
        let mut seen = self.children()?;
        seen.retain(|child| !self.others.contains(child));
        if seen != self.pool.processes || self.pool.ended > 0 {
            match self.look().await {
                // As long as it is busy with what it was asked for, it has confirmed nothing.
                Err(refusal) if is_late(&refusal) => return Ok(self.settled.clone()),
                looked => looked?,
            }
            if self.pool.ended == 0 {
                self.settled.clone_from(&self.pool.processes);
            }
        }
        Ok(self.settled.clone())
    }

    async fn may(&mut self, step: Step) -> Result<(), Refusal> {
        let start = Instant::now();
        self.look().await?;
        while self.pool.ended > 0 {
            if start.elapsed() >= NOTICE_LIMIT {
                return Err(Refusal::PoolUnsettled);
            }
            sleep(NOTICE_POLL).await;
            self.look().await?;
        }
        let processes = u32::try_from(self.pool.processes.len()).unwrap_or(u32::MAX);
        if step == Step::Down {
            // An emptied pool never runs a task again, and prefetches without limit.
            if processes <= 1 {
                return Err(Refusal::LastPoolProcess);
            }
            if self.pool.active >= processes {
                return Err(Refusal::PoolBusy);
            }
        }
        Ok(())
    }

    /// Takes one idle process away, in a moment in which none is about to get a task.
    ///
    /// A worker takes a process for idle until it has read that process's word that it began: a task handed
    /// over within that millisecond would be killed with it. So the worker is asked first whether any task is
    /// fetched but not begun, and only right after a "none" to shrink.
    async fn shrink(&mut self) -> Result<(), Refusal> {
        let start = Instant::now();
        while self
            .inspector
            .reserved(self.broker.as_mut(), &self.pool.node)
            .await?
            > 0
        {
            if start.elapsed() >= QUIET_LIMIT {
                return Err(Refusal::PoolBusy);
            }
            sleep(QUIET_POLL).await;
        }
        self.command("pool_shrink").await
    }

    /// Gives a command. A worker that does not answer in time has got it all the same, and may still do it: whether it
    /// does is seen by looking, as with a signal.
    async fn command(&mut self, method: &'static str) -> Result<(), Refusal> {
        let arguments = json!({ "n": 1 });
        let answered = self
            .inspector
            .command(self.broker.as_mut(), &self.pool.node, method, arguments)
            .await
            .map_err(Refusal::from);
        let answer = match answered {
            Err(refusal) if is_late(&refusal) => return Ok(()),
            answered => answered?,
        };
        match answer.get("error") {
            None => Ok(()),
            Some(Value::String(why)) if why.contains("All processes busy") => Err(Refusal::PoolBusy),
            Some(why) => Err(Refusal::CommandRefused {
                node: self.pool.node.clone(),
                method,
                why: why.as_str().map_or_else(|| why.to_string(), str::to_owned),
            }),
        }
    }
}

/// Whether a command was given and has not been answered.
fn is_late(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::Pool(PoolFault::NoAnswer { .. }))
}

impl Actuator for PoolControl {
    fn workers(&mut self) -> impl Future<Output = Result<Vec<ProcessId>, Refusal>> + Send {
        self.count()
    }

    fn check(&mut self, step: Step) -> impl Future<Output = Result<(), Refusal>> + Send {
        self.may(step)
    }

    async fn ask(&mut self, step: Step) -> Result<(), Refusal> {
        self.may(step).await?;
        self.tasks_then = self.pool.tasks;
        match step {
            Step::Up => self.command("pool_grow").await,
            Step::Down => self.shrink().await,
        }
    }

    fn boot(&mut self, _worker: ProcessId) -> impl Future<Output = Result<Boot, Refusal>> + Send {
        ready(Ok(Boot::Untold(PROOF)))
    }

    /// The count ends with the main process, which is looked at each time.
    fn keeps_its_count(&self) -> bool {
        true
    }

    fn recycles(&self) -> bool {
        let begun = self.pool.tasks.saturating_sub(self.tasks_then);
        self.pool.tasks_per_process.is_some_and(|most| begun >= most)
    }
}
