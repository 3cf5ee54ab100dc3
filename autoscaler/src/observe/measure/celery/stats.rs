//! What a worker says of itself: the answer to `stats` (celery/worker/control.py).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// The parts of the answer that the program uses. Other parts come and go with Celery's versions.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Stats {
    /// The main process, as numbered in its own pid namespace.
    pub(super) pid: u32,
    /// The pool.
    pub(super) pool: PoolStats,
    /// Most tasks that it fetches ahead; 0 stands for no limit.
    pub(super) prefetch_count: Option<u64>,
    /// Tasks begun so far, by name.
    #[serde(default)]
    total: BTreeMap<String, u64>,
    /// There only with `--autoscale`.
    pub(super) autoscaler: Option<Value>,
    /// The main process's use of resources; the text `N/A` on systems that have no such figure.
    rusage: Value,
}

/// The pool.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct PoolStats {
    /// `module:Class`; since Celery 5.3.
    implementation: Option<String>,
    /// The pool's processes; of the solo pool the main process itself.
    processes: Option<Vec<u32>>,
    /// `--max-tasks-per-child`, or the text `N/A`.
    #[serde(rename = "max-tasks-per-child", default)]
    most_tasks: Value,
}

impl Stats {
    /// CPU time of the main process in seconds, all its threads together.
    pub(super) fn cpu_seconds(&self) -> Option<f64> {
        let seconds = |key| self.rusage.get(key).and_then(Value::as_f64);
        Some(seconds("utime")? + seconds("stime")?)
    }

    /// Tasks begun so far.
    pub(super) fn tasks(&self) -> u64 {
        self.total
            .values()
            .fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// After how many tasks a process is replaced; `None` where that is not set.
    pub(super) fn tasks_per_process(&self) -> Option<u64> {
        self.pool.most_tasks.as_u64().filter(|most| *most > 0)
    }

    /// The pool's processes, or the name of a pool that has none.
    pub(super) fn processes(&self) -> Result<&[u32], String> {
        match &self.pool.processes {
            Some(processes) if *processes != [self.pid] => Ok(processes),
            other => Err(self.pool_name(other.is_some())),
        }
    }

    fn pool_name(&self, solo: bool) -> String {
        let module = self
            .pool
            .implementation
            .as_deref()
            .and_then(|name| name.split(':').next());
        let name = module.and_then(|module| module.rsplit('.').next());
        name.unwrap_or(if solo { "solo" } else { "threads" }).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(pool: &str) -> Stats {
        let text = format!(
            r#"{{"pid": 7, "clock": "6", "prefetch_count": 8, "pool": {pool}, "rusage": {{"utime": 0.5, "stime": 0.25}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn the_prefork_pool_lists_its_processes() {
        let stats = stats(r#"{"max-concurrency": 2, "processes": [8, 9]}"#);
        assert_eq!(stats.processes(), Ok([8, 9].as_slice()));
        assert_eq!(stats.cpu_seconds(), Some(0.75));
        assert!(stats.autoscaler.is_none());
    }

    #[test]
    fn a_pool_that_replaces_its_processes_tells_after_how_many_tasks() {
        assert_eq!(
            stats(r#"{"max-tasks-per-child": 3}"#).tasks_per_process(),
            Some(3)
        );
        for none in [r#"{"max-tasks-per-child": "N/A"}"#, "{}"] {
            assert_eq!(stats(none).tasks_per_process(), None);
        }
    }

    #[test]
    fn other_pools_are_named() {
        assert_eq!(stats(r#"{"processes": [7]}"#).processes(), Err("solo".into()));
        assert_eq!(stats(r#"{"threads": 4}"#).processes(), Err("threads".into()));
        let gevent = r#"{"implementation": "celery.concurrency.gevent:TaskPool"}"#;
        assert_eq!(stats(gevent).processes(), Err("gevent".into()));
    }

    #[test]
    fn an_emptied_pool_is_still_a_pool() {
        assert_eq!(stats(r#"{"processes": []}"#).processes(), Ok([].as_slice()));
    }
}
