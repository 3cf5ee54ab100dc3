//! The command line: one file per subcommand.
use std::process::ExitCode;

/// Runs the command line and returns the exit code: 0 done, 1 failed, 2 wrong usage or config.
#[must_use]
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
