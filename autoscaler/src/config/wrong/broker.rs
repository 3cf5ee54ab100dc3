//! What is wrong with a broker's URL and what belongs to it. No sentence quotes a URL: it may hold a password.

/// Why a broker, its management API or its queues cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadBroker {
    /// A project with rules over its queue and no broker.
    #[error(
        "project {0:?} has rules over its queue but no broker: write \"redis_url\", \"broker_url\" or \"broker_url_env\", for example \"redis_url\": \"redis://localhost:6379/0\""
    )]
    Missing(String),
    /// Two keys that both name the broker.
    #[error("{0:?} and {1:?} both name the broker: keep one")]
    Two(String, String),
    /// The value of this key cannot be used.
    #[error("{0:?}: {1}")]
    Url(String, BadUrl),
    /// No queue.
    #[error("\"queues\" is empty: write their names, for example [\"celery\"], or leave it out")]
    NoQueue,
    /// A queue that is no text.
    #[error("a queue's name is text in double quotes")]
    QueueType,
    /// A queue without a name, or with one that cannot be.
    #[error("a queue's name is empty or has control characters: write the queue's name")]
    QueueName,
    /// A queue twice.
    #[error("this queue stands twice in \"queues\": keep one")]
    QueueTwice,
    /// A separator that no list's name can have.
    #[error(
        "\"redis_priority_separator\" is empty or has digits: write the application's \"sep\", for example \":\", or leave it out"
    )]
    Separator,
    /// A priority step that is none; the highest that may be.
    #[error(
        "a priority step is a whole number from 0 to {0}: write the application's \"priority_steps\", for example [0, 3, 6, 9]"
    )]
    Step(u32),
    /// No steps, or more than this many.
    #[error(
        "\"redis_priority_steps\" must have from 1 to {0} steps: write the application's \"priority_steps\", for example [0, 3, 6, 9]"
    )]
    Steps(usize),
}

/// What is wrong with a URL, or with the name of the variable that holds one. An example follows where one helps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadUrl {
    /// No URL at all.
    #[error("this is no URL: write for example {0}")]
    None(&'static str),
    /// A broker of another kind.
    #[error(
        "this kind of broker is not known: write a URL that begins with redis://, rediss://, redis+socket://, unix://, amqp:// or amqps://, for example {0}"
    )]
    Kind(&'static str),
    /// RabbitMQ where Redis is wanted.
    #[error("this is a RabbitMQ URL: write it as \"broker_url\"")]
    RabbitMq,
    /// Characters that a URL has not.
    #[error("spaces and control characters have no place in a URL: write them as %20 and the like")]
    Characters,
    /// It cannot be taken apart.
    #[error(
        "this URL cannot be read: write for example {0}, with characters like # / ? @ of a password as %23 %2F %3F %40"
    )]
    Unreadable(&'static str),
    /// A `#`.
    #[error("a # of the password must be written as %23")]
    Fragment,
    /// No host.
    #[error("the host is missing: write for example {0}")]
    NoHost(&'static str),
    /// Something else than a number where the database's must stand.
    #[error("after the host the database's number must stand: write for example /0")]
    Database,
    /// No path of a socket.
    #[error("the socket's path must follow three slashes: write for example unix:///run/redis/redis.sock")]
    Socket,
    /// Something else than a number in the part of the query that this is the name of.
    #[error("{0} is the database's number: write for example ?{0}=0")]
    SocketDatabase(String),
    /// No name of a variable.
    #[error(
        "this is no name of an environment variable: write for example CELERY_BROKER_URL, which the unit sets"
    )]
    Variable,
    /// A management API of a broker that has none.
    #[error("only RabbitMQ has a management API: take it out")]
    ManagementOfRedis,
    /// A management API over TLS.
    #[error("only http:// is spoken here: name the listener without TLS, for example {0}")]
    Tls(&'static str),
    /// Redis Sentinel.
    #[error(
        "Redis Sentinel is not asked which server is the master: write the URL of the one server that has the queues, for example redis://10.0.0.1:6379/0, or a name that follows the master"
    )]
    Sentinel,
    /// Redis Cluster.
    #[error(
        "Redis Cluster is not supported, as Celery's own Redis transport does not have it: write the URL of the one server that has the queues, for example redis://10.0.0.1:6379/0"
    )]
    Cluster,
    /// Several URLs in one, of this scheme.
    #[error(
        "several brokers, separated by \";\", are not tried in turn (a ; of the password is written %3B): write the URL of the one server that has the queues, for example {0}://10.0.0.1/0"
    )]
    Several(String),
    /// More than a management API's address.
    #[error("nothing may follow a ? or a #: write for example {0}")]
    Query(&'static str),
}
