//! How requests are seen.

/// By what the kernel tells of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RequestsWay {
    /// Programs on tracepoints of sockets.
    Tracepoints,
    /// The same programs at the entry and end of the kernel's functions, where it has not all of those tracepoints.
    Functions,
    /// No program: the connections that nobody has accepted yet, and nothing of waits and of busy workers.
    ListenQueues,
}

impl RequestsWay {
    /// A stable name for other programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Tracepoints => "tracepoints",
            Self::Functions => "functions",
            Self::ListenQueues => "listen_queues",
        }
    }
}
