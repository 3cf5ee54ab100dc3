//! What `autoscaler export` has to tell beside its figures.

use crate::model::{MetricsNews, SourceNews, SystemFault, UsageFault, WhyNotEbpf};

/// What there is to tell. Each is told once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportNews {
    /// CPU comes from cpu.stat, and there is no run-queue wait.
    WithoutProgram {
        /// Why the kernel program cannot be had.
        why: WhyNotEbpf,
    },
    /// Requests cannot be seen.
    WithoutRequests {
        /// Why not.
        why: WhyNotEbpf,
    },
    /// What the kernel program has to tell.
    Source(SourceNews),
    /// There are more cgroups than may have series.
    LeftOut {
        /// How many have none.
        count: usize,
        /// How many may have some.
        limit: usize,
    },
    /// More cgroups serve requests than there are counters for.
    RequestsLeftOut {
        /// How many have none.
        count: usize,
        /// How many may have some.
        room: u32,
    },
    /// A part of the figures cannot be read. The rest stands.
    Unread {
        /// Why not.
        why: UsageFault,
    },
    /// What the HTTP server has to tell.
    Metrics(MetricsNews),
    /// The receiver does not take the figures. It is tried again at each interval.
    NotSent {
        /// The receiver.
        to: String,
        /// Why not.
        why: SendFault,
    },
    /// The receiver takes them, for the first time or again.
    Sent {
        /// The receiver.
        to: String,
    },
}

/// Why a receiver does not take figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendFault {
    /// It cannot be reached, or hangs up.
    Unreachable(SystemFault),
    /// It has not answered for so long, s.
    Silent(u64),
    /// It answers with another status than 200.
    Refused {
        /// The status.
        status: u16,
        /// Its words.
        text: String,
    },
    /// It has taken a part only.
    Rejected {
        /// Figures that it has not taken.
        points: i64,
        /// Its words.
        text: String,
    },
}
