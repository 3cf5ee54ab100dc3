//! Why a daemon and a command do not come together.

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Why a daemon did not answer.
#[derive(Debug)]
pub enum ClientError {
    /// Nobody listens.
    NoDaemon {
        /// The socket.
        path: PathBuf,
    },
    /// The socket is closed to this user.
    NotPermitted {
        /// The socket.
        path: PathBuf,
    },
    /// The connection failed.
    Io {
        /// The socket.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// The daemon closed the connection before it answered.
    Closed {
        /// The socket.
        path: PathBuf,
    },
    /// The daemon said no.
    Refused(Refused),
    /// The daemon's answer is of another protocol.
    Protocol {
        /// What is odd about it.
        why: ProtocolFault,
    },
}

/// What is odd about an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProtocolFault {
    /// It is of this version of the protocol.
    Version(u32),
    /// It is no answer to this command.
    OtherAnswer(&'static str),
    /// It is no answer at all, in the words of the JSON parser.
    Words(String),
}

told_by_words!(ClientError);

impl ClientError {
    /// Whether a daemon that is being restarted gives this error. Asking again will do then.
    #[must_use]
    pub fn passes_with_a_restart(&self) -> bool {
        match self {
            Self::NoDaemon { .. } | Self::Io { .. } | Self::Closed { .. } => true,
            Self::Refused(refused) => refused.code == RefusedCode::Ending,
            Self::NotPermitted { .. } | Self::Protocol { .. } => false,
        }
    }
}

/// Why there is no control socket. The daemon works without one.
#[derive(Debug)]
pub enum SocketError {
    /// Another daemon listens there: this one only looks on (a dry run).
    Taken {
        /// The socket.
        path: PathBuf,
    },
    /// Something that is no socket stands in its place.
    NotASocket {
        /// What is there.
        path: PathBuf,
    },
    /// The kernel refused.
    Io {
        /// The socket.
        path: PathBuf,
        /// The kernel's error.
        source: io::Error,
    },
}

/// Why something is not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// For machines.
    pub code: RefusedCode,
    /// The sentence that says what is wrong and what to do.
    pub message: String,
}

/// The kinds of refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusedCode {
    /// Neither root nor the daemon's own user.
    NotPermitted,
    /// Another version of the protocol.
    Version,
    /// Not a request of this protocol.
    Malformed,
    /// No such project.
    UnknownProject,
    /// A count outside `min_workers..max_workers`.
    OutsideBounds,
    /// The project is disabled.
    Disabled,
    /// A later order took its place.
    Replaced,
    /// A rule or the host stands against it.
    Blocked,
    /// It was tried, and failed.
    Failed,
    /// The daemon is ending.
    Ending,
}
