//! The stages: what each runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use autoscaler_tests::fuzz::TARGETS;
use autoscaler_tests::tools::Tool;
use autoscaler_tests::venv::target_dir;
use clap::ValueEnum;

use super::fuzz;
use super::outcome::Outcome;
use super::run::{self, Step};
use crate::cargo::{HOST, tool};
use crate::{kubernetes, setup, vm};

/// The test programs of tests/tests, and how many of their tests run at a time: those that want the machine for themselves
/// one after the other, the others, which wait for most of their time, side by side.
const PROGRAMS: [(&str, u32); 2] = [("alone", 1), ("together", 8)];

/// A stage that has ended.
pub(super) struct Finished {
    /// How it went.
    pub(super) outcome: Outcome,
    /// What was spent on compiling alone.
    pub(super) building: Duration,
    /// What was spent on the rest.
    pub(super) running: Duration,
    /// All that it printed.
    pub(super) printed: String,
    /// Where that is kept.
    pub(super) log: PathBuf,
}

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
    /// Are the dependencies what deny.toml allows, and is the lock file of the made-up input up to date?
    Dependencies,
    /// Is no dependency known to be vulnerable or withdrawn?
    Advisories,
    /// Does each reader of what strangers write bear a minute of made-up input? Only where it is asked for
    Fuzz,
    /// Does a real Kubernetes API server take every manifest? Only where it is asked for
    Kubernetes,
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
            Self::Fuzz => "made-up input",
            Self::Kubernetes => "a Kubernetes API server",
        }
    }

    /// Whether it runs where no stage is named.
    pub(super) fn is_usual(self) -> bool {
        !matches!(self, Self::Fuzz | Self::Kubernetes)
    }

    /// The programs that it needs of the machine.
    pub(super) fn tools(self) -> Vec<Tool> {
        match self {
            Self::Lints => vec![Tool::Cc],
            Self::Unit | Self::Program => setup::TEST.to_vec(),
            Self::Guest => setup::VM.to_vec(),
            Self::Fuzz => setup::FUZZ.to_vec(),
            Self::Kubernetes => setup::KUBERNETES.to_vec(),
            _ => Vec::new(),
        }
    }

    /// Compiles the programs of the registry that it needs, unless they are there.
    ///
    /// # Errors
    /// When one cannot be made.
    fn make_tools(self) -> Result<()> {
        if matches!(self, Self::Dependencies | Self::Advisories) {
            tool::DENY.program()?;
        }
        Ok(())
    }

    /// Runs it to its end, with `title` before what it says of its progress.
    ///
    /// # Errors
    /// When a command cannot be started.
    pub(super) fn run(self, title: &str) -> Result<Finished> {
        let log = self.log()?;
        if let Err(error) = self.make_tools() {
            return unready(&error, log);
        }
        let ran = run::run(title, self.steps(), &log)?;
        let outcome = match self.reason_to_skip(ran.success, &ran.printed) {
            Some(reason) => Outcome::Skipped(reason),
            None if matches!(self, Self::Guest | Self::Kubernetes) => {
                Outcome::of_scenarios(ran.success, &ran.printed)
            }
            None if self.counts_tests() => Outcome::of_tests(ran.success, &ran.printed, self != Self::Doc),
            None => Outcome::of_check(ran.success),
        };
        Ok(Finished {
            outcome,
            building: ran.building,
            running: ran.running,
            printed: ran.printed,
            log,
        })
    }

    /// Its commands in order. What only compiles is apart, so that a slow stage can be told from a slow compiler; it is
    /// compiled with the features of the whole workspace, whatever the stage runs of it: nothing is then compiled twice.
    fn steps(self) -> Vec<(Step, Command)> {
        match self {
            Self::Format => vec![(Step::Run, cargo(&["fmt", "--all", "--check"], &[]))],
            Self::Lints => {
                let mut lints = cargo(&["clippy"], &HOST);
                lints.args(["--all-targets", "--", "--deny", "warnings"]);
                vec![(Step::Run, lints)]
            }
            Self::Ebpf => vec![(Step::Run, xtask(&["build-ebpf", "--check"]))],
            Self::Unit => {
                let beside = || cargo(&["test", "--lib", "--bins", "--no-fail-fast"], &HOST);
                // The test programs of the packages themselves; those of tests/ are another stage.
                let programs = || {
                    let others = ["--exclude", "autoscaler-tests", "--test", "*"];
                    let mut programs = cargo(&["test", "--no-fail-fast"], &HOST);
                    programs.args(others);
                    programs
                };
                vec![
                    (Step::Build, compile_only(beside())),
                    (Step::Build, compile_only(programs())),
                    (Step::Run, show_output(beside(), None)),
                    (Step::Run, show_output(programs(), None)),
                ]
            }
            Self::Doc => vec![(Step::Run, show_output(cargo(&["test", "--doc"], &HOST), None))],
            Self::Program => {
                let tests = |program| cargo(&["test", "--test", program], &HOST);
                let mut both = cargo(&["test"], &HOST);
                for (program, _) in PROGRAMS {
                    both.args(["--test", program]);
                }
                let mut steps = vec![
                    (Step::Build, cargo(&["build", "--bin", "autoscaler"], &HOST)),
                    (Step::Build, compile_only(both)),
                ];
                for (program, threads) in PROGRAMS {
                    steps.push((Step::Run, show_output(tests(program), Some(threads))));
                }
                steps
            }
            Self::Guest => vec![(Step::Run, xtask(&["vm", "--quick"]))],
            Self::Dependencies => vec![
                (Step::Run, fuzz::fetch()),
                (Step::Run, deny(&["licenses", "bans", "sources"])),
            ],
            Self::Advisories => vec![(Step::Run, deny(&["advisories"]))],
            Self::Fuzz => {
                let build = (Step::Build, fuzz::build());
                let runs = TARGETS.map(|target| (Step::Run, fuzz::run(target.name)));
                std::iter::once(build).chain(runs).collect()
            }
            Self::Kubernetes => vec![
                (Step::Build, xtask(&["kubernetes", "--build"])),
                (Step::Run, xtask(&["kubernetes"])),
            ],
        }
    }

    fn counts_tests(self) -> bool {
        matches!(self, Self::Unit | Self::Doc | Self::Program)
    }

    /// Why the stage as a whole could not be run here, from what it printed.
    fn reason_to_skip(self, success: bool, printed: &str) -> Option<String> {
        if success || !matches!(self, Self::Guest | Self::Advisories | Self::Kubernetes) {
            return None;
        }
        let impossible = |line: &&str| {
            [vm::IMPOSSIBLE, kubernetes::IMPOSSIBLE]
                .iter()
                .any(|why| line.contains(why))
        };
        if let Some(line) = printed.lines().find(impossible) {
            return Some(line.trim_start_matches("error: ").to_owned());
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

/// A stage whose program cannot be made: skipped where that may be.
fn unready(error: &anyhow::Error, log: PathBuf) -> Result<Finished> {
    let printed = format!("{error:#}");
    fs::write(&log, &printed).with_context(|| format!("cannot write {}", log.display()))?;
    let outcome = if autoscaler_tests::in_ci() {
        Outcome::of_check(false)
    } else {
        Outcome::Skipped(printed.clone())
    };
    Ok(Finished {
        outcome,
        building: Duration::ZERO,
        running: Duration::ZERO,
        printed,
        log,
    })
}

/// cargo-deny, which holds the dependencies to these sections of deny.toml.
fn deny(sections: &[&str]) -> Command {
    let mut command = Command::new(tool::DENY.path());
    command.arg("check").args(sections);
    command
}

fn cargo(first: &[&str], then: &[&str]) -> Command {
    let mut command = crate::cargo::cargo();
    command.args(first).args(then);
    command
}

/// This program as cargo builds it now, not this process's own file: a later build may have replaced that.
fn xtask(arguments: &[&str]) -> Command {
    let mut command = cargo(&["run", "--quiet", "--package", "xtask", "--locked", "--"], &[]);
    command.args(arguments);
    command
}

fn compile_only(mut tests: Command) -> Command {
    tests.arg("--no-run");
    tests
}

/// Has the tests' own output printed, where those that are skipped say why; so many at a time.
fn show_output(mut tests: Command, threads: Option<u32>) -> Command {
    tests.args(["--", "--show-output"]);
    if let Some(threads) = threads {
        tests.args(["--test-threads", &threads.to_string()]);
    }
    tests
}

#[cfg(test)]
mod tests {
    use super::*;

    /// cargo refuses a switch that is given twice.
    #[test]
    fn no_command_repeats_a_switch() {
        for stage in Stage::value_variants() {
            for (_, command) in stage.steps() {
                let mut seen = Vec::new();
                for arg in command.get_args().take_while(|arg| *arg != "--") {
                    let repeatable = ["--package", "--exclude", "--test"]
                        .iter()
                        .any(|switch| arg == *switch);
                    if arg.to_string_lossy().starts_with("--") && !repeatable {
                        assert!(!seen.contains(&arg), "{command:?}");
                        seen.push(arg);
                    }
                }
            }
        }
    }

    #[test]
    fn no_test_program_is_left_out() {
        let folder = crate::workspace().join("tests/tests");
        let mut found: Vec<_> = fs::read_dir(&folder)
            .expect("the tests are there")
            .map(|entry| entry.expect("readable").path())
            .filter(|path| {
                path.extension().is_some_and(|extension| extension == "rs") || path.join("main.rs").exists()
            })
            .map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned())
            .collect();
        found.sort();
        assert_eq!(found, PROGRAMS.map(|(program, _)| program));
    }
}
