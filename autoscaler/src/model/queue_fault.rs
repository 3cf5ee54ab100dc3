//! Why a project's queues cannot be read.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Why a broker cannot be used. `at` is its host and port, or its socket: never a user or a password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum QueueFault {
    /// The URL is not one of a broker that is known.
    #[error("the broker's URL cannot be used: {why}")]
    BadUrl {
        /// What is wrong with it.
        why: String,
    },
    /// The variable that should hold the URL is not set.
    #[error(
        "process {pid} was started without {variable} in its environment: set it in the unit (Environment= or EnvironmentFile=) and restart it"
    )]
    NoVariable {
        /// The variable.
        variable: String,
        /// The project's main process.
        pid: u32,
    },
    /// The process has overwritten the environment that it was started with, to have room for its title.
    #[error(
        "process {pid} has written its title over its environment: set SPT_NOENV=1 in the unit (Environment=SPT_NOENV=1), which keeps setproctitle from it, and restart it"
    )]
    EnvironmentOverwritten {
        /// The project's main process.
        pid: u32,
    },
    /// Another user's environment, and the daemon may not read those.
    #[error(
        "the environment of process {pid} may not be read: the daemon needs CAP_DAC_READ_SEARCH and CAP_SYS_PTRACE, as it has in the unit that comes with it"
    )]
    EnvironmentForbidden {
        /// The project's main process.
        pid: u32,
    },
    /// The environment cannot be read.
    #[error("the environment of the main process cannot be read: {why}")]
    EnvironmentUnreadable {
        /// The error with its path.
        why: String,
    },
    /// No connection, or it broke, or no answer in time.
    #[error("the broker at {at} cannot be reached: {why}")]
    Unreachable {
        /// Where the broker should be.
        at: String,
        /// The system's reason.
        why: String,
    },
    /// The connection is not encrypted as the URL wants it.
    #[error("no TLS with the broker at {at}: {problem}")]
    Tls {
        /// Where the broker is.
        at: String,
        /// What is wrong.
        problem: TlsProblem,
    },
    /// A kind of server that Celery may be able to use, and this program is not.
    #[error(
        "{kind} is not supported: name the one server that has the queues, for example \"redis_url\": \"redis://10.0.0.1:6379/0\""
    )]
    NotSupported {
        /// Its own name: `Redis Sentinel`.
        kind: String,
    },
    /// Wrong user or password, or the broker wants one and the URL has none.
    #[error("the broker at {at} refuses the user or the password: {why}")]
    LoginRefused {
        /// Where the broker is.
        at: String,
        /// The broker's reason.
        why: String,
    },
    /// The user may log in but not do what is needed.
    #[error("the broker at {at} does not permit it: {why}")]
    NotPermitted {
        /// Where the broker is.
        at: String,
        /// The broker's reason.
        why: String,
    },
    /// There is no such queue.
    #[error(
        "the broker at {at} has no queue {} in this virtual host: is it spelled as in Celery, is the URL's virtual host the worker's, and has a worker ever consumed it?",
        quoted(.queue)
    )]
    NoSuchQueue {
        /// Where the broker is.
        at: String,
        /// The queue.
        queue: String,
    },
    /// The broker answered with an error that nothing above describes.
    #[error("the broker at {at} answered with an error: {why}")]
    Answered {
        /// Where the broker is.
        at: String,
        /// The broker's words.
        why: String,
    },
}

/// What is wrong with an encrypted connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum TlsProblem {
    /// Nobody who is trusted has signed the server's certificate.
    #[error("its certificate is not signed by {}: name the one that signed it in the URL, ?ssl_ca_certs=/path/ca.pem, as the worker does", whose(.authorities.as_ref()))]
    UnknownAuthority {
        /// The file of those who are trusted; `None` for the system's.
        authorities: Option<PathBuf>,
    },
    /// The certificate is for other names.
    #[error("its certificate is for {}, not for {wanted}: write a name of the certificate into the URL, or, as older versions of redis-py do unasked, ?ssl_check_hostname=false", listed(.names))]
    OtherName {
        /// The name in the URL.
        wanted: String,
        /// The certificate's names (subjectAltName).
        names: Vec<String>,
    },
    /// The certificate's time is over.
    #[error("its certificate has expired: renew it")]
    Expired,
    /// The certificate's time has not come.
    #[error("its certificate is not valid yet: is the clock right?")]
    NotYetValid,
    /// The certificate is an authority's own, or has another mark that a server's has not.
    #[error(
        "its certificate is an authority's own, not a server's: name this very certificate in the URL, ?ssl_ca_certs=/path/server.pem"
    )]
    NoServersCertificate,
    /// The certificate is damaged, or signed in a way that is not known.
    #[error(
        "its certificate cannot be used: it is damaged, revoked, or signed in a way that is no longer safe"
    )]
    CertificateUnusable,
    /// What answers there speaks no TLS.
    #[error(
        "it does not answer in TLS at this port: write redis:// (amqp://) in the URL, or the port for TLS"
    )]
    NotSpoken,
    /// No version and no method that both sides know.
    #[error("it has no version of TLS in common with this program, which speaks 1.2 and 1.3")]
    NothingInCommon,
    /// It asks for a certificate, and the URL names none.
    #[error(
        "it asks for a certificate of the client: name it in the URL, ?ssl_certfile=/path/client.pem&ssl_keyfile=/path/client.key, as the worker does"
    )]
    ClientUnknown,
    /// It refuses the certificate that the URL names.
    #[error("it refuses the client's certificate (ssl_certfile)")]
    ClientRefused,
    /// Anything else.
    #[error("the handshake failed")]
    Broken,
}

fn whose(file: Option<&PathBuf>) -> String {
    file.map_or_else(
        || "any authority that this system trusts".to_owned(),
        |file| format!("any authority in {}", file.display()),
    )
}

fn listed(names: &[String]) -> String {
    match names {
        [] => "no name at all (it has no subjectAltName)".to_owned(),
        names => names.join(", "),
    }
}

/// A name between double quotes, as JSON writes it.
pub(crate) fn quoted(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}
