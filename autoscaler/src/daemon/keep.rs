//! What the loop hands to the history: each check, and what came of each step.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::act::{Outcome, Workers};
use crate::daemon::check::Checks;
use crate::history::{Entry, Event, HostCheck, Recorder, Retention, default_path};
use crate::model::{Cause, EventKind, HistoryNews, Host, Look, Project, Storage, StoreError};
use crate::words::{Bilingual, Message, scale_error};

/// The history of this daemon, or nothing where it is switched off or cannot be.
pub(super) struct Keeper {
    state_dir: PathBuf,
    wanted: bool,
    storage: Option<Storage>,
    recorder: Option<Recorder>,
}

impl Keeper {
    /// A keeper that keeps nothing yet, and never will unless it is `wanted`.
    pub(super) fn new(state_dir: &Path, wanted: bool) -> Self {
        Self {
            state_dir: state_dir.to_owned(),
            wanted,
            storage: None,
            recorder: None,
        }
    }

    /// Keeps by `storage` from now on.
    ///
    /// # Errors
    /// When no thread can be started; then nothing is kept.
    fn keep_by(&mut self, storage: &Storage) -> std::io::Result<()> {
        if !self.wanted || self.storage.as_ref() == Some(storage) {
            return Ok(());
        }
        self.finish();
        self.storage = Some(storage.clone());
        if storage.enabled {
            let path = storage
                .path
                .clone()
                .unwrap_or_else(|| default_path(&self.state_dir));
            let retention = Retention {
                keep: storage.keep,
                max_bytes: storage.max_mib << 20,
            };
            self.recorder = Some(Recorder::start(path, retention)?);
        }
        Ok(())
    }

    /// Keeps one check.
    pub(super) fn check(&self, host: Host, projects: Vec<Arc<Look>>) {
        if let Some(recorder) = &self.recorder {
            recorder.record(Entry::Check(HostCheck {
                at: SystemTime::now(),
                host,
                projects,
            }));
        }
    }

    /// Entries that could not be kept; `None` where nothing is to be.
    pub(super) fn lost(&self) -> Option<u64> {
        Some(self.recorder.as_ref()?.lost())
    }

    /// Keeps what came of a step.
    pub(super) fn outcome(&self, project: &Project, outcome: &Outcome) {
        if let Some((kind, text)) = event_of(outcome) {
            self.event(project, kind, text);
        }
    }

    /// Keeps something that happened between checks.
    pub(super) fn event(&self, project: &Project, kind: EventKind, text: Bilingual) {
        if let Some(recorder) = &self.recorder {
            recorder.record(Entry::Event(Event {
                at: SystemTime::now(),
                project: project.name.clone(),
                kind,
                text,
            }));
        }
    }

    /// Waits for the writer to have something to tell.
    pub(super) async fn news(&mut self) -> HistoryNews {
        match &mut self.recorder {
            Some(recorder) => recorder.news().await,
            None => std::future::pending().await,
        }
    }

    /// Has the last entries written.
    pub(super) fn finish(&mut self) {
        if let Some(recorder) = self.recorder.take() {
            recorder.finish();
        }
    }
}

/// What is kept of a step; `None` when there was none.
fn event_of(outcome: &Outcome) -> Option<(EventKind, Bilingual)> {
    Some(match &outcome.workers {
        Ok(Workers::Untouched) => return None,
        Ok(Workers::Scaled { to, .. }) => (EventKind::Scaled, Bilingual::same(&to.to_string())),
        Err(error) if error.cause == Cause::Withdrawn => (
            EventKind::StepWithdrawn,
            Bilingual::same(&error.reached.to_string()),
        ),
        Err(error) => {
            let text = Bilingual::by(|language| scale_error(language, error));
            (EventKind::StepFailed, text)
        }
    })
}

impl Checks {
    /// Keeps the history as the configuration says.
    pub(super) fn keep(&mut self) {
        if let Err(error) = self.keeper.keep_by(&self.config.global.history) {
            self.say_history(&HistoryNews::Unavailable {
                path: self.keeper.state_dir.clone(),
                why: StoreError::NoThread(error.into()),
            });
        }
    }

    pub(super) fn say_history(&self, news: &HistoryNews) {
        self.reporter.say(&Message::History { news });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Language, ScaleError};

    #[test]
    fn a_step_that_was_taken_back_has_not_failed() {
        let stopped = |cause| {
            event_of(&Outcome {
                dry_run: false,
                workers: Err(ScaleError {
                    from: 1,
                    reached: 3,
                    wanted: 6,
                    cause,
                }),
                left: None,
                boot: None,
                memory: None,
            })
        };
        assert_eq!(
            stopped(Cause::Withdrawn),
            Some((EventKind::StepWithdrawn, "3".into()))
        );
        let Some((EventKind::StepFailed, text)) = stopped(Cause::Reloaded) else {
            panic!("a reload is a failure of the step");
        };
        for (language, part) in [
            (Language::En, "stopped at 3 workers"),
            (Language::Es, "de 1 a 6, quedó en 3"),
        ] {
            let text = text.within(language);
            assert!(text.contains(part), "{text}");
        }
    }
}
