//! The `autoscaler` command: see `autoscaler --help`.
use std::process::ExitCode;

fn main() -> ExitCode {
    autoscaler::cli::main()
}
