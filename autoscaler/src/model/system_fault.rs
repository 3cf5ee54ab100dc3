//! What the kernel, or the C library, has against a call: an `io::Error` that can be compared and kept.

use std::error::Error;
use std::io;
use std::sync::Arc;

use nix::errno::Errno;
use serde::{Deserialize, Serialize};

/// An error of the system. Displayed in its own, English words, as the history keeps it; `words` tells the usual ones
/// in other languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{text}")]
pub struct SystemFault {
    /// Its number, where it has one: errno(3).
    #[serde(default)]
    pub errno: Option<i32>,
    /// Its words, without the number behind them.
    pub text: String,
}

impl SystemFault {
    /// What the system says within an error of a library; `None` where it has no part in it.
    pub(crate) fn within(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            let shared = error.downcast_ref::<Arc<io::Error>>().map(AsRef::as_ref);
            if let Some(found) = error.downcast_ref::<io::Error>().or(shared) {
                return Some(found.into());
            }
            next = error.source();
        }
        None
    }

    /// Its number.
    #[must_use]
    pub fn errno(&self) -> Option<Errno> {
        self.errno.map(Errno::from_raw)
    }

    /// Whether the system said no for want of permission.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        matches!(self.errno(), Some(Errno::EACCES | Errno::EPERM))
    }
}

impl From<&io::Error> for SystemFault {
    fn from(error: &io::Error) -> Self {
        let text = error.to_string();
        let number = error.raw_os_error();
        let tail = number.map(|number| format!(" (os error {number})"));
        let plain = tail.and_then(|tail| text.strip_suffix(&tail).map(str::to_owned));
        Self {
            errno: number.or_else(|| of_kind(error.kind())),
            text: plain.unwrap_or(text),
        }
    }
}

impl From<io::Error> for SystemFault {
    fn from(error: io::Error) -> Self {
        Self::from(&error)
    }
}

impl From<Errno> for SystemFault {
    fn from(errno: Errno) -> Self {
        Self::from(io::Error::from(errno))
    }
}

impl From<String> for SystemFault {
    fn from(text: String) -> Self {
        Self { errno: None, text }
    }
}

/// The number behind an error that was made without one, where this program makes such errors.
fn of_kind(kind: io::ErrorKind) -> Option<i32> {
    let errno = match kind {
        io::ErrorKind::AddrInUse => Errno::EADDRINUSE,
        io::ErrorKind::NotADirectory => Errno::ENOTDIR,
        _ => return None,
    };
    Some(errno as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_stands_apart_from_the_words() {
        let fault = SystemFault::from(io::Error::from(Errno::EACCES));
        assert_eq!(
            (fault.errno(), fault.text.as_str()),
            (Some(Errno::EACCES), "Permission denied")
        );
        assert!(fault.is_denied());
        let other = SystemFault::from(io::Error::other("it is no regular file"));
        assert_eq!(
            (other.errno, other.text.as_str()),
            (None, "it is no regular file")
        );
    }
}
