//! A project around a real server, and decisions for it.

use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use autoscaler::act::{ActOptions, Actor, Outcome, Timing};
use autoscaler::host::cgroup::CgroupMount;
use autoscaler::host::process::Procfs;
use autoscaler::host::service::Systemd;
use autoscaler::host::usage::CpuStatSource;
use autoscaler::model::{Action, Cause, Decision, Figures, Reason, Refusal};
use autoscaler::model::{
    Bounds, Config, CpuBasis, Global, Language, MemoryRules, Project, Schedules, Storage,
};
use autoscaler::model::{CgroupMemory, ProcessId, ProjectSample};
use autoscaler::observe::Observer;
use autoscaler_tests::{ScratchCgroup, Server};
use tokio::runtime::{Builder, Runtime};

/// A worker comes and goes within milliseconds here, unless the machine is very busy.
pub(crate) const TIMING: Timing = Timing {
    up: Duration::from_mins(1),
    down: Duration::from_mins(1),
    settle: Duration::from_secs(3),
    boot: Duration::from_mins(1),
    poll: Duration::from_millis(20),
};

/// Steps are taken.
pub(crate) const MODE: ActOptions = ActOptions {
    dry_run: false,
    timing: TIMING,
};

pub(crate) fn actor(mode: ActOptions) -> Result<Actor> {
    let procfs = Procfs::default();
    let mount = CgroupMount::discover(&procfs)?;
    Ok(Actor::new(procfs, mount, None, mode))
}

pub(crate) fn project(max: u32) -> Project {
    Project {
        name: "site".to_owned(),
        enabled: true,
        service_name: "site.service".to_owned(),
        target: autoscaler::model::Target::Unit,
        process: None,
        bounds: Bounds { min: 1, max },
        schedules: Schedules::new(Bounds { min: 1, max }, Vec::new()),
        policy: autoscaler::model::Policy::default(),
        weight: 1.0,
        cadence: Duration::from_secs(1),
        cpu_basis: CpuBasis::Workers,
        scale_up_on_saturated_host: false,
        reload_wait: Duration::ZERO,
        cpu: None,
        queue: None,
        requests: autoscaler::model::RequestRules::default(),
        memory: MemoryRules {
            min_available_per_worker_mib: 0,
            scale_down_min_available_mib: None,
            threshold_mib: 0,
            per_worker_mib: 500,
            base_mib: 0,
        },
    }
}

/// The sample that a check takes of `server` now: what the daemon itself observes.
pub(crate) fn sample(server: &Server, cgroup: &ScratchCgroup) -> Result<ProjectSample> {
    let mut project = project(1);
    project.target = autoscaler::model::Target::Cgroup(cgroup.relative());
    let config = Config {
        global: Global {
            check_interval: Duration::from_mins(1),
            language: Language::En,
            history: Storage::default(),
            metrics: None,
            budget: None,
        },
        families: std::collections::BTreeMap::new(),
        projects: [(project.name.clone(), project)].into(),
    };
    let mut host = Observer::new(Systemd::default(), Box::<CpuStatSource>::default());
    let snapshot = runtime()?.block_on(host.observe(&config))?;
    let observed = snapshot
        .projects
        .into_values()
        .next()
        .context("one project was asked for")?;
    let sample = observed.map_err(|fault| anyhow!("{}: {fault:?}\n{}", fault.code(), server.log()))?;
    ensure!(
        sample.master.pid == server.master_pid(),
        "{:?} was taken for the master",
        sample.master
    );
    Ok(sample)
}

/// A sample with whatever processes.
pub(crate) fn sample_of(cgroup: &Path, master: ProcessId, workers: Vec<ProcessId>) -> ProjectSample {
    ProjectSample {
        cgroup: cgroup.to_owned(),
        container: None,
        master,
        workers,
        cpu: None,
        memory: CgroupMemory::default(),
        queue: None,
        requests: None,
    }
}

pub(crate) fn id(pid: u32) -> Result<ProcessId> {
    Ok(Procfs::default()
        .stat(pid)
        .with_context(|| format!("process {pid}"))?
        .id)
}

/// The decision to go from the count of `sample` to `to`.
pub(crate) fn decision(sample: &ProjectSample, to: u32) -> Decision {
    let from = sample.worker_count();
    let action = match from.cmp(&to) {
        std::cmp::Ordering::Less => Action::ScaleUp { from, to },
        std::cmp::Ordering::Equal => Action::Hold,
        std::cmp::Ordering::Greater => Action::ScaleDown { from, to },
    };
    Decision {
        action,
        reason: Reason::OutsideBounds,
        figures: Figures::default(),
    }
}

fn runtime() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

/// Carries the step from `sample` to `to` out and waits for its end.
pub(crate) fn apply(actor: &Actor, project: &Project, sample: &ProjectSample, to: u32) -> Result<Outcome> {
    Ok(runtime()?.block_on(actor.apply(project, sample, &decision(sample, to))))
}

/// The same, with `meanwhile` running beside it.
pub(crate) fn apply_while(
    actor: &Actor,
    project: &Project,
    sample: &ProjectSample,
    to: u32,
    meanwhile: impl FnOnce() -> Result<()>,
) -> Result<Outcome> {
    thread::scope(|scope| {
        let applied = scope.spawn(|| apply(actor, project, sample, to));
        meanwhile()?;
        applied.join().expect("the actor panicked")
    })
}

/// Why nobody was signalled; `None` where somebody was.
pub(crate) fn refusal(outcome: Outcome) -> Option<Refusal> {
    match outcome.workers {
        Err(error) => match error.cause {
            Cause::Refused(refusal) => Some(refusal),
            _ => None,
        },
        Ok(_) => None,
    }
}

/// How often gunicorn says that it got a signal; `name` as gunicorn writes it: `ttin`, `ttou`, `hup`.
pub(crate) fn signals_got(server: &Server, name: &str) -> usize {
    server.log().matches(&format!("Handling signal: {name}")).count()
}
