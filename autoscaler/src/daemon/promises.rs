//! How the promises of the projects were kept lately: what the history has of the time before, and each look since.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::history::HistoryReader;
use crate::model::{Config, Kept, Lateness, Look, Promise};
use crate::report::{Ledger, WEEK};

/// The ledgers of the projects with a promise.
#[derive(Debug)]
pub(super) struct Promises {
    ledgers: BTreeMap<String, Open>,
    /// What the history has, read beside the loop: a slow disk keeps nobody waiting.
    reader: Sender<Past>,
    read: Receiver<Past>,
}

/// A ledger, and when it was opened: what was before, the history has.
#[derive(Debug)]
struct Open {
    at: SystemTime,
    ledger: Ledger,
}

/// What the history has of a project from before its ledger was opened `at`.
#[derive(Debug)]
struct Past {
    project: String,
    at: SystemTime,
    requests: Vec<(SystemTime, Lateness)>,
}

impl Default for Promises {
    fn default() -> Self {
        let (reader, read) = channel();
        Self {
            ledgers: BTreeMap::new(),
            reader,
            read,
        }
    }
}

impl Promises {
    /// Follows the promises of `config` from now on. What `store` has of a promise that is new here comes later.
    pub(super) fn follow(&mut self, config: &Config, store: Option<PathBuf>) {
        let promised = |name: &str| config.projects.get(name)?.promise();
        self.ledgers.retain(|name, _| promised(name).is_some());
        let (mut unread, at) = (Vec::new(), SystemTime::now());
        for (name, project) in &config.projects {
            let Some(promise) = project.promise() else {
                continue;
            };
            match self.ledgers.get_mut(name) {
                Some(open) if open.ledger.promise().wait == promise.wait => open.ledger.follow(promise),
                _ => {
                    let ledger = Ledger::new(promise);
                    self.ledgers.insert(name.clone(), Open { at, ledger });
                    unread.push((name.clone(), promise));
                }
            }
        }
        if let Some(store) = store
            && !unread.is_empty()
        {
            self.begin_to_read(store, at, unread);
        }
    }

    /// Has the history read. Where it cannot be, less is known: what is wrong with it is told by its writer.
    fn begin_to_read(&self, store: PathBuf, at: SystemTime, projects: Vec<(String, Promise)>) {
        let reader = self.reader.clone();
        let since = at.checked_sub(WEEK).unwrap_or(SystemTime::UNIX_EPOCH);
        let read = move || {
            let Ok(history) = HistoryReader::open(&store) else {
                return;
            };
            for (project, Promise { wait, .. }) in projects {
                let requests = history.lateness(&project, wait, since, at).unwrap_or_default();
                // Nobody reads it any more when the daemon ends.
                let _ = reader.send(Past {
                    project,
                    at,
                    requests,
                });
            }
        };
        // Without a thread the past stays unknown; nothing else depends on it.
        let _ = thread::Builder::new().name("promises".into()).spawn(read);
    }

    /// Takes in what has been read of the history meanwhile.
    pub(super) fn take_in_past(&mut self) {
        for past in self.read.try_iter() {
            // Of one that was closed since, another reading is under way.
            if let Some(open) = self.ledgers.get_mut(&past.project)
                && open.at == past.at
            {
                for (at, requests) in past.requests {
                    open.ledger.note(at, Duration::ZERO, requests);
                }
            }
        }
    }

    /// Notes what a look saw.
    pub(super) fn note(&mut self, look: &Look) {
        if let (Some(open), Some(late), Some(seen)) =
            (self.ledgers.get_mut(&look.project), look.late, &look.requests)
        {
            open.ledger.note(look.at, seen.figures.covered, late);
        }
    }

    /// How the promise of a project was kept; `None` where it has none.
    pub(super) fn kept(&self, project: &str) -> Option<Kept> {
        Some(self.ledgers.get(project)?.ledger.kept(SystemTime::now()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Instant;

    use super::*;
    use crate::config::parse;
    use crate::history::{Entry, HostCheck, import};
    use crate::model::{CgroupMemory, Figures, Host, Thresholds};

    fn config(target: &str) -> Config {
        let text = format!(r#"{{"web": {{"enabled": true, "max_workers": 3, {target}}}}}"#);
        parse("config.json", &text).unwrap().config
    }

    /// A row of half an hour ago: 100 requests, 3 of them late by the usual promise.
    fn row() -> Entry {
        let at = SystemTime::now() - Duration::from_mins(30);
        let look = Look {
            project: "web".into(),
            at,
            figures: Figures::default(),
            cpu: None,
            memory: CgroupMemory::default(),
            cgroup: None,
            queue: None,
            requests: None,
            promise: Some(Promise::default()),
            late: Some(Lateness {
                begun: 100,
                late: 3.0,
            }),
            thresholds: Thresholds::default(),
            decided: None,
        };
        let host = Host {
            cpus: 1,
            memory_total_mib: 1,
            memory_available_mib: 1,
            busy_percent: None,
        };
        Entry::Check(HostCheck {
            at,
            host,
            projects: vec![Arc::new(look)],
        })
    }

    /// The requests of the week, once the history has been read.
    fn week(promises: &mut Promises) -> Lateness {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            promises.take_in_past();
            if let Some(lately) = promises.kept("web").unwrap().lately {
                return lately.week.requests;
            }
            assert!(Instant::now() < deadline, "nothing came of the history");
            thread::yield_now();
        }
    }

    #[test]
    fn what_the_history_has_of_the_promise_is_known_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("history.db");
        import(&store, [row()]).unwrap();
        let mut promises = Promises::default();
        promises.follow(&config(r#""policy": "target""#), Some(store.clone()));
        assert_eq!(
            week(&mut promises),
            Lateness {
                begun: 100,
                late: 3.0
            }
        );
        // Another share of late requests is no other promise about waiting: it is known, and not read twice.
        let stricter = r#""policy": "target", "target": {"percent": 0.5}"#;
        promises.follow(&config(stricter), Some(store.clone()));
        assert_eq!(week(&mut promises).begun, 100);
        assert!((promises.kept("web").unwrap().promise.percent - 0.5).abs() < 1e-9);
        // By another wait other requests were late: nothing is known of it.
        let faster = r#""policy": "target", "target": {"wait_ms": 50}"#;
        promises.follow(&config(faster), Some(store.clone()));
        promises.take_in_past();
        assert_eq!(promises.kept("web").unwrap().lately, None);
        // There and back before anything has been read: it is taken in once.
        for target in [r#""policy": "target""#, faster, r#""policy": "target""#] {
            promises.follow(&config(target), Some(store.clone()));
        }
        assert_eq!(week(&mut promises).begun, 100);
        promises.follow(&config(r#""cpu_thresholds": {"scale_up_2": 60}"#), None);
        assert_eq!(promises.kept("web"), None);
    }
}
