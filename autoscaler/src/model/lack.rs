//! What a file of the kernel should hold and does not.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// What was looked for in a file and is not there. Displayed in English, as the history keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Lack {
    /// The line that begins with this word.
    #[error("line {0}")]
    Line(Cow<'static, str>),
    /// The number beside this key.
    #[error("{0}")]
    Key(Cow<'static, str>),
    /// In `/proc/PID/cgroup`, the line of cgroup v2.
    #[error("line `0::` of cgroup v2")]
    CgroupLine,
    /// In `/proc/stat`, the line of any one CPU.
    #[error("line `cpu0` or another CPU's")]
    CpuLine,
    /// In `/proc/PID/stat`, the command's name.
    #[error("command name")]
    CommandName,
    /// The process's state.
    #[error("state (field 3)")]
    State,
    /// Its parent.
    #[error("parent (field 4)")]
    Parent,
    /// Its flags.
    #[error("flags (field 9)")]
    Flags,
    /// Its CPU time.
    #[error("CPU time (fields 14 and 15)")]
    CpuTime,
    /// Its threads.
    #[error("number of threads (field 20)")]
    Threads,
    /// When it started.
    #[error("start time (field 22)")]
    StartTime,
    /// In `/proc/PID/statm`, what is resident.
    #[error("resident pages (field 2)")]
    ResidentPages,
    /// In `/proc/uptime`, the time since boot.
    #[error("seconds since boot")]
    Uptime,
    /// In `/proc/PID/ns/net`, the inode of a network namespace.
    #[error("inode of a network namespace")]
    NetworkId,
    /// An amount of memory, or `max`.
    #[error("number of bytes, nor `max`")]
    Bytes,
    /// A set of CPUs.
    #[error("list of CPUs")]
    CpuList,
    /// The two numbers of `cpu.max`.
    #[error("quota and period in µs")]
    Quota,
    /// The figures of a line of `cpu.pressure`.
    #[error("averages and total")]
    Averages,
}

impl Lack {
    /// The line that begins with this word.
    #[must_use]
    pub const fn line(word: &'static str) -> Self {
        Self::Line(Cow::Borrowed(word))
    }

    /// The number beside this key.
    #[must_use]
    pub const fn key(key: &'static str) -> Self {
        Self::Key(Cow::Borrowed(key))
    }
}
