//! A face of the board: what `autoscaler status` is told, and whoever reads the control socket.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use tokio::sync::watch;

use crate::control::{
    DecisionStatus, ListenQueueStatus, NextStep, OrderStatus, ProjectStatus, RequestsStatus, ScheduleStatus,
    Status,
};
use crate::daemon::board::Row;
use crate::daemon::check::Checks;
use crate::daemon::orders::{Given, Term};
use crate::host::usage;
use crate::model::{CpuBasis, Decision, Language, Look, Next, Order, Project, Reason, Schedules, SourceKind};
use crate::report::{PromiseStatus, unix};
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
        let told = Telling {
            language,
            now: usage::monotonic(),
        };
        let seen = self.board.host;
        let host = seen.map(|(_, host)| host);
        let projects = self.config.projects.values().map(|project| {
            let name = &project.name;
            let (row, given) = (self.board.get(name), self.orders.get(name));
            let mut status = told.project(project, row, self.steps.is_under_way(name), given);
            let listening = self
                .observer
                .listening(name)
                .into_iter()
                .flat_map(|look| &look.queues);
            status.listen_queues = listening.map(ListenQueueStatus::from).collect();
            let kept = self.promises.kept(name);
            status.promise = kept.map(|kept| PromiseStatus::of(language, &kept));
            status
        });
        Status {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            language: language.code().to_owned(),
            started_at: unix(self.started_at),
            checked_at: seen.map(|(at, _)| unix(at)),
            check_interval_seconds: self.interval().as_secs_f64(),
            source: match self.observer.source_kind() {
                SourceKind::Ebpf => "ebpf".to_owned(),
                SourceKind::CpuStat => "cpu_stat".to_owned(),
            },
            without_ebpf: self
                .without_ebpf
                .as_ref()
                .map(|why| words::without_ebpf(language, why)),
            requests_by: self.observer.requests_way().map(|way| way.code().to_owned()),
            without_requests: self
                .observer
                .requests_fault()
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

/// In what language it is told, and at what `CLOCK_MONOTONIC`.
struct Telling {
    language: Language,
    now: Duration,
}

impl Telling {
    /// How a project stands; `scaling`: a step of its is under way.
    fn project(
        &self,
        project: &Project,
        row: Option<&Row>,
        scaling: bool,
        given: Option<&Given>,
    ) -> ProjectStatus {
        let mut status = ProjectStatus {
            name: project.name.clone(),
            unit: project.service_name.clone(),
            server: Some(project.workload().code().to_owned()),
            cpu_basis: Some(match project.cpu_basis {
                CpuBasis::Workers => "workers".to_owned(),
                CpuBasis::Host => "host".to_owned(),
            }),
            enabled: project.enabled,
            min_workers: project.bounds.min,
            max_workers: project.bounds.max,
            schedules: self.schedules(&project.schedules),
            order: given.map(|given| self.order(given)),
            ..ProjectStatus::default()
        };
        let Some(row) = row else {
            return status;
        };
        if let Some(look) = &row.decided {
            self.look(&mut status, look, scaling);
        }
        status.last_step = row
            .stepped
            .as_ref()
            .map(|(at, decision)| self.decision(*at, decision));
        // An order stands above the rungs.
        let ordered = given.map(|given| match given.order {
            Order::Pause => Reason::Paused,
            Order::Scale(workers) => Reason::ByHand { workers },
        });
        let next = |up: bool| {
            let ordered = ordered.clone();
            move |next: &Next| {
                let against = ordered.clone().or_else(|| next.against.clone());
                let next = Next {
                    against,
                    ..next.clone()
                };
                self.next_step(&next, up)
            }
        };
        status.up = row.outlook.up.iter().map(next(true)).collect();
        status.down = row.outlook.down.iter().map(next(false)).collect();
        status
    }

    fn schedules(&self, schedules: &Schedules) -> Vec<ScheduleStatus> {
        let now = Timestamp::now();
        let ends = schedules
            .in_force
            .ends
            .iter()
            .copied()
            .chain(std::iter::repeat(None));
        let told = schedules.entries.iter().zip(ends).map(|(schedule, end)| {
            let begins = schedule.begins(now);
            let next = begins.map(|begins| schedule.zone.told(begins, now));
            ScheduleStatus {
                cron: schedule.cron.text().to_owned(),
                until: schedule.until.strftime("%H:%M").to_string(),
                time_zone: schedule.zone.name().map(str::to_owned),
                min_workers: schedule.min,
                max_workers: schedule.max,
                in_force: end.is_some(),
                ends_at: end.map(Timestamp::as_second),
                begins_at: begins.map(Timestamp::as_second),
                words: words::schedule(self.language, schedule, end.is_some(), next.as_deref()),
            }
        });
        told.collect()
    }

    /// Adds what was seen and decided at `look`.
    fn look(&self, status: &mut ProjectStatus, look: &Look, scaling: bool) {
        let figures = look.figures;
        status.workers = figures.workers;
        status.cpu_percent = figures.cpu_percent;
        status.wait_percent = figures.wait_percent;
        status.queue = figures.queue;
        status.requests = figures.requests.map(RequestsStatus::from);
        if let Some(decision) = look.decision() {
            status.scaling_to = decision.action.to().filter(|_| scaling);
            status.decision = Some(self.decision(look.at, &decision));
        }
        if let Some(queue) = &look.queue {
            status.reserved = queue.reserved;
            status.active = queue.active;
            status.unacknowledged = queue.unacknowledged;
            let uncounted = queue.uncounted.iter();
            status.uncounted = uncounted
                .map(|what| words::uncounted(self.language, what))
                .collect();
            status.oldest_waiting_seconds = queue.oldest_waiting.map(|oldest| oldest.as_secs_f64());
        }
        let cgroup = look.cgroup.as_ref();
        status.cgroup = cgroup.map(|cgroup| cgroup.to_string_lossy().into_owned());
        let limit = look.memory.max.filter(|limit| *limit != u64::MAX);
        status.memory_current_mib = look.memory.current.map(|bytes| bytes >> 20);
        status.memory_limit_mib = limit.map(|bytes| bytes >> 20);
    }

    fn decision(&self, at: SystemTime, decision: &Decision) -> DecisionStatus {
        DecisionStatus {
            at: unix(at),
            action: decision.action.code().to_owned(),
            workers_to: decision.action.to(),
            reason: decision.reason.code().to_owned(),
            words: words::reason(self.language, &decision.reason),
        }
    }

    fn next_step(&self, next: &Next, up: bool) -> NextStep {
        NextStep {
            measure: next.measure.code().to_owned(),
            rung: next.rung,
            workers_to: next.to,
            threshold: next.threshold,
            held_seconds: next.held.as_secs_f64(),
            needed_seconds: next.needed.as_secs_f64(),
            against: next.against.as_ref().map(|against| against.code().to_owned()),
            words: words::outlook(self.language, next, up),
        }
    }

    fn order(&self, given: &Given) -> OrderStatus {
        OrderStatus {
            workers: match given.order {
                Order::Pause => None,
                Order::Scale(workers) => Some(workers),
            },
            until: match given.term {
                Term::Until(end) => Some(unix(SystemTime::now() + end.saturating_sub(self.now))),
                Term::Once | Term::Resumed => None,
            },
            by: given.by.within(self.language).to_owned(),
        }
    }
}
