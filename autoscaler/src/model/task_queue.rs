//! The programs whose tasks can be counted.

/// The program whose tasks wait in a project's queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TaskQueue {
    /// Celery.
    #[default]
    Celery,
    /// RQ (Redis Queue).
    Rq,
    /// Dramatiq.
    Dramatiq,
    /// arq.
    Arq,
    /// Huey.
    Huey,
}

impl TaskQueue {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Celery, Self::Rq, Self::Dramatiq, Self::Arq, Self::Huey];

    /// Its word in the configuration. Stable across releases.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Celery => "celery",
            Self::Rq => "rq",
            Self::Dramatiq => "dramatiq",
            Self::Arq => "arq",
            Self::Huey => "huey",
        }
    }

    /// Its name as its authors write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Celery => "Celery",
            Self::Rq => "RQ",
            Self::Dramatiq => "Dramatiq",
            Self::Arq => "arq",
            Self::Huey => "Huey",
        }
    }

    /// The queue that tasks go to where the application names none.
    #[must_use]
    pub const fn default_queue(self) -> &'static str {
        match self {
            Self::Celery => "celery",
            Self::Rq | Self::Dramatiq => "default",
            Self::Arq => "arq:queue",
            Self::Huey => "huey",
        }
    }

    /// What stands before its keys in Redis where the application sets nothing: of Celery kombu's `global_keyprefix`, of RQ
    /// `RQ_KEY_PREFIX`, of Dramatiq the broker's `namespace`. `None` where it cannot be set.
    #[must_use]
    pub const fn key_prefix(self) -> Option<&'static str> {
        match self {
            Self::Celery => Some(""),
            Self::Rq => Some("rq"),
            Self::Dramatiq => Some("dramatiq"),
            Self::Arq | Self::Huey => None,
        }
    }

    /// Whether it can have its queues in RabbitMQ.
    #[must_use]
    pub const fn speaks_amqp(self) -> bool {
        match self {
            Self::Celery | Self::Dramatiq => true,
            Self::Rq | Self::Arq | Self::Huey => false,
        }
    }

    /// Whether its workers say, where others can read it, if they run a task.
    #[must_use]
    pub const fn tells_who_is_busy(self) -> bool {
        match self {
            Self::Celery | Self::Rq => true,
            Self::Dramatiq | Self::Arq | Self::Huey => false,
        }
    }
}
