//! What is wrong with a broker's URL. Nothing of it quotes the URL: it may hold a password.

use std::borrow::Cow;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::model::SystemFault;

/// Why a broker's URL cannot be used. Displayed in English, as the history keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum UrlFault {
    /// It does not say what kind of broker it is.
    #[error("it has no scheme such as redis://")]
    NoScheme,
    /// A kind of broker that is not known.
    #[error("its kind is none of redis, rediss, redis+socket, unix, amqp and amqps")]
    Kind,
    /// The URL of the management API has no host.
    #[error("the management API's has no host")]
    NoManagementHost,
    /// A socket without a path.
    #[error("it has no path of a socket")]
    NoSocketPath,
    /// Something that is not text when it is decoded.
    #[error("a part of it is no UTF-8 after %-decoding")]
    NotUtf8,
    /// A path that is no number.
    #[error("its path is no number of a Redis database")]
    Database,
    /// A host that cannot have a certificate.
    #[error("its host is no name that a certificate could be for")]
    NoCertificateName,
    /// A socket, from where none is taken.
    #[error(
        "{variable} names a Unix socket, which only the configuration may: write the URL as \"redis_url\" or \"broker_url\""
    )]
    NamesSocket {
        /// The variable of the environment.
        variable: String,
    },
    /// A private key, from where none is taken.
    #[error(
        "{variable} names a private key, which only the configuration may: write the URL as \"redis_url\" or \"broker_url\""
    )]
    NamesKey {
        /// The variable of the environment.
        variable: String,
    },
    /// A file that it names.
    #[error("its {key} {} cannot be used: {why}", path.display())]
    File {
        /// The key that names it.
        key: Cow<'static, str>,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: FileFault,
    },
    /// Nobody could have signed the broker's certificate.
    #[error(
        "this system has no certificate authorities (on Debian: apt-get install ca-certificates): name the broker's in the URL, ?ssl_ca_certs=/path/ca.pem"
    )]
    NoAuthorities,
    /// This program speaks no TLS at all.
    #[error("this program was built without a TLS version")]
    NoTls,
    /// What the library says that takes URLs apart, or what an earlier version kept.
    #[error("{0}")]
    Words(String),
}

/// What is wrong with a file that a URL names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum FileFault {
    /// It cannot be read.
    #[error(transparent)]
    System(#[from] SystemFault),
    /// A directory, device, pipe or socket.
    #[error("it is no regular file")]
    NotAFile,
    /// Something else than a certificate.
    #[error("it holds no certificate in PEM")]
    NoCertificate,
    /// Certificates that are damaged.
    #[error("its certificates cannot be read")]
    Unread,
    /// Something else than a private key.
    #[error("it holds no private key without a password in PEM")]
    NoKey,
    /// The key to another certificate.
    #[error("ssl_keyfile is not the key to it")]
    OtherKey,
}

impl From<String> for UrlFault {
    fn from(words: String) -> Self {
        Self::Words(words)
    }
}
