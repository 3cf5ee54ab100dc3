//! CPU of one of several servers in a cgroup, whose own counters tell of all of them together: from the counters of its
//! processes. What a process used between the last look and its end is lost.

use std::collections::HashMap;
use std::time::Duration;

use crate::host::process::{ProcessTable, Procfs, unless_gone};
use crate::model::{CpuSample, ProcessError, ProcessId};

/// What the processes of each such project had used at the last look.
#[derive(Debug, Default)]
pub(super) struct ProcessCpu {
    last: HashMap<String, Look>,
}

#[derive(Debug)]
struct Look {
    taken_at: Duration,
    used: HashMap<ProcessId, Used>,
}

/// What a process has used since it began.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Used {
    on_cpu: Duration,
    wait: Duration,
}

impl ProcessCpu {
    /// What `master` and all processes below it used since the last look at `project`; `None` at the first.
    ///
    /// # Errors
    /// When a process that lives cannot be read.
    pub(super) fn measure(
        &mut self,
        procfs: &Procfs,
        (project, master): (&str, ProcessId),
        table: &ProcessTable,
        (taken_at, allowed_cpus): (Duration, f64),
    ) -> Result<Option<CpuSample>, ProcessError> {
        let mut used = HashMap::new();
        let mut left = vec![master.pid];
        while let Some(pid) = left.pop() {
            left.extend(table.children(pid).iter().map(|child| child.id.pid));
            if let (Some(stat), Some(wait)) =
                (unless_gone(procfs.stat(pid))?, unless_gone(procfs.cpu_wait(pid))?)
            {
                let on_cpu = seconds(stat.cpu_ticks);
                used.insert(stat.id, Used { on_cpu, wait });
            }
        }
        let look = Look { taken_at, used };
        let sample = self
            .last
            .get(project)
            .and_then(|last| look.since(last, allowed_cpus));
        self.last.insert(project.to_owned(), look);
        Ok(sample)
    }

    /// Forgets all projects but these.
    pub(super) fn retain(&mut self, is_there: impl Fn(&str) -> bool) {
        self.last.retain(|project, _| is_there(project));
    }
}

impl Look {
    /// A process that was not in the last look has used all that it has since then.
    fn since(&self, last: &Self, allowed_cpus: f64) -> Option<CpuSample> {
        let covered = self
            .taken_at
            .checked_sub(last.taken_at)
            .filter(|time| !time.is_zero())?;
        let mut sum = Used::default();
        for (id, now) in &self.used {
            let before = last.used.get(id).copied().unwrap_or_default();
            sum.on_cpu += now.on_cpu.saturating_sub(before.on_cpu);
            // A thread that ended took its share with it.
            sum.wait += now.wait.saturating_sub(before.wait);
        }
        Some(CpuSample {
            covered,
            on_cpu: sum.on_cpu,
            wait: Some(sum.wait),
            allowed_cpus,
            throttle: None,
        })
    }
}

fn seconds(ticks: u64) -> Duration {
    Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(at: u64, used: &[(u32, u64, u64)]) -> Look {
        let used = used.iter().map(|(pid, on_cpu, wait)| {
            let id = ProcessId {
                pid: *pid,
                start_ticks: 1,
            };
            let used = Used {
                on_cpu: Duration::from_secs(*on_cpu),
                wait: Duration::from_secs(*wait),
            };
            (id, used)
        });
        Look {
            taken_at: Duration::from_secs(at),
            used: used.collect(),
        }
    }

    #[test]
    fn what_came_counts_whole_and_what_went_no_more() {
        let first = look(10, &[(1, 100, 5), (2, 7, 1)]);
        let sample = look(20, &[(1, 103, 6), (3, 2, 0)]).since(&first, 2.0).unwrap();
        assert_eq!(sample.covered, Duration::from_secs(10));
        assert_eq!(sample.on_cpu, Duration::from_secs(5));
        assert_eq!(sample.wait, Some(Duration::from_secs(1)));
        assert_eq!(look(10, &[]).since(&first, 2.0), None);
    }
}
