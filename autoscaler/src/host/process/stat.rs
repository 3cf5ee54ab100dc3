//! `/proc/PID/stat` (`proc_pid_stat(5)`).

use crate::model::{Lack, ProcessId};

/// The fields of `/proc/PID/stat` that the program uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat {
    /// Pid and start time.
    pub id: ProcessId,
    /// The command name: at most 15 bytes, and whatever the process chose to write there, but for control characters.
    pub command: String,
    /// What the process is doing.
    pub state: State,
    /// The same as the kernel's letter: `R`, `S`, `D`, `T`, `Z`, ...
    pub letter: char,
    /// The parent's pid; 0 when the parent is outside the pid namespace.
    pub parent: u32,
    /// Whether it has run no program of its own since it was forked: `PF_FORKNOEXEC`, which `copy_process` sets
    /// (kernel/fork.c) and `begin_new_exec` clears (fs/exec.c).
    pub forked: bool,
    /// Its threads.
    pub threads: u32,
    /// CPU time used so far by all its threads, user and system, in units of `sysconf(_SC_CLK_TCK)`.
    pub cpu_ticks: u64,
}

/// The state letter of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Ended but not yet reaped (`Z`), or about to vanish (`X`, `x`).
    Dead,
    /// Stopped by a signal (`T`) or by a tracer (`t`).
    Stopped,
    /// Running, sleeping, or waiting in the kernel.
    Active,
}

impl State {
    /// Whether the process can still do anything.
    #[must_use]
    pub fn is_live(self) -> bool {
        self != Self::Dead
    }

    fn parse(letter: &str) -> Self {
        match letter {
            "Z" | "X" | "x" => Self::Dead,
            "T" | "t" => Self::Stopped,
            _ => Self::Active,
        }
    }
}

/// Field numbers of `proc_pid_stat(5)`, counted from the state, which is field 3.
const PARENT: usize = 4 - 3;
const FLAGS: usize = 9 - 3;
const THREADS: usize = 20 - 3;
const USER_TIME: usize = 14 - 3;
const SYSTEM_TIME: usize = 15 - 3;
const START_TIME: usize = 22 - 3;

/// "Forked but didn't exec": `include/linux/sched.h`.
const PF_FORKNOEXEC: u64 = 0x40;

impl Stat {
    /// Reads the line of `pid`; the error names what is missing.
    pub(super) fn parse(pid: u32, line: &str) -> Result<Self, Lack> {
        // The name may hold spaces and parentheses, the fields after it cannot: it ends at the last `)`.
        let (head, tail) = line.rsplit_once(')').ok_or(Lack::CommandName)?;
        let (_, command) = head.split_once('(').ok_or(Lack::CommandName)?;
        let fields: Vec<&str> = tail.split_ascii_whitespace().collect();
        let number = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok());
        let state = fields.first().ok_or(Lack::State)?;
        Ok(Self {
            id: ProcessId {
                pid,
                start_ticks: number(START_TIME).ok_or(Lack::StartTime)?,
            },
            // Another's end of line would make a line of its own of what follows.
            command: command.replace(char::is_control, "\u{fffd}"),
            state: State::parse(state),
            letter: state.chars().next().unwrap_or('?'),
            parent: number(PARENT)
                .and_then(|parent| u32::try_from(parent).ok())
                .ok_or(Lack::Parent)?,
            forked: number(FLAGS).ok_or(Lack::Flags)? & PF_FORKNOEXEC != 0,
            threads: number(THREADS)
                .and_then(|threads| u32::try_from(threads).ok())
                .ok_or(Lack::Threads)?,
            cpu_ticks: number(USER_TIME)
                .zip(number(SYSTEM_TIME))
                .map(|(user, system)| user.saturating_add(system))
                .ok_or(Lack::CpuTime)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AFTER_NAME: &str = "S 40 41 41 0 -1 4194560 99 0 0 0 7 3 0 0 20 0 1 0 93492 3133440 389";

    #[test]
    fn the_fields_are_counted_after_the_name() {
        let stat = Stat::parse(42, &format!("42 (gunicorn) {AFTER_NAME}")).unwrap();
        assert_eq!(stat.id.start_ticks, 93492);
        assert_eq!(stat.parent, 40);
        assert_eq!(stat.cpu_ticks, 10);
        assert_eq!(stat.command, "gunicorn");
        assert_eq!(stat.state, State::Active);
        assert!(!stat.forked);
    }

    #[test]
    fn a_fork_that_has_run_no_program_is_told_by_its_flags() {
        let forked = AFTER_NAME.replace("4194560", "4194624");
        assert!(
            Stat::parse(42, &format!("42 (gunicorn) {forked}"))
                .unwrap()
                .forked
        );
    }

    #[test]
    fn a_name_may_hold_spaces_and_parentheses() {
        let stat = Stat::parse(7, &format!("7 (a) Z 1 (b c)) {AFTER_NAME}")).unwrap();
        assert_eq!(stat.command, "a) Z 1 (b c)");
        assert_eq!(stat.parent, 40);
        assert_eq!(stat.state, State::Active);
    }

    #[test]
    fn a_name_has_no_line_of_its_own() {
        let stat = Stat::parse(42, &format!("42 (x\n[INFO] all is\u{1b}[1m) {AFTER_NAME}")).unwrap();
        assert_eq!(stat.command, "x\u{fffd}[INFO] all is\u{fffd}[1m");
    }

    #[test]
    fn a_line_cut_short_names_the_missing_field() {
        assert_eq!(Stat::parse(7, "7 (x"), Err(Lack::CommandName));
        assert_eq!(Stat::parse(7, "7 (x) S 1 2"), Err(Lack::StartTime));
    }

    #[test]
    fn zombies_are_not_live_and_stopped_processes_are() {
        for (letter, live) in [("Z", false), ("X", false), ("T", true), ("D", true)] {
            assert_eq!(State::parse(letter).is_live(), live, "{letter}");
        }
    }
}
