//! What is wrong with a broker's URL and what belongs to it. No sentence quotes a URL: it may hold a password.

use crate::model::TaskQueue;

/// Why a broker, its management API or its queues cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadBroker {
    /// A project with rules over its queue and no broker.
    Missing(String),
    /// Two keys that both name the broker.
    Two(String, String),
    /// The value of this key cannot be used.
    Url(String, BadUrl),
    /// No queue.
    NoQueue,
    /// A queue that is no text.
    QueueType,
    /// A queue without a name, or with one that cannot be.
    QueueName,
    /// A queue twice.
    QueueTwice,
    /// A separator that no list's name can have.
    Separator,
    /// A priority step that is none; the highest that may be.
    Step(u64),
    /// No steps, or more than this many.
    Steps(usize),
    /// RabbitMQ's URL (its key) for a program that has its queues in Redis alone.
    RedisAlone(String, TaskQueue),
    /// A key prefix of a program that has none.
    NoKeyPrefix(TaskQueue),
    /// A key of Celery's for another program.
    OfCelery(String, TaskQueue),
}

/// What is wrong with a URL, or with the name of the variable that holds one. An example follows where one helps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadUrl {
    /// No URL at all.
    None(&'static str),
    /// A broker of another kind.
    Kind(&'static str),
    /// RabbitMQ where Redis is wanted.
    RabbitMq,
    /// Characters that a URL has not.
    Characters,
    /// It cannot be taken apart.
    Unreadable(&'static str),
    /// A `#`.
    Fragment,
    /// No host.
    NoHost(&'static str),
    /// Something else than a number where the database's must stand.
    Database,
    /// No path of a socket.
    Socket,
    /// Something else than a number in the part of the query that this is the name of.
    SocketDatabase(String),
    /// No name of a variable.
    Variable,
    /// A management API of a broker that has none.
    ManagementOfRedis,
    /// A management API over TLS.
    Tls(&'static str),
    /// Redis Sentinel.
    Sentinel,
    /// Redis Cluster.
    Cluster,
    /// Several URLs in one, of this scheme.
    Several(String),
    /// More than a management API's address.
    Query(&'static str),
}
