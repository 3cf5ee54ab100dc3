//! What goes over the socket. A change that an older program would misread raises [`VERSION`]; new fields do not.

use serde::{Deserialize, Serialize};

use super::Status;
use crate::model::{Language, Refused, RefusedCode};
use crate::report::Episode;

/// The version of the protocol that this program speaks.
pub const VERSION: u32 = 1;

/// One line to the daemon: `{"version":1,"command":"status"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// [`VERSION`].
    pub version: u32,
    /// The language to answer in; without it, the daemon's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// What is asked.
    #[serde(flatten)]
    pub command: Command,
}

/// What can be asked of a daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// How every project stands.
    Status,
    /// What was decided about one project, and why.
    Why {
        /// The project's name.
        project: String,
        /// How far to look back.
        since_seconds: u64,
    },
    /// Have this many workers: now, or for a time.
    Scale {
        /// The project's name.
        project: String,
        /// How many.
        workers: u32,
        /// How long the count is kept against the thresholds; without it they rule again at once.
        for_seconds: Option<u64>,
    },
    /// Leave the workers alone.
    Pause {
        /// The project's name; without it, all of them.
        project: Option<String>,
        /// For how long; without it, until they are resumed.
        for_seconds: Option<u64>,
    },
    /// End what was ordered.
    Resume {
        /// The project's name; without it, all of them.
        project: Option<String>,
    },
}

/// One line from the daemon: `{"version":1,"status":{…}}` or `{"version":1,"refused":{…}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// [`VERSION`].
    pub version: u32,
    /// The answer.
    #[serde(flatten)]
    pub answer: Answer,
}

/// The daemon's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// How every project stands.
    Status(Box<Status>),
    /// What was decided, oldest first.
    Why(Vec<Episode>),
    /// It is done.
    Done(Done),
    /// It is not done.
    Refused(Refused),
}

/// What was done, in the daemon's language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// One sentence for each project.
    pub lines: Vec<String>,
}

impl Response {
    /// The answer in this program's version.
    #[must_use]
    pub fn new(answer: Answer) -> Self {
        Self {
            version: VERSION,
            answer,
        }
    }
}

impl Answer {
    /// A refusal.
    pub fn refused(code: RefusedCode, message: impl Into<String>) -> Self {
        Self::Refused(Refused {
            code,
            message: message.into(),
        })
    }

    /// One sentence that says what was done.
    pub fn done(line: impl Into<String>) -> Self {
        Self::Done(Done {
            lines: vec![line.into()],
        })
    }
}

impl Request {
    /// Reads one line.
    ///
    /// # Errors
    /// The refusal to answer with: another version, or no request at all.
    pub fn parse(line: &[u8]) -> Result<Self, Answer> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let malformed = |error: serde_json::Error| {
            Answer::refused(
                RefusedCode::Malformed,
                format!(
                    "this is no request ({error}): send one JSON object a line, such as \
                     {{\"version\":{VERSION},\"command\":\"status\"}}"
                ),
            )
        };
        let Versioned { version } = serde_json::from_slice(line).map_err(malformed)?;
        if version != VERSION {
            return Err(Answer::refused(
                RefusedCode::Version,
                format!(
                    "this daemon speaks version {VERSION} of the protocol, not {version}: use the `autoscaler` \
                     it was installed with, or restart the daemon after an upgrade"
                ),
            ));
        }
        serde_json::from_slice(line).map_err(malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(line: &str) -> RefusedCode {
        match Request::parse(line.as_bytes()) {
            Err(Answer::Refused(refused)) => refused.code,
            other => panic!("{line} gave {other:?}"),
        }
    }

    #[test]
    fn the_lines_are_as_documented() {
        let request = Request::parse(br#"{"version":1,"command":"status"}"#).unwrap();
        assert_eq!(request.command, Command::Status);
        assert_eq!(request.language, None);
        let line = r#"{"version":1,"language":"en","command":"status"}"#;
        assert_eq!(
            Request::parse(line.as_bytes()).unwrap().language,
            Some(Language::En)
        );
        let line = r#"{"version":1,"command":"scale","project":"a","workers":3,"for_seconds":60}"#;
        let request = Request::parse(line.as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&request).unwrap(), line);
        let response = Response::new(Answer::done("ok"));
        assert_eq!(
            serde_json::to_string(&response).unwrap(),
            r#"{"version":1,"done":{"lines":["ok"]}}"#
        );
    }

    #[test]
    fn optional_fields_may_be_left_out() {
        let request = Request::parse(br#"{"version":1,"command":"pause"}"#).unwrap();
        assert_eq!(
            request.command,
            Command::Pause {
                project: None,
                for_seconds: None
            }
        );
    }

    #[test]
    fn garbage_is_malformed_and_another_version_says_so() {
        for garbage in [
            "",
            "GET / HTTP/1.1",
            "[]",
            "{}",
            r#"{"version":1}"#,
            r#"{"version":1,"command":"reboot"}"#,
            r#"{"version":1,"command":"scale","project":"a","workers":-1}"#,
        ] {
            assert_eq!(code(garbage), RefusedCode::Malformed, "{garbage}");
        }
        assert_eq!(code(r#"{"version":2,"command":"new"}"#), RefusedCode::Version);
    }
}
