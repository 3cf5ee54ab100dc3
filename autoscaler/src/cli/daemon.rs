//! What the commands that talk to a running daemon have in common.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use crate::control::{Answer, Client, Command};
use crate::model::Language;

/// Which daemon is meant.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Daemon {
    /// The running daemon's runtime directory.
    #[arg(
        long,
        value_name = "DIR",
        env = "RUNTIME_DIRECTORY",
        default_value = "/run/autoscaler"
    )]
    runtime_dir: PathBuf,
}

impl Daemon {
    /// Its runtime directory.
    pub(super) fn runtime_dir(&self) -> &Path {
        &self.runtime_dir
    }

    /// Asks one thing over a connection of its own, to be answered in `language`, or in the daemon's own.
    pub(super) fn ask(&self, command: Command, language: Option<Language>) -> Result<Answer> {
        let client = Client::connect(&self.runtime_dir)?;
        Ok(client.in_language(language).ask(command)?)
    }

    /// Has something done, and prints what the daemon says.
    pub(super) fn order(&self, command: Command, language: Option<Language>) -> Result<()> {
        if let Answer::Done(done) = self.ask(command, language)? {
            for line in done.lines {
                super::print(&format!("{line}\n"))?;
            }
        }
        Ok(())
    }
}

/// Longest time that may be given: a year.
const LONGEST: u64 = 366 * 86_400;

/// Reads `90s`, `15m`, `2h`, `1d`, `1h30m`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "write a time such as 90s, 15m, 2h, 1h30m or 1d".to_owned();
    let (mut seconds, mut rest) = (0_u64, text);
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let count: u64 = rest[..digits].parse().map_err(|_| wrong())?;
        let unit = match rest.as_bytes()[digits] {
            b's' => 1,
            b'm' => 60,
            b'h' => 3600,
            b'd' => 86_400,
            _ => return Err(wrong()),
        };
        seconds = count
            .checked_mul(unit)
            .and_then(|more| seconds.checked_add(more))
            .ok_or_else(wrong)?;
        rest = &rest[digits + 1..];
    }
    match seconds {
        0 => Err("write a time above 0".to_owned()),
        1..=LONGEST => Ok(Duration::from_secs(seconds)),
        _ => Err("write a time of a year at most".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, seconds) in [("90s", 90), ("15m", 900), ("1h30m", 5400), ("1d", 86_400)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in [
            "",
            "5",
            "m",
            "-1h",
            "1x",
            "0s",
            "1h ",
            "999999999999999999999h",
            "400d",
            "1é",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
