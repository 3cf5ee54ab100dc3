//! The command line's end of the socket.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Answer, Command, Refused, RefusedCode, Request, Response, SOCKET_NAME, VERSION};
use crate::model::Language;

/// For an answer that the daemon has ready. Longer than a check of the daemon takes.
const ANSWER: Duration = Duration::from_secs(30);

/// For an order that is carried out before it is answered. Longer than the daemon itself waits.
const ACTION: Duration = Duration::from_mins(16);

/// A connection to a running daemon.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<UnixStream>,
    path: PathBuf,
    language: Option<Language>,
}

/// Why a daemon did not answer. The messages say what to do.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens.
    #[error(
        "no autoscaler daemon answers at {path}. Start it: `sudo systemctl start autoscaler`, or in a terminal \
         `sudo autoscaler run`. If it runs with another --runtime-dir, name that one here too",
        path = path.display()
    )]
    NoDaemon {
        /// The socket.
        path: PathBuf,
    },
    /// The socket is closed to this user.
    #[error("{}: only root may talk to the daemon: run this command with sudo", path.display())]
    NotPermitted {
        /// The socket.
        path: PathBuf,
    },
    /// The connection failed.
    #[error("{}: the daemon did not answer: {source}", path.display())]
    Io {
        /// The socket.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// The daemon said no.
    #[error("{}", .0.message)]
    Refused(Refused),
    /// The daemon's answer is of another protocol.
    #[error("the daemon answered in another protocol ({why}): restart it after an upgrade")]
    Protocol {
        /// What is odd about it.
        why: String,
    },
}

impl ClientError {
    /// Whether a daemon that is being restarted gives this error. Asking again will do then.
    #[must_use]
    pub fn passes_with_a_restart(&self) -> bool {
        match self {
            Self::NoDaemon { .. } | Self::Io { .. } => true,
            Self::Refused(refused) => refused.code == RefusedCode::Ending,
            Self::NotPermitted { .. } | Self::Protocol { .. } => false,
        }
    }
}

impl Client {
    /// Connects to the daemon whose runtime directory is `dir`.
    ///
    /// # Errors
    /// When there is none, or when it may not be talked to.
    pub fn connect(dir: &Path) -> Result<Self, ClientError> {
        let path = dir.join(SOCKET_NAME);
        let connected = UnixStream::connect(&path).and_then(|stream| {
            stream.set_write_timeout(Some(ANSWER))?;
            Ok(stream)
        });
        match connected {
            Ok(stream) => Ok(Self {
                stream: BufReader::new(stream),
                path,
                language: None,
            }),
            Err(error) => Err(match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => ClientError::NoDaemon { path },
                io::ErrorKind::PermissionDenied => ClientError::NotPermitted { path },
                _ => ClientError::Io { path, source: error },
            }),
        }
    }

    /// Has the answers in `language` from here on; `None` for the daemon's own.
    #[must_use]
    pub fn in_language(self, language: Option<Language>) -> Self {
        Self { language, ..self }
    }

    /// Asks one thing and waits for the answer.
    ///
    /// # Errors
    /// When the daemon refuses, or goes away.
    pub fn ask(&mut self, command: Command) -> Result<Answer, ClientError> {
        let limit = match command {
            Command::Scale { .. } => ACTION,
            _ => ANSWER,
        };
        self.ask_within(command, limit)
    }

    /// Asks one thing and waits for the answer, each part of it `limit` at most.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub fn ask_within(&mut self, command: Command, limit: Duration) -> Result<Answer, ClientError> {
        let line = self.exchange(command, limit).map_err(|source| ClientError::Io {
            path: self.path.clone(),
            source,
        })?;
        let response: Response = serde_json::from_str(&line).map_err(|error| ClientError::Protocol {
            why: error.to_string(),
        })?;
        match response.answer {
            Answer::Refused(refused) => Err(ClientError::Refused(refused)),
            _ if response.version != VERSION => Err(ClientError::Protocol {
                why: format!("version {}", response.version),
            }),
            answer => Ok(answer),
        }
    }

    fn exchange(&mut self, command: Command, limit: Duration) -> io::Result<String> {
        let request = Request {
            version: VERSION,
            language: self.language,
            command,
        };
        let mut line = serde_json::to_string(&request)?;
        line.push('\n');
        self.stream.get_ref().set_read_timeout(Some(limit))?;
        // A daemon that refuses to listen has said why before it closed.
        let sent = self.stream.get_mut().write_all(line.as_bytes());
        line.clear();
        if self.stream.read_line(&mut line)? == 0 {
            sent?;
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "it closed the connection",
            ));
        }
        Ok(line)
    }
}
