//! Commands that wait for others: systemd, brokers, clients.

use std::future::Future;

use anyhow::Result;

use crate::cli::failure::failed;
use crate::words::{say, system};

/// Runs `work` to its end on this thread.
pub(super) fn wait_for<T>(work: impl Future<Output = T>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        failed(|language| {
            let error = system(language, &error);
            say!(
                language,
                "the async runtime could not be started: {error}",
                "no se pudo arrancar el entorno asíncrono: {error}"
            )
        })
    })?;
    Ok(runtime.block_on(work))
}
