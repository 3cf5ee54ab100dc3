//! What is seen of the services: their requests where the kernel tells of them, and their listening sockets.

use std::collections::HashMap;

use anyhow::Result;

use crate::cli::failure::failed;
use crate::cli::requests::sought::Sought;
use crate::host::cgroup::CgroupMount;
use crate::host::listen::ListenSource;
use crate::host::process::Procfs;
use crate::host::requests::{self, RequestWatch};
use crate::model::{
    Language, ListenFault, ListenLook, ListenQueue, RequestFigures, RequestLook, RequestsWay,
};
use crate::words::{self, say};

/// Looks at the services.
pub(super) struct Seer {
    language: Language,
    mount: CgroupMount,
    /// `None` if no program can be loaded.
    source: Option<Box<dyn RequestWatch>>,
    listening: ListenSource,
    /// What has been said of listening sockets that cannot be seen: once is enough.
    told: Vec<ListenFault>,
}

/// The services at one moment, in their order.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// `None` if no program can be loaded.
    requests: Option<Vec<RequestLook>>,
    listening: Vec<ListenLook>,
}

/// What happened to one service between two moments.
#[derive(Debug)]
pub(super) struct Happened {
    /// Its requests; `None` where they cannot be seen.
    pub(super) requests: Option<RequestFigures>,
    pub(super) queues: Vec<Queue>,
}

impl Happened {
    /// Whether there were any requests, or connections that waited.
    pub(super) fn is_any(&self) -> bool {
        let is_dropped = |queue: &Queue| queue.dropped.is_some_and(|dropped| dropped > 0);
        let waits = |queue: &Queue| queue.now.waiting > 0 || is_dropped(queue);
        self.requests.as_ref().map_or_else(
            || self.queues.iter().any(waits),
            |seen| seen.begun + seen.answered > 0 || seen.waiting + seen.serving > 0,
        )
    }
}

/// A listening socket.
#[derive(Debug)]
pub(super) struct Queue {
    pub(super) now: ListenQueue,
    /// What the kernel has thrown away since the moment before.
    pub(super) dropped: Option<u64>,
}

impl Seer {
    /// Loads the programs, with room for so many services. Says so if they cannot be loaded.
    pub(super) fn open(services: usize, language: Language) -> Result<Self> {
        let source = match requests::open(u32::try_from(services).unwrap_or(u32::MAX)) {
            Ok(source) => Some(source),
            Err(why) => {
                let why = words::without_ebpf(language, &why);
                let told = say!(
                    language,
                    "how long requests wait and how many workers are busy cannot be seen here: {why}; shown are the connections that nobody has accepted yet",
                    "aquí no se puede ver cuánto esperan las peticiones ni cuántos workers están ocupados: {why}; se muestran las conexiones que nadie ha aceptado todavía"
                );
                eprintln!("autoscaler: {told}");
                None
            }
        };
        Ok(Self {
            language,
            mount: CgroupMount::discover(&Procfs::default())?,
            source,
            listening: ListenSource::default(),
            told: Vec::new(),
        })
    }

    /// By what the kernel tells of them.
    pub(super) fn way(&self) -> RequestsWay {
        self.source
            .as_ref()
            .map_or(RequestsWay::ListenQueues, |source| source.way())
    }

    /// How the services stand. Cgroups and processes may come and go.
    pub(super) fn look(&mut self, services: &[Sought]) -> Result<Seen> {
        let pids: Vec<Vec<u32>> = services
            .iter()
            .map(|service| {
                // One that has just gone has no processes any more.
                let cgroup = self.mount.open(&service.directory);
                cgroup.and_then(|cgroup| cgroup.processes()).unwrap_or_default()
            })
            .collect();
        let requests = self
            .source
            .as_mut()
            .map(|source| requests_of(services, source.as_mut()));
        let listening = self.listening.look(&pids);
        for fault in listening.iter().flat_map(|look| &look.unseen) {
            if !self.told.contains(fault) {
                let told = words::listen_fault(self.language, fault);
                eprintln!("autoscaler: {told}");
                self.told.push(fault.clone());
            }
        }
        Ok(Seen {
            requests: requests.transpose()?,
            listening,
        })
    }
}

fn requests_of(services: &[Sought], source: &mut dyn RequestWatch) -> Result<Vec<RequestLook>> {
    for (index, service) in (0..).zip(services) {
        source
            .want(index, &service.directory)
            .map_err(|error| kernel_failed(&error))?;
    }
    let indexes: Vec<u32> = (0..).zip(services).map(|(index, _)| index).collect();
    source.look(&indexes).map_err(|error| kernel_failed(&error))
}

impl Seen {
    /// What happened to each service until `now`.
    pub(super) fn until(&self, now: &Self) -> Vec<Happened> {
        let services = 0..now.listening.len();
        services
            .map(|index| {
                let requests = self.requests.as_deref().zip(now.requests.as_deref());
                Happened {
                    requests: requests.map(|(then, now)| RequestFigures::between(&then[index], &now[index])),
                    queues: queues(&self.listening[index], &now.listening[index]),
                }
            })
            .collect()
    }
}

fn queues(then: &ListenLook, now: &ListenLook) -> Vec<Queue> {
    let before: HashMap<u32, Option<u64>> = then
        .queues
        .iter()
        .map(|queue| (queue.inode, queue.dropped))
        .collect();
    let queues = now.queues.iter().map(|queue| Queue {
        dropped: queue.dropped.map(|dropped| {
            // A socket that was not there before has dropped nothing then.
            let before = before.get(&queue.inode).copied().flatten().unwrap_or(0);
            // The kernel's counter has 32 bits.
            dropped.wrapping_sub(before) & u64::from(u32::MAX)
        }),
        now: queue.clone(),
    });
    queues.collect()
}

fn kernel_failed(error: &anyhow::Error) -> anyhow::Error {
    failed(|language| {
        say!(
            language,
            "the kernel does not tell of requests any more: {error:#}",
            "el kernel ya no informa de las peticiones: {error:#}"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(inode: u32, dropped: Option<u64>) -> ListenLook {
        ListenLook {
            queues: vec![ListenQueue {
                inode,
                address: "0.0.0.0:8000".into(),
                waiting: 1,
                limit: 2,
                dropped,
            }],
            unseen: Vec::new(),
        }
    }

    #[test]
    fn what_was_dropped_is_told_from_look_to_look() {
        let dropped = |then, now| queues(&then, &now)[0].dropped;
        assert_eq!(dropped(look(7, Some(3)), look(7, Some(5))), Some(2));
        assert_eq!(
            dropped(look(7, Some(u64::from(u32::MAX))), look(7, Some(1))),
            Some(2)
        );
        assert_eq!(dropped(look(6, Some(9)), look(7, Some(4))), Some(4));
        assert_eq!(dropped(look(7, None), look(7, None)), None);
    }
}
