//! A new configuration is put in force, or the old one stays and the log says why.

use std::path::Path;

use crate::config::Loaded;
use crate::daemon::check::Checks;
use crate::model::LoadError;
use crate::words::Message;

impl Checks {
    /// Puts a new configuration in force, or says why it cannot be.
    pub(super) async fn reload(&mut self, loaded: Result<Loaded, LoadError>) {
        let loaded = match loaded {
            Ok(loaded) => loaded,
            Err(error) => {
                self.ongoing.config_refused = true;
                return self.reporter.say(&Message::ConfigKept { why: &error });
            }
        };
        self.follow_schedules();
        let mut config = loaded.config;
        config.adopt_instances(&self.config);
        self.follow_in(&mut config);
        let changes = config.changes_since(&self.config);
        for name in &changes.changed {
            self.policy.rules_changed(name);
        }
        let before = std::mem::replace(&mut self.config, config);
        self.observer.try_requests_again();
        self.leave_out_others();
        self.reporter.set_language(self.config.global.language);
        self.keep();
        self.ongoing.config_refused = false;
        self.exporter.serve(self.config.global.metrics.as_ref());
        self.reporter.say(&Message::Reloaded { changes: &changes });
        self.tell_schedules_since(&before);
        for notice in &loaded.notices {
            self.reporter.say(&Message::Notice { notice });
        }
        self.publish();
        self.look_again_at_awaited().await;
    }

    /// Nothing is kept, waited for or carried on of projects that are no longer there.
    pub(super) fn leave_out_others(&mut self) {
        let config = &self.config;
        let is_there = |name: &str| config.projects.contains_key(name);
        self.steps.cancel_unwanted(config);
        self.policy.retain(is_there);
        // A paused instance that is stopped and started stays paused.
        self.orders.retain(|name| config.may_have(name));
        self.board.retain(is_there);
        self.gathered.retain(is_there);
        self.reporter.retain(is_there);
        self.answer_taken_out();
    }

    /// Says that the configuration file is gone.
    pub(super) fn say_config_gone(&self, path: &Path) {
        self.reporter.say(&Message::ConfigGone { path });
    }

    /// A project whose broker or queues are others now is no longer waited for: who ordered something for it has it
    /// looked at anew.
    async fn look_again_at_awaited(&mut self) {
        self.observer.retain_readings(&self.config);
        let observer = &self.observer;
        let dropped = self.awaited.extract_if(.., |name, _| !observer.is_reading(name));
        let ordered: Vec<String> = dropped
            .map(|(name, _)| name)
            .filter(|name| self.asked.contains_key(name))
            .collect();
        for project in ordered {
            self.carry_out(&project).await;
        }
    }
}
