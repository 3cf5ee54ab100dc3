//! The actuator of gunicorn, and of every server that counts workers by SIGTTIN and SIGTTOU.

use std::future::{Future, ready};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::actuator::{Actuator, Boot};
use super::signal::{SignalTarget, WorkerSignal};
use crate::host::cgroup::Cgroup;
use crate::host::process::Procfs;
use crate::model::{ProcessId, Refusal, Step};
use crate::observe::{Children, Serving, children_of, serving, takes_newest};

/// How long a worker must live where nothing shows whether it serves: longer than an import takes to fail.
const PROOF: Duration = Duration::from_secs(10);

/// How long a child that was forked just now is waited for until it is known, and between two looks at it.
const KNOWN_WITHIN: Duration = Duration::from_secs(5);
const KNOWN_POLL: Duration = Duration::from_millis(20);

/// Signals to one master, and a look at its workers.
#[derive(Debug)]
pub struct WorkerSignals {
    target: SignalTarget,
    cgroup: Cgroup,
    procfs: Procfs,
}

impl WorkerSignals {
    /// Holds `master` after the checks of [`SignalTarget::open`].
    pub fn open(procfs: &Procfs, cgroup: &Cgroup, master: ProcessId) -> Result<Self, Refusal> {
        let target = SignalTarget::open(procfs, cgroup, master)?;
        Ok(Self {
            target,
            cgroup: cgroup.clone(),
            procfs: procfs.clone(),
        })
    }

    fn look(&self) -> Result<Vec<ProcessId>, Refusal> {
        Ok(self.children()?.workers)
    }

    fn children(&self) -> Result<Children, Refusal> {
        let master = self.target.id();
        match children_of(&self.procfs, &self.cgroup, master)? {
            Some(children) => Ok(children),
            None => Err(Refusal::Gone { pid: master.pid }),
        }
    }
}

impl Actuator for WorkerSignals {
    fn workers(&mut self) -> impl Future<Output = Result<Vec<ProcessId>, Refusal>> + Send {
        ready(self.look())
    }

    fn check(&mut self, _step: Step) -> impl Future<Output = Result<(), Refusal>> + Send {
        ready(self.target.check())
    }

    async fn ask(&mut self, step: Step) -> Result<(), Refusal> {
        let start = Instant::now();
        while let Some(pid) = self.children()?.unknown {
            if start.elapsed() >= KNOWN_WITHIN {
                return Err(Refusal::Forking { pid });
            }
            sleep(KNOWN_POLL).await;
        }
        self.target.send(match step {
            Step::Up => WorkerSignal::Add,
            Step::Down => WorkerSignal::Remove,
        })
    }

    fn boot(&mut self, worker: ProcessId) -> impl Future<Output = Result<Boot, Refusal>> + Send {
        ready(match serving(&self.procfs, worker.pid) {
            Ok(Serving::Yes) => Ok(Boot::Serves),
            Ok(Serving::NotYet) => Ok(Boot::Boots),
            Ok(Serving::Untold) => Ok(Boot::Untold(PROOF)),
            Err(error) => Err(error.into()),
        })
    }

    fn takes_newest(&self, worker: ProcessId) -> bool {
        takes_newest(&self.procfs, worker.pid)
    }
}
