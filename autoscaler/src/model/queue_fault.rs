//! Why a project's queues cannot be read.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::model::{ReadFault, Silence, UrlFault, kept};

/// Why a broker cannot be used. `at` is its host and port, or its socket: never a user or a password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueFault {
    /// The URL is not one of a broker that is known.
    BadUrl {
        /// What is wrong with it.
        #[serde(flatten, with = "kept")]
        why: UrlFault,
    },
    /// The variable that should hold the URL is not set.
    NoVariable {
        /// The variable.
        variable: String,
        /// The project's main process.
        pid: u32,
    },
    /// The process has overwritten the environment that it was started with, to have room for its title.
    EnvironmentOverwritten {
        /// The project's main process.
        pid: u32,
    },
    /// Another user's environment, and the daemon may not read those.
    EnvironmentForbidden {
        /// The project's main process.
        pid: u32,
    },
    /// The environment cannot be read.
    EnvironmentUnreadable {
        /// The error with its path.
        #[serde(flatten, with = "kept")]
        why: ReadFault,
    },
    /// No connection, or it broke, or no answer in time.
    Unreachable {
        /// Where the broker should be.
        at: String,
        /// Why not.
        #[serde(flatten, with = "kept")]
        why: Silence,
    },
    /// The connection is not encrypted as the URL wants it.
    Tls {
        /// Where the broker is.
        at: String,
        /// What is wrong.
        problem: TlsProblem,
    },
    /// A kind of server that Celery may be able to use, and this program is not.
    NotSupported {
        /// Its own name: `Redis Sentinel`.
        kind: String,
    },
    /// Several brokers in one URL, to be tried one after the other.
    SeveralBrokers,
    /// Wrong user or password, or the broker wants one and the URL has none.
    LoginRefused {
        /// Where the broker is.
        at: String,
        /// The broker's reason.
        why: String,
    },
    /// The user may log in but not do what is needed.
    NotPermitted {
        /// Where the broker is.
        at: String,
        /// The broker's reason.
        why: String,
    },
    /// It is short of something, and takes no message from anybody until it is not (RabbitMQ's alarms).
    Blocked {
        /// Where the broker is.
        at: String,
        /// Whether it is short of memory.
        memory: bool,
        /// Whether it is short of disk.
        disk: bool,
    },
    /// There is no such queue.
    NoSuchQueue {
        /// Where the broker is.
        at: String,
        /// The queue.
        queue: String,
    },
    /// The broker answered with an error that nothing above describes.
    Answered {
        /// Where the broker is.
        at: String,
        /// The broker's words.
        why: String,
    },
}

/// What is wrong with an encrypted connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TlsProblem {
    /// Nobody who is trusted has signed the server's certificate.
    UnknownAuthority {
        /// The file of those who are trusted; `None` for the system's.
        authorities: Option<PathBuf>,
    },
    /// The certificate is for other names.
    OtherName {
        /// The name in the URL.
        wanted: String,
        /// The certificate's names (subjectAltName).
        names: Vec<String>,
    },
    /// The certificate's time is over.
    Expired,
    /// The certificate's time has not come.
    NotYetValid,
    /// The certificate is an authority's own, or has another mark that a server's has not.
    NoServersCertificate,
    /// The certificate is damaged, or signed in a way that is not known.
    CertificateUnusable,
    /// What answers there speaks no TLS.
    NotSpoken,
    /// No version and no method that both sides know.
    NothingInCommon,
    /// It asks for a certificate, and the URL names none.
    ClientUnknown,
    /// It refuses the certificate that the URL names.
    ClientRefused,
    /// Anything else.
    Broken,
}

told_by_words!(QueueFault);

/// A name between double quotes, as JSON writes it.
pub(crate) fn quoted(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}
