//! `/proc/PID/status` (`proc_pid_status(5)`).

use nix::sys::signal::Signal;

use crate::host::cpu_list::CpuList;
use crate::model::Lack;

/// The lines of `/proc/PID/status` that the program uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Signals with a handler of the process's own: `SigCgt`.
    pub caught: SignalSet,
    /// CPUs that the process's main thread may run on: `Cpus_allowed_list`. Contains the effect of
    /// `sched_setaffinity(2)` and of cpusets of either cgroup version; may name CPUs that are offline.
    pub cpus_allowed: CpuList,
}

/// A set of signals as procfs prints it: bit `n - 1` stands for signal `n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SignalSet(u64);

impl SignalSet {
    /// Whether `signal` is in the set.
    #[must_use]
    pub fn contains(self, signal: Signal) -> bool {
        self.0 >> (signal as u32 - 1) & 1 == 1
    }

    /// Whether a process with these handlers takes both signals that change a worker count. They **stop** a process that
    /// does not catch them (signal(7)).
    ///
    /// What catches SIGTSTP as well is an init or a wrapper that handles every signal alike (dumb-init, the front of a
    /// container): on SIGTTIN it stops itself and what it runs. No server of the kind that counts workers does.
    #[must_use]
    pub fn has_worker_signals(self) -> bool {
        self.contains(Signal::SIGTTIN) && self.contains(Signal::SIGTTOU) && !self.contains(Signal::SIGTSTP)
    }
}

impl std::fmt::LowerHex for SignalSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::LowerHex::fmt(&self.0, f)
    }
}

impl FromIterator<Signal> for SignalSet {
    fn from_iter<I: IntoIterator<Item = Signal>>(signals: I) -> Self {
        Self(
            signals
                .into_iter()
                .fold(0, |mask, signal| mask | 1 << (signal as u32 - 1)),
        )
    }
}

impl Status {
    /// Reads the file; the error names the line that is missing.
    pub(super) fn parse(text: &str) -> Result<Self, Lack> {
        let line = |key: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))
                .map(str::trim)
        };
        Ok(Self {
            caught: line("SigCgt")
                .and_then(|hex| u64::from_str_radix(hex, 16).ok())
                .map(SignalSet)
                .ok_or(Lack::line("SigCgt"))?,
            cpus_allowed: line("Cpus_allowed_list")
                .and_then(|list| list.parse().ok())
                .ok_or(Lack::line("Cpus_allowed_list"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(caught: &str) -> Status {
        Status::parse(&format!(
            "Name:\tx\nSigIgn:\tffffffffffffffff\nSigCgt:\t{caught}\nCpus_allowed:\t3\nCpus_allowed_list:\t0-1\n"
        ))
        .unwrap()
    }

    #[test]
    fn both_worker_signals_are_bits_20_and_21() {
        assert!(status("0000000000300000").caught.has_worker_signals());
        assert!(!status("0000000000100000").caught.has_worker_signals());
        assert!(!status("0000000000200000").caught.has_worker_signals());
        assert!(!status("00000000000c0000").caught.has_worker_signals());
    }

    #[test]
    fn the_affinity_is_a_list_of_cpus() {
        assert_eq!(status("0").cpus_allowed.len(), 2);
    }

    #[test]
    fn a_missing_line_is_named() {
        assert_eq!(Status::parse("Name:\tx\n"), Err(Lack::line("SigCgt")));
    }
}
