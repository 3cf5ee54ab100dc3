//! The stages: what each runs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use autoscaler_tests::venv::target_dir;
use clap::ValueEnum;

use super::outcome::Outcome;
use crate::{vm, workspace};

/// Everything but the kernel programs, which only build for the BPF target.
const HOST: [&str; 4] = ["--workspace", "--exclude", "autoscaler-ebpf", "--locked"];

/// One stage. The order is that of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Stage {
    /// Is every file as rustfmt leaves it?
    Format,
    /// Does clippy, with warnings denied, let everything pass that runs on the host?
    Lints,
    /// Does clippy let the kernel programs pass, and are the committed ones what their sources give?
    Ebpf,
    /// Do the tests beside the code pass?
    Unit,
    /// Do the examples in the documentation work?
    Doc,
    /// Does the whole program do its work on this kernel, with real servers?
    Program,
    /// Does the package do its work on a systemd host, with its memory controller?
    Guest,
    /// Are the dependencies what deny.toml allows?
    Dependencies,
    /// Is no dependency known to be vulnerable or withdrawn?
    Advisories,
}

impl Stage {
    /// What it is called when it runs.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::Lints => "lints",
            Self::Ebpf => "kernel programs",
            Self::Unit => "unit and property tests",
            Self::Doc => "examples in the documentation",
            Self::Program => "whole-program tests",
            Self::Guest => "scenarios on a systemd host",
            Self::Dependencies => "dependencies and their licences",
            Self::Advisories => "advisories on dependencies",
        }
    }

    /// Runs it to its end, and returns how it went and where all that it printed is.
    ///
    /// # Errors
    /// When a command cannot be started.
    pub(super) fn run(self) -> Result<(Outcome, PathBuf)> {
        let path = self.log()?;
        let log = File::create(&path).with_context(|| format!("cannot make {}", path.display()))?;
        let mut success = true;
        for mut command in self.commands() {
            let status = command
                .current_dir(workspace())
                .env("CARGO_TERM_COLOR", "never")
                .stdin(Stdio::null())
                .stdout(log.try_clone()?)
                .stderr(log.try_clone()?)
                .status()
                .with_context(|| format!("cannot run {command:?}"))?;
            success = status.success();
            if !success {
                break;
            }
        }
        let printed = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let printed = String::from_utf8_lossy(&printed);
        let outcome = match self.reason_to_skip(success, &printed) {
            Some(reason) => Outcome::Skipped(reason),
            None if self == Self::Guest => Outcome::of_scenarios(success, &printed),
            None if self.counts_tests() => Outcome::of_tests(success, &printed, self != Self::Doc),
            None => Outcome::of_check(success),
        };
        Ok((outcome, path))
    }

    fn commands(self) -> Vec<Command> {
        match self {
            Self::Format => vec![cargo(&["fmt", "--all", "--check"], &[])],
            Self::Lints => {
                let mut lints = cargo(&["clippy"], &HOST);
                lints.args(["--all-targets", "--", "--deny", "warnings"]);
                vec![lints]
            }
            Self::Ebpf => {
                // Not this process's own file: a later build may have replaced it.
                let xtask = ["run", "--quiet", "--package", "xtask", "--", "build-ebpf"];
                vec![cargo(&xtask, &["--lint"]), cargo(&xtask, &["--check"])]
            }
            Self::Unit => {
                let mut tests = cargo(&["test", "--exclude", "autoscaler-tests"], &HOST);
                tests.args(["--lib", "--bins", "--tests", "--no-fail-fast"]);
                vec![show_output(tests)]
            }
            Self::Doc => vec![show_output(cargo(&["test", "--doc"], &HOST))],
            Self::Program => {
                // With xtask, whose dependencies have been built with the features of both: none is built again.
                let daemon = ["build", "--package", "autoscaler", "--package", "xtask"];
                let tests = ["test", "--package", "autoscaler-tests", "--locked"];
                vec![
                    cargo(&daemon, &["--bin", "autoscaler", "--locked"]),
                    show_output(cargo(&tests, &["--lib", "--tests", "--no-fail-fast"])),
                ]
            }
            Self::Guest => vec![cargo(
                &["run", "--quiet", "--package", "xtask", "--"],
                &["vm", "--quick"],
            )],
            Self::Dependencies => vec![cargo(&["deny", "check"], &["licenses", "bans", "sources"])],
            Self::Advisories => vec![cargo(&["deny", "check"], &["advisories"])],
        }
    }

    fn counts_tests(self) -> bool {
        matches!(self, Self::Unit | Self::Doc | Self::Program)
    }

    /// Why the stage as a whole could not be run here, from what it printed.
    fn reason_to_skip(self, success: bool, printed: &str) -> Option<String> {
        if success || !matches!(self, Self::Guest | Self::Dependencies | Self::Advisories) {
            return None;
        }
        if let Some(line) = printed.lines().find(|line| line.contains(vm::IMPOSSIBLE)) {
            return Some(line.trim_start_matches("Error: ").to_owned());
        }
        if printed.contains("no such command: `deny`") {
            return Some("cargo-deny is not installed: cargo install --locked cargo-deny".to_owned());
        }
        printed
            .contains("failed to fetch advisory database")
            .then(|| "the database of advisories is out of reach".to_owned())
    }

    fn log(self) -> Result<PathBuf> {
        let home = target_dir().join("xtask-test");
        fs::create_dir_all(&home).with_context(|| format!("cannot make {}", home.display()))?;
        Ok(home.join(Path::new(&self.title().replace(' ', "-")).with_extension("log")))
    }
}

fn cargo(first: &[&str], then: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(first).args(then);
    command
}

/// Has the tests' own output printed, where those that are skipped say why.
fn show_output(mut tests: Command) -> Command {
    tests.args(["--", "--show-output"]);
    tests
}

#[cfg(test)]
mod tests {
    use super::*;

    /// cargo refuses a switch that is given twice.
    #[test]
    fn no_command_repeats_a_switch() {
        for stage in Stage::value_variants() {
            for command in stage.commands() {
                let mut seen = Vec::new();
                for arg in command.get_args().take_while(|arg| *arg != "--") {
                    let repeatable = arg == "--package" || arg == "--exclude";
                    if arg.to_string_lossy().starts_with("--") && !repeatable {
                        assert!(!seen.contains(&arg), "{command:?}");
                        seen.push(arg);
                    }
                }
            }
        }
    }
}
