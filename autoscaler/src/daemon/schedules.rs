//! Schedules begin and end: the bounds of the moment are put in force before each look, and the log says so once.

use jiff::Timestamp;

use crate::daemon::check::Checks;
use crate::model::{Config, Project, Schedule};
use crate::report::Reporter;
use crate::words::Message;

impl Checks {
    /// Has the bounds of each project be those of this moment. A step under way that leads outside them is withdrawn.
    pub(super) fn follow_schedules(&mut self) {
        self.follow_schedules_at(Timestamp::now());
    }

    /// The same for the moment `now`.
    pub(super) fn follow_schedules_at(&mut self, now: Timestamp) {
        let set_back = self.followed_at.is_some_and(|before| now < before);
        self.followed_at = Some(now);
        let mut any = false;
        for project in self.config.projects.values_mut() {
            if project.schedules.entries.is_empty() || !set_back && now < project.schedules.in_force.until {
                continue;
            }
            let before: Vec<Schedule> = project.schedules.running().cloned().collect();
            project.follow(now);
            tell(&self.reporter, project, &before);
            any = true;
        }
        if any {
            self.steps.cancel_unwanted(&self.config);
        }
    }

    /// Has the bounds of a `config` that comes into force be those of the moment of the one before it.
    pub(super) fn follow_in(&self, config: &mut Config) {
        if let Some(now) = self.followed_at {
            config.follow(now);
        }
    }

    /// Tells which schedules are in force that were not in the configuration `before`, and the other way round.
    pub(super) fn tell_schedules_since(&self, before: &Config) {
        for (name, project) in &self.config.projects {
            let before = before.projects.get(name);
            let running = before.into_iter().flat_map(|before| before.schedules.running());
            tell(&self.reporter, project, &running.cloned().collect::<Vec<_>>());
        }
    }
}

/// Tells what has begun and ended since the schedules `before` were in force.
fn tell(reporter: &Reporter, project: &Project, before: &[Schedule]) {
    if !project.enabled {
        return;
    }
    let unit = &project.service_name;
    let running = || project.schedules.running();
    for ended in before.iter().filter(|ended| !running().any(|now| now == *ended)) {
        let message = Message::ScheduleEnded {
            unit,
            cron: ended.cron.text(),
            bounds: project.bounds,
        };
        reporter.say_of(project, &message);
    }
    for schedule in running().filter(|schedule| !before.contains(schedule)) {
        reporter.say_of(project, &Message::ScheduleBegins { unit, schedule });
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Loaded, parse};
    use crate::daemon::requests::tests::{options, sources};
    use crate::host::fixture::{Fixture, GUNICORN, GUNICORN_WORKER};
    use crate::model::Bounds;

    fn loaded(at: &str) -> Loaded {
        let text = format!(
            r#"{{ "global": {{ "history": {{ "enabled": false }}, "language": "en", "min_available_mb_per_worker": 0 }}, "projects": {{
                "site": {{ "enabled": true, "cgroup": "/site", "max_workers": 6, "cpu_thresholds": {{ "scale_up_2": 60 }},
                    "at": [{at}] }} }} }}"#
        );
        parse("config.json", &text).unwrap()
    }

    fn checks(host: &Fixture, dir: &Path, at: &str) -> Checks {
        Checks::looking_at(sources(host), loaded(at), &options(dir, true)).unwrap()
    }

    fn host() -> Fixture {
        let mut host = Fixture::new();
        host.process(10, 1, GUNICORN, "gunicorn");
        host.process(11, 10, GUNICORN_WORKER, "gunicorn");
        host.cgroup("site", &[10, 11]);
        host.write("cgroup/site/cpu.stat", "usage_usec 5\n");
        host
    }

    fn bounds(checks: &Checks) -> (u32, u32) {
        let Bounds { min, max } = checks.config.projects["site"].bounds;
        (min, max)
    }

    const OFFICE: &str = r#"{ "cron": "0 8 * * *", "until": "18:00", "min_workers": 4, "time_zone": "UTC" }"#;
    const ALWAYS: &str = r#"{ "cron": "* * * * *", "until": "00:00", "min_workers": 3 }"#;

    #[tokio::test]
    async fn the_bounds_are_those_of_the_moment_also_where_the_clock_is_set_back() {
        let (host, dir) = (host(), tempfile::tempdir().unwrap());
        let mut checks = checks(&host, dir.path(), OFFICE);
        for (now, min) in [
            ("2026-12-01T07:59:59Z", 1),
            ("2026-12-01T08:00:00Z", 4),
            ("2026-12-01T17:59:59Z", 4),
            ("2026-12-01T18:00:00Z", 1),
            ("2026-12-02T09:00:00Z", 4),
            ("2026-12-01T05:00:00Z", 1),
        ] {
            checks.follow_schedules_at(now.parse().unwrap());
            assert_eq!(bounds(&checks), (min, 6), "{now}");
        }
    }

    #[tokio::test]
    async fn a_reload_that_changes_nothing_changes_nothing_while_a_schedule_is_in_force() {
        let (host, dir) = (host(), tempfile::tempdir().unwrap());
        let mut checks = checks(&host, dir.path(), ALWAYS);
        checks.timed_check().await;
        assert_eq!(bounds(&checks), (3, 6));
        let mut again = loaded(ALWAYS).config;
        checks.follow_in(&mut again);
        let changes = again.changes_since(&checks.config);
        assert!(changes.is_empty(), "{changes:?}");
        checks.reload(Ok(loaded(ALWAYS))).await;
        assert_eq!(bounds(&checks), (3, 6));
        checks.reload(Ok(loaded(""))).await;
        assert_eq!(bounds(&checks), (1, 6));
    }

    #[tokio::test]
    async fn the_status_says_what_is_in_force_and_why_a_step_is_taken() {
        let (host, dir) = (host(), tempfile::tempdir().unwrap());
        let mut checks = checks(&host, dir.path(), ALWAYS);
        checks.timed_check().await;
        let status = checks.status();
        let site = status.project("site").unwrap();
        assert_eq!((site.min_workers, site.max_workers), (3, 6));
        let [schedule] = site.schedules.as_slice() else {
            panic!("{:?}", site.schedules);
        };
        assert!(schedule.in_force && schedule.ends_at.is_some() && schedule.begins_at == schedule.ends_at);
        let begins = r#"min 3 until 00:00 (schedule "* * * * *"), again from "#;
        assert!(schedule.words.starts_with(begins), "{schedule:?}");
        let decision = site.decision.as_ref().unwrap();
        assert_eq!(
            (decision.reason.as_str(), decision.workers_to),
            ("outside_schedule", Some(3))
        );
    }
}
