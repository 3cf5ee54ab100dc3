//! The orders that rows can be shown in.

use std::cmp::Ordering;

use super::Entry;

/// What rows are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum SortKey {
    /// On-CPU time over the last interval.
    #[default]
    Cpu,
    /// Run-queue wait over the last interval.
    Wait,
    /// Run-queue wait as a share of the time that tasks wanted a CPU.
    WaitShare,
    /// Time held back by cpu.max.
    Throttled,
    /// Number of tasks.
    Tasks,
    /// Memory in use.
    Memory,
    /// Pressure: share of time in which some task waited for a CPU.
    Pressure,
    /// On-CPU time since the cgroup was made.
    Time,
    /// Name.
    Name,
}

impl SortKey {
    /// All of them, in the order of the menu.
    pub const ALL: [Self; 9] = [
        Self::Cpu,
        Self::Wait,
        Self::WaitShare,
        Self::Throttled,
        Self::Tasks,
        Self::Memory,
        Self::Pressure,
        Self::Time,
        Self::Name,
    ];

    /// What the menu calls it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Cpu => "CPU",
            Self::Wait => "run-queue wait",
            Self::WaitShare => "wait share",
            Self::Throttled => "throttled time",
            Self::Tasks => "tasks",
            Self::Memory => "memory",
            Self::Pressure => "CPU pressure",
            Self::Time => "CPU time in all",
            Self::Name => "name",
        }
    }

    /// The order of two entries: largest first, names in alphabetical order, what is not known last. Equal
    /// figures are ordered by name, so that idle rows keep their place.
    #[must_use]
    pub fn compare(self, left: &Entry, right: &Entry, reversed: bool) -> Ordering {
        let by_name = || left.name.cmp(&right.name);
        if self == Self::Name {
            return if reversed { by_name().reverse() } else { by_name() };
        }
        let by_figure = match (self.figure(left), self.figure(right)) {
            (Some(left), Some(right)) if reversed => left.total_cmp(&right),
            (Some(left), Some(right)) => right.total_cmp(&left),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        by_figure.then_with(by_name)
    }

    fn figure(self, entry: &Entry) -> Option<f64> {
        match self {
            Self::Cpu => entry.figures.map(|figures| figures.cpu_percent()),
            Self::Wait => entry.figures.and_then(|figures| figures.wait_ms_per_s()),
            Self::WaitShare => entry.figures.and_then(|figures| figures.wait_share()),
            Self::Throttled => entry.throttled.map(|throttled| throttled.ms_per_s()),
            Self::Tasks => entry.detail?.tasks.map(|tasks| tasks as f64),
            Self::Memory => entry.detail?.memory.current.map(|bytes| bytes as f64),
            Self::Pressure => entry.detail?.cpu_pressure,
            Self::Time => entry.detail?.cpu_total_ns.map(|ns| ns as f64),
            Self::Name => None,
        }
    }
}
