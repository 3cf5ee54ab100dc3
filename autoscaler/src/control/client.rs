//! The command line's end of the socket.

use std::io;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::control::{Answer, Command, Request, Response, SOCKET_NAME, VERSION};
use crate::model::{ClientError, Language, ProtocolFault};

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
        let line = self.exchange(command, limit).map_err(|source| {
            let path = self.path.clone();
            match source.kind() {
                io::ErrorKind::UnexpectedEof => ClientError::Closed { path },
                _ => ClientError::Io { path, source },
            }
        })?;
        let response: Response = serde_json::from_str(&line).map_err(|error| ClientError::Protocol {
            why: ProtocolFault::Words(error.to_string()),
        })?;
        match response.answer {
            Answer::Refused(refused) => Err(ClientError::Refused(refused)),
            _ if response.version != VERSION => Err(ClientError::Protocol {
                why: ProtocolFault::Version(response.version),
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
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line)
    }
}
