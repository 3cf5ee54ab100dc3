//! The columns of the tree and the text of their cells.

use std::time::Duration;

use super::{Entry, HostFigures, Model, SortKey, text};

/// How CPU is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unit {
    /// Percent of one CPU.
    #[default]
    OneCpu,
    /// Percent of all CPUs of the host.
    Host,
    /// CPU time since the cgroup was made.
    Time,
}

/// One column beside the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// On-CPU time.
    Cpu,
    /// Run-queue wait, ms per second.
    Wait,
    /// Run-queue wait as a share of the time that tasks wanted a CPU, percent.
    WaitShare,
    /// Time held back by cpu.max, ms per second.
    Throttled,
    /// Tasks.
    Tasks,
    /// Memory in use.
    Memory,
    /// Memory limit.
    MemoryMax,
    /// CPU pressure, percent of the last 10 s.
    Pressure,
    /// Workers.
    Workers,
    /// Requests answered in a second.
    Requests,
    /// Requests served at a time.
    Busy,
    /// Requests that wait.
    Waiting,
    /// The wait that 95 of 100 requests do not exceed.
    P95,
}

impl Column {
    /// All of them, from left to right.
    pub const ALL: [Self; 13] = [
        Self::Cpu,
        Self::Wait,
        Self::WaitShare,
        Self::Throttled,
        Self::Tasks,
        Self::Memory,
        Self::MemoryMax,
        Self::Pressure,
        Self::Workers,
        Self::Requests,
        Self::Busy,
        Self::Waiting,
        Self::P95,
    ];

    /// All of them, the first to give way on a narrow screen first. CPU never does.
    pub const FIRST_TO_GO: [Self; 12] = [
        Self::MemoryMax,
        Self::Pressure,
        Self::Throttled,
        Self::Workers,
        Self::Tasks,
        Self::WaitShare,
        Self::Memory,
        Self::Wait,
        Self::Requests,
        Self::Waiting,
        Self::P95,
        Self::Busy,
    ];

    /// The heading.
    #[must_use]
    pub fn title(self, unit: Unit) -> &'static str {
        match (self, unit) {
            (Self::Cpu, Unit::OneCpu) => "CPU%",
            (Self::Cpu, Unit::Host) => "HOST%",
            (Self::Cpu, Unit::Time) => "TIME",
            (Self::Wait, _) => "WAIT",
            (Self::WaitShare, _) => "WAIT%",
            (Self::Throttled, _) => "THROT",
            (Self::Tasks, _) => "TASKS",
            (Self::Memory, _) => "MEM",
            (Self::MemoryMax, _) => "LIMIT",
            (Self::Pressure, _) => "PRES%",
            (Self::Workers, _) => "WORK",
            (Self::Requests, _) => "REQ/S",
            (Self::Busy, _) => "BUSY",
            (Self::Waiting, _) => "WAITING",
            (Self::P95, _) => "P95",
        }
    }

    /// Whether rows that are sorted by `key` are sorted by this column.
    #[must_use]
    pub fn is_order(self, key: SortKey) -> bool {
        matches!(
            (self, key),
            (Self::Cpu, SortKey::Cpu | SortKey::Time)
                | (Self::Wait, SortKey::Wait)
                | (Self::WaitShare, SortKey::WaitShare)
                | (Self::Throttled, SortKey::Throttled)
                | (Self::Tasks, SortKey::Tasks)
                | (Self::Memory, SortKey::Memory)
                | (Self::Pressure, SortKey::Pressure)
        )
    }

    /// Columns on the screen that every cell and the heading fit into.
    #[must_use]
    pub fn width(self) -> usize {
        match self {
            Self::Cpu
            | Self::Wait
            | Self::Throttled
            | Self::Tasks
            | Self::Requests
            | Self::Busy
            | Self::P95 => 6,
            Self::WaitShare | Self::Memory | Self::MemoryMax | Self::Pressure => 5,
            Self::Workers => 4,
            Self::Waiting => 7,
        }
    }

    /// The figure as text; `None` where there is none.
    #[must_use]
    pub fn text(self, entry: &Entry, unit: Unit, host: Option<&HostFigures>) -> Option<String> {
        let detail = entry.detail.as_ref();
        Some(match self {
            Self::Cpu => match unit {
                Unit::OneCpu => text::number(entry.figures?.cpu_percent()),
                Unit::Host => text::number(entry.figures?.cpu_percent() / f64::from(host?.cpus.max(1))),
                Unit::Time => text::cpu_time(Duration::from_nanos(detail?.cpu_total_ns?)),
            },
            Self::Wait => text::number(entry.figures?.wait_ms_per_s()?),
            Self::WaitShare => text::number(entry.figures?.wait_share()?),
            Self::Throttled => text::number(entry.throttled?.ms_per_s()),
            Self::Tasks => text::count(detail?.tasks?),
            Self::Memory => text::bytes(detail?.memory.current?),
            Self::MemoryMax => text::bytes(detail?.memory.max?),
            Self::Pressure => text::number(detail?.cpu_pressure?),
            Self::Workers => text::count(u64::from(entry.workers?)),
            Self::Requests => text::number(entry.requests.as_ref()?.per_second()),
            Self::Busy => text::number(entry.requests.as_ref()?.busy),
            Self::Waiting => text::count(entry.requests.as_ref()?.waiting as u64),
            Self::P95 => text::time(entry.requests.as_ref()?.wait_quantile(0.95)?),
        })
    }

    /// Whether any cgroup but the root of the hierarchy has this figure on this host.
    #[must_use]
    pub fn is_known(self, model: &Model) -> bool {
        model.known.contains(&self)
    }

    /// The columns of which one of the entries has the figure, in their order; with `requests` theirs, before any has come.
    pub(super) fn known<'a>(entries: impl Iterator<Item = &'a Entry>, requests: bool) -> Vec<Self> {
        let mut unknown = Self::ALL.to_vec();
        for entry in entries {
            unknown.retain(|column| !column.is_in(entry));
            if unknown.is_empty() {
                break;
            }
        }
        let mut known = Self::ALL.to_vec();
        known.retain(|column| !unknown.contains(column) || requests && column.is_of_requests());
        known
    }

    fn is_of_requests(self) -> bool {
        matches!(self, Self::Requests | Self::Busy | Self::Waiting | Self::P95)
    }

    fn is_in(self, entry: &Entry) -> bool {
        let detail = entry.detail.as_ref().filter(|_| entry.place.path != "/");
        match self {
            Self::Cpu => true,
            Self::Wait | Self::WaitShare => entry.usage.is_some_and(|usage| usage.wait_ns.is_some()),
            Self::Throttled => detail.is_some_and(|detail| detail.throttled.is_some()),
            Self::Tasks => detail.is_some_and(|detail| detail.tasks.is_some()),
            Self::Memory => detail.is_some_and(|detail| detail.memory.current.is_some()),
            Self::MemoryMax => detail.is_some_and(|detail| detail.memory.max.is_some()),
            Self::Pressure => detail.is_some_and(|detail| detail.cpu_pressure.is_some()),
            Self::Workers => entry.workers.is_some(),
            Self::Requests | Self::Busy | Self::Waiting | Self::P95 => entry.requests.is_some(),
        }
    }
}
