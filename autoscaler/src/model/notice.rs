//! What the operator should know about a configuration that is valid. Typed, because [`crate::report`]
//! words them in the language of the log.

/// Something odd in a configuration that nevertheless loads.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// The file names no project: there is nothing to scale.
    NoProjects,
    /// Keys of the user's earlier tool; they are not needed. Each once, in the order of their names.
    EarlierToolKeys {
        /// The keys.
        keys: Vec<String>,
    },
    /// A project without `enabled`: it is taken as `false`.
    EnabledMissing {
        /// The project.
        project: String,
    },
    /// A rung that no worker count within the bounds can use: `scale_up_N` with N = `min_workers`, or
    /// `scale_down_K` with K = `max_workers`.
    RungNeverUsed {
        /// The project.
        project: String,
        /// `cpu_thresholds` or `queue_thresholds`.
        thresholds: &'static str,
        /// The rung's key.
        rung: String,
    },
    /// A threshold over the CPU of less than one percent, which may have been meant as a part of one.
    RungBelowOnePercent {
        /// The project.
        project: String,
        /// The rung's key.
        rung: String,
        /// The threshold, percent.
        threshold: f64,
        /// A hundred times as much.
        percent: f64,
    },
    /// No rung leads up to `max_workers`.
    MaximumUnreachable {
        /// The project.
        project: String,
        /// The configured maximum.
        max: u32,
        /// The highest count that a rung leads to; `min_workers` when there is no scale-up rung.
        highest: u32,
    },
    /// Rungs lead up but none leads down: what is added stays.
    NeverScalesDown {
        /// The project.
        project: String,
    },
    /// A key that has no effect without another one.
    KeyWithoutEffect {
        /// The project.
        project: String,
        /// The key.
        key: &'static str,
        /// The key without which it does nothing.
        without: &'static str,
    },
}
