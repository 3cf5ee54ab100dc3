//! Projects for the instances of a template come and go with them: the log says so.

use jiff::Timestamp;

use crate::daemon::check::Checks;
use crate::host::service::Systemd;
use crate::model::{InstanceChange, ServiceError};
use crate::observe::follow_instances;
use crate::words::Message;

impl Checks {
    /// Has each instance that there is be a project, and says which came and went.
    pub(super) async fn follow_instances(&mut self) {
        for change in self.find_instances().await {
            self.reporter.say(&Message::Instance { change: &change });
        }
    }

    /// The same without a word on those that came.
    pub(super) async fn find_instances(&mut self) -> Vec<InstanceChange> {
        if self.config.families.is_empty() {
            return Vec::new();
        }
        let systemd = Systemd::new(self.bus.clone());
        let (changes, asked) = follow_instances(&mut self.config, &systemd).await;
        self.say_instances_unknown(asked);
        let now = self.followed_at.unwrap_or_else(Timestamp::now);
        for change in changes.iter().filter(|change| change.came) {
            if let Some(project) = self.config.projects.get_mut(&change.project) {
                project.follow(now);
            }
        }
        if !changes.is_empty() {
            self.leave_out_others();
            self.keep();
        }
        changes
    }

    fn say_instances_unknown(&mut self, asked: Result<(), ServiceError>) {
        match (asked, &self.ongoing.instances_unknown) {
            (Err(why), None) => self.reporter.say(&Message::InstancesUnknown {
                why: self.ongoing.instances_unknown.insert(why),
            }),
            (Ok(()), Some(_)) => {
                self.ongoing.instances_unknown = None;
                self.reporter.say(&Message::InstancesKnown);
            }
            _ => {}
        }
    }
}
