//! A face of the board: what Prometheus is told, at each scrape.

use crate::daemon::check::Checks;
use crate::metrics::{Process, ProjectScrape, Scrape, Server, ServerEvent};
use crate::model::Metrics;

/// The server of the metrics, where they are wanted.
#[derive(Debug, Default)]
pub(super) struct Exporter(Option<(Metrics, Server)>);

impl Exporter {
    /// Serves as configured from now on.
    pub(super) fn serve(&mut self, metrics: Option<&Metrics>) {
        if self.0.as_ref().map(|(served, _)| served) == metrics {
            return;
        }
        // The old address first: the new one may be the same with another key.
        self.0 = None;
        self.0 = metrics.map(|metrics| (metrics.clone(), Server::start(metrics.listen.clone())));
    }

    /// Waits for the server to want something.
    pub(super) async fn message(&mut self) -> ServerEvent {
        match &mut self.0 {
            Some((_, server)) => server.message().await,
            None => std::future::pending().await,
        }
    }
}

impl Checks {
    /// The state of this moment.
    pub(super) fn scrape(&mut self) -> Scrape {
        let totals = self.observer.totals(&self.config);
        let mut requests = self.observer.request_totals();
        let board = &self.board;
        let projects = self.config.projects.iter().map(|(name, project)| {
            let row = board.get(name);
            let scrape = ProjectScrape {
                enabled: project.enabled,
                bounds: project.bounds,
                wanted: row.and_then(|row| row.outlook.wanted),
                promise: project.promise(),
                look: row.and_then(|row| row.checked.clone()),
                totals: totals.get(name).copied(),
                requests: requests.remove(name),
                listening: self
                    .observer
                    .listening(name)
                    .map(|look| look.queues.clone())
                    .unwrap_or_default(),
                counts: row.map(|row| row.counts.clone()).unwrap_or_default(),
            };
            (name.clone(), scrape)
        });
        let (checked_at, host) = board.host.unzip();
        Scrape {
            source: self.observer.source_kind(),
            health: self.observer.source_health(),
            requests_way: self.observer.requests_way(),
            host,
            checked_at,
            check_interval: self.interval(),
            checks: board.checks,
            failed_checks: board.failed_checks,
            check_time: board.check_time,
            history_lost: self.keeper.lost(),
            config_in_force: !self.ongoing.config_refused,
            process: Process::own(self.started_at),
            projects: projects.collect(),
        }
    }
}
