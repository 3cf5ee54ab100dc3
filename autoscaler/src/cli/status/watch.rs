//! `--watch`: the status again and again, through restarts of the daemon.

use std::io::{self, IsTerminal as _};
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::Result;

use super::{Args, show, table};
use crate::cli::print_to_reader;
use crate::model::ClientError;
use crate::report::unix;

/// Time between two looks.
const LOOK: Duration = Duration::from_secs(2);

/// Clears a terminal and goes to its first line: ECMA-48, ED and CUP.
const CLEAR: &str = "\x1b[2J\x1b[H";

/// Shows the status until it is stopped. The first look must find a daemon: whoever named the wrong one is told so at
/// once.
pub(super) fn run(args: &Args) -> Result<()> {
    let screen = !args.json && io::stdout().is_terminal();
    let mut last = args.status()?;
    let mut silent_since = None;
    loop {
        // What was seen last stays on a screen, below the line that says how old it is.
        if silent_since.is_none() || screen {
            let clear = if screen { CLEAR } else { "" };
            let silence = silent_since.map(|since| table::no_answer(&last, since));
            let text = format!("{clear}{}{}", silence.unwrap_or_default(), show(args, &last)?);
            // `autoscaler status --watch | head` is over when head is.
            if !print_to_reader(&text)? {
                return Ok(());
            }
        }
        thread::sleep(LOOK);
        match args.status() {
            Ok(status) => (last, silent_since) = (status, None),
            Err(error)
                if error
                    .downcast_ref()
                    .is_some_and(ClientError::passes_with_a_restart) =>
            {
                if silent_since.is_none() {
                    let now = unix(SystemTime::now());
                    silent_since = Some(now);
                    // The output belongs to a script: that it stands still is said beside it.
                    if !screen {
                        eprint!("{}", table::no_answer(&last, now));
                    }
                }
            }
            Err(error) => return Err(error),
        }
    }
}
