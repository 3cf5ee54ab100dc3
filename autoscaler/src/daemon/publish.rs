//! Makes the daemon's state known: after each change, whole, to whoever looks.

use std::sync::Arc;

use tokio::sync::watch;

use crate::control::Status;
use crate::daemon::check::Checks;
use crate::host::usage::{self, SourceKind};
use crate::model::Language;
use crate::report::unix;
use crate::words;

impl Checks {
    /// Where the state after each check can be read.
    pub(super) fn subscribe(&self) -> watch::Receiver<Arc<Status>> {
        self.publish();
        self.published.subscribe()
    }

    /// Makes the present state known to the control socket.
    pub(super) fn publish(&self) {
        self.published.send_replace(Arc::new(self.status()));
    }

    pub(super) fn status(&self) -> Status {
        self.status_in(self.config.global.language)
    }

    /// How everything stands, in `language`.
    pub(super) fn status_in(&self, language: Language) -> Status {
        let now = usage::monotonic();
        let host = self.seen.map(|(_, host)| host);
        let projects = self.config.projects.values().map(|project| {
            let name = &project.name;
            self.standings.status(
                project,
                self.is_busy(name),
                self.orders.get(name),
                (language, now),
            )
        });
        Status {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            language: language.code().to_owned(),
            started_at: unix(self.started_at),
            checked_at: self.seen.map(|(at, _)| unix(at)),
            check_interval_seconds: self.interval().as_secs_f64(),
            source: match self.observer.source_kind() {
                SourceKind::Ebpf => "ebpf".to_owned(),
                SourceKind::CpuStat => "cpu_stat".to_owned(),
            },
            without_ebpf: self
                .without_ebpf
                .as_ref()
                .map(|why| words::without_ebpf(language, why)),
            dry_run: self.dry_run,
            failing: self.failing().map(|why| words::host_error(language, why)),
            cpus: host.map_or(0, |host| host.cpus),
            busy_percent: host.and_then(|host| host.busy_percent),
            memory_available_mib: host.map_or(0, |host| host.memory_available_mib),
            memory_total_mib: host.map_or(0, |host| host.memory_total_mib),
            projects: projects.collect(),
        }
    }
}
