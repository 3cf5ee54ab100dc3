//! Looks at one project between two checks: at once, without CPU figures, and without a part in anybody's means.

use crate::decide::Reason;
use crate::observe::service::number_of;

use super::check::Checks;
use super::keep::as_kept;

impl Checks {
    /// The projects to look at when systemd has done something to `unit`. Not those with a step under way: what
    /// was done may be that step.
    pub(super) fn projects_of(&self, unit: &str) -> Vec<String> {
        let concerned = self.config.projects.values().filter(|project| {
            let is_unit = || project.service_name == unit;
            let is_instance = |template| number_of(template, unit).is_some();
            project.enabled
                && project.cgroup.is_none()
                && project.template().map_or_else(is_unit, is_instance)
                && !self.is_busy(&project.name)
        });
        concerned.map(|project| project.name.clone()).collect()
    }

    /// Looks at a project whose unit was started, stopped or reloaded. True if its server is just starting.
    pub(super) async fn look_early(&mut self, name: &str) -> bool {
        let Some(project) = self.config.projects.get(name).cloned() else {
            return false;
        };
        if self.is_busy(name) {
            return false;
        }
        let mut starting = false;
        // What keeps the host from being read is told by the next check.
        if let Ok(snapshot) = self.observer.look_at(&self.config, name).await
            && let Some(sample) = snapshot.projects.get(name)
        {
            let decision = self.decide_between_checks(&project, &snapshot.host, sample);
            starting = decision.reason == Reason::Booting;
            let kept = as_kept(&self.config, &snapshot, |_| Some(&decision));
            self.keeper.check(snapshot.host, kept);
            // Without figures an obstacle of the last check is neither there nor gone.
            if decision.reason != Reason::NoFiguresYet {
                self.reporter.decision(&project, &decision);
            }
            self.save();
            self.act(project, sample.as_ref().ok().cloned(), decision);
            self.publish();
        }
        starting
    }
}
