//! What the program says of itself.

use std::fmt;

use prometheus_client::encoding::DescriptorEncoder;

use super::family::{counter, gauge, plain, unix};
use crate::host::usage::Health;
use crate::metrics::Process;
use crate::model::SourceKind;

/// Which version it is, and where its CPU figures come from.
pub(crate) fn build_info(out: &mut DescriptorEncoder<'_>, source: SourceKind) -> fmt::Result {
    let source = match source {
        SourceKind::Ebpf => "ebpf",
        SourceKind::CpuStat => "cpu_stat",
    };
    let about = vec![
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("source", source.to_owned()),
    ];
    gauge(
        out,
        "autoscaler_build_info",
        "Version of the program, and where its CPU figures come from",
        [(about, 1.0)],
    )
}

/// What the source of its CPU figures lost.
pub(crate) fn health(out: &mut DescriptorEncoder<'_>, source: SourceKind, health: Health) -> fmt::Result {
    if source != SourceKind::Ebpf {
        return Ok(());
    }
    counter(
        out,
        "autoscaler_lost_switches",
        "Switches that the kernel never reported and that were recovered from the task's own counters",
        [plain(health.lost_switches as f64)],
    )?;
    counter(
        out,
        "autoscaler_map_overflows",
        "Slices that could not be charged because the kernel map was full",
        [plain(health.map_full as f64)],
    )?;
    counter(
        out,
        "autoscaler_discarded_slices",
        "Slices whose figures came out negative and were left out",
        [plain(health.discarded as f64)],
    )
}

/// What it uses.
pub(crate) fn process(out: &mut DescriptorEncoder<'_>, process: &Process) -> fmt::Result {
    counter(
        out,
        "process_cpu_seconds",
        "CPU time of autoscaler itself",
        [plain(process.cpu.as_secs_f64())],
    )?;
    gauge(
        out,
        "process_resident_memory_bytes",
        "Resident memory of autoscaler itself",
        process.resident.map(|bytes| plain(bytes as f64)),
    )?;
    gauge(
        out,
        "process_start_time_seconds",
        "When it started",
        [plain(unix(process.started_at))],
    )
}
