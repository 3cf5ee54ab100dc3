//! What the kernel programs have to say, put among the daemon's own log lines.

use log::{Level, Log, Metadata, Record};

/// Hands each record of aya-log on to `tracing`.
pub(super) struct ToTracing;

impl Log for ToTracing {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let message = record.args();
        match record.level() {
            Level::Error => tracing::error!("kernel program: {message}"),
            Level::Warn => tracing::warn!("kernel program: {message}"),
            Level::Info => tracing::info!("kernel program: {message}"),
            Level::Debug => tracing::debug!("kernel program: {message}"),
            Level::Trace => tracing::trace!("kernel program: {message}"),
        }
    }

    fn flush(&self) {}
}
