//! All that the demo starts and makes. Dropping it ends and removes everything.

use std::path::Path;

use anyhow::{Result, bail};
use autoscaler_tests::venv::target_dir;
use autoscaler_tests::{ScratchCgroup, Venv};

use super::app::{App, BURN, WAIT};
use super::daemon::Daemon;
use super::figures::Figures;
use super::neighbour::Neighbour;
use super::phase::MOST_USERS;
use super::timeline::Timeline;
use super::verdict::{Record, Verdict};
use super::{Language, ladder};
use crate::load::Load;

/// The running stage. Fields are dropped in this order: who asks, who watches, who serves, then the cgroups,
/// which kill what is still inside them.
pub(super) struct Stage {
    pub(super) load: Load,
    pub(super) daemon: Daemon,
    pub(super) figures: Figures,
    pub(super) app: App,
    _neighbour: Neighbour,
    project_cgroup: ScratchCgroup,
    neighbour_cgroup: ScratchCgroup,
}

impl Stage {
    /// Makes the cgroups and starts everything; nobody asks yet.
    pub(super) async fn set(venv: &Venv, daemon: &Path, language: Language) -> Result<Self> {
        let project_cgroup = ScratchCgroup::new("demo-project")?;
        let neighbour_cgroup = ScratchCgroup::new("demo-neighbour")?;
        let app = App::start(venv, &project_cgroup)?;
        let home = target_dir().join("demo");
        let config = ladder::write(&home, &project_cgroup.relative(), language)?;
        let neighbour = Neighbour::start(venv, &neighbour_cgroup)?;
        Ok(Self {
            load: Load::start(&app.target()?, MOST_USERS),
            daemon: Daemon::start(daemon, &home, &config)?,
            figures: Figures::begin(&config, &project_cgroup, &neighbour_cgroup).await?,
            app,
            _neighbour: neighbour,
            project_cgroup,
            neighbour_cgroup,
        })
    }

    /// What is about to be seen, as pairs of a word and what it stands for.
    pub(super) fn introduction(&self) -> Vec<(&'static str, String)> {
        let cgroup = |cgroup: &ScratchCgroup| format!("in the cgroup {}", cgroup.path().display());
        vec![
            (
                "project",
                format!(
                    "{} with 1 sync worker; each request burns {} ms of CPU and waits {} ms; {}",
                    self.app.version,
                    BURN.as_millis(),
                    WAIT.as_millis(),
                    cgroup(&self.project_cgroup)
                ),
            ),
            (
                "neighbour",
                format!(
                    "a busy loop that takes all the CPU it gets and must not be counted; {}",
                    cgroup(&self.neighbour_cgroup)
                ),
            ),
            ("daemon", self.daemon.command.clone()),
            ("ladder", ladder::in_words()),
            ("figures", self.figures.source()),
            (
                "CPU",
                "percent of what the workers could use: one CPU each, but no more than the host has"
                    .to_owned(),
            ),
            (
                "wait",
                "of the time the project wanted a CPU, the share it waited for one".to_owned(),
            ),
        ]
    }

    /// Ends the load and the daemon, in this order, and judges what was seen.
    pub(super) async fn end(
        self,
        mut record: Record,
        timeline: &mut Timeline<impl std::io::Write>,
    ) -> Result<Verdict> {
        let Self {
            load,
            daemon,
            mut figures,
            app,
            ..
        } = self;
        record.seen.add(&load.stop().await);
        let totals = figures.totals().await?;
        let (last, status) = daemon.end().await?;
        for line in last {
            timeline.log(&line)?;
        }
        if !status.success() {
            bail!("the daemon ended with {status} after SIGTERM");
        }
        Ok(Verdict::of(&record, totals, app.workers()))
    }
}
