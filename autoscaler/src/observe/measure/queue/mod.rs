//! The task queues of a project, read from its broker.
//!
//! [`Broker`] is what a broker has to do; [`open`] picks the one that a URL names and that the project's program uses, so
//! another broker, or another program, is one file and one line there. [`QueueMonitor`] reads one project's queues check by check and backs off from a
//! broker that fails. A URL, which may hold a password, appears in no message.

mod address;
mod back_off;
mod environment;
mod monitor;
mod rabbitmq;
mod redis;
mod tls;

use std::pin::Pin;
use std::time::Duration;

use address::{Address, ManagementAddress};
use jiff::Timestamp;
use serde_json::Value;

use crate::host::process::Procfs;
use crate::model::{
    BrokerAccess, BrokerUrl, ManagementUrl, Place, ProcessId, QueueFault, TaskQueue, Uncounted,
};

pub use monitor::QueueMonitor;

/// What a broker answers, sooner or later.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, QueueFault>> + Send + 'a>>;

/// How long a connection may take, and one question over it.
const LIMIT: Duration = Duration::from_secs(3);

/// Several queues together, at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Depth {
    /// Tasks that wait in the broker, of all the queues and their priorities.
    pub waiting: u64,
    /// Tasks delivered to some worker and not acknowledged; `None` where the broker cannot tell. Redis counts
    /// those of all queues of its database together.
    pub unacknowledged: Option<u64>,
    /// Why they are not known, where the broker should have told.
    pub unacknowledged_fault: Option<QueueFault>,
    /// Of those, how many do not run yet; `None` where the broker alone cannot tell.
    pub fetched_ahead: Option<u64>,
    /// The oldest waiting task has waited at least this long; `None` where nothing waits or nobody can tell.
    pub oldest_waiting: Option<Duration>,
}

/// What a worker has entered of itself in the list of workers that its program keeps in the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name of its host.
    pub host: String,
    /// Its process, as numbered in its own pid namespace.
    pub pid: u32,
    /// When it entered itself.
    pub entered: Option<Timestamp>,
    /// Whether it runs a task.
    pub busy: bool,
}

/// A command of Celery's remote control.
#[derive(Debug, Clone, PartialEq)]
pub struct Command<'a> {
    /// The command's name, such as `stats`.
    pub method: &'a str,
    /// Its named arguments, a JSON object.
    pub arguments: Value,
    /// The one node that is to obey; `None` asks every node of the broker, so only questions go without.
    pub node: Option<&'a str>,
}

/// What one node answered to a [`Command`].
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The node's name, such as `celery@host`.
    pub node: String,
    /// What the command returned.
    pub body: Value,
}

/// A message broker, as the program works with it whose tasks are in it.
///
/// Connects at the first use and again after a failure; every call ends within a few seconds.
pub trait Broker: Send {
    /// Reads the length of `queues`.
    ///
    /// # Errors
    /// When the broker cannot be reached or asked, or does not have one of the queues.
    fn depth<'a>(&'a mut self, queues: &'a [String]) -> Answer<'a, Depth>;

    /// Looks for tasks of `queues` that [`Broker::depth`] does not count, bounded: what one look does not reach, a
    /// later one does. Nothing where the broker cannot tell.
    ///
    /// # Errors
    /// When the broker cannot be reached or asked.
    fn uncounted<'a>(&'a mut self, _queues: &'a [String]) -> Answer<'a, Vec<Uncounted>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Where else on this server Celery's workers have their keys: for when nobody listens here.
    ///
    /// # Errors
    /// When the broker cannot be reached or asked.
    fn elsewhere(&mut self) -> Answer<'_, Vec<Place>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// The workers that take tasks from `queues`, as they have entered themselves in the broker; `None` of a program that
    /// keeps no such list.
    ///
    /// # Errors
    /// When the broker cannot be reached or asked.
    fn entries<'a>(&'a mut self, _queues: &'a [String]) -> Answer<'a, Option<Vec<Entry>>> {
        Box::pin(async { Ok(None) })
    }

    /// Sends a command and collects the answers: the first one to a command for one node, all that come
    /// within `limit` otherwise. `None` when nobody listens: the workers are down or their remote control is off.
    ///
    /// # Errors
    /// When the broker cannot be reached or refuses. No answer is no error but an empty list.
    fn call<'a>(&'a mut self, _command: &'a Command<'a>, _limit: Duration) -> Answer<'a, Option<Vec<Reply>>> {
        Box::pin(async { Ok(None) })
    }
}

/// The broker's URL, which may hold a password: as it is configured, or as `main`, the project's main process, has it.
///
/// # Errors
/// When the main process does not have it, or nothing that can be used.
pub fn url(broker: &BrokerAccess, procfs: &Procfs, main: ProcessId) -> Result<String, QueueFault> {
    match &broker.url {
        BrokerUrl::Written(url) => Ok(url.clone()),
        BrokerUrl::Environment(variable) => environment::url(procfs, main, variable),
    }
}

/// The one key in Redis that tasks of `queue` wait in, and that is not there while none do; `None` where there is no such
/// key, or where the tasks may be in RabbitMQ.
#[must_use]
pub fn key_of(broker: &BrokerAccess, queue: &str) -> Option<String> {
    let in_redis = match &broker.url {
        BrokerUrl::Written(url) => !url.starts_with("amqp"),
        BrokerUrl::Environment(_) => !broker.task_queue.speaks_amqp(),
    };
    in_redis.then(|| redis::key_of(broker, queue))?
}

/// The broker at `url`, used as the configuration says. Nothing is connected yet.
///
/// # Errors
/// When the URL cannot be used.
pub fn open(url: &str, broker: &BrokerAccess) -> Result<Box<dyn Broker>, QueueFault> {
    let task_queue = broker.task_queue;
    Ok(match Address::parse(url)? {
        Address::Redis(address) if task_queue == TaskQueue::Celery => {
            Box::new(redis::Redis::new(&address, broker)?)
        }
        Address::Redis(address) => Box::new(redis::Reader::new(&address, broker)?),
        // The URL may stand in an environment, where no configuration could refuse it.
        Address::Amqp(_) if !task_queue.speaks_amqp() => {
            return Err(QueueFault::NotSupported {
                kind: format!("{} over RabbitMQ", task_queue.name()),
            });
        }
        Address::Amqp(address) => {
            let management = broker
                .management
                .as_ref()
                .map(|ManagementUrl(url)| ManagementAddress::parse(url, &address))
                .transpose()?;
            Box::new(rabbitmq::RabbitMq::new(task_queue, address, management))
        }
    })
}
