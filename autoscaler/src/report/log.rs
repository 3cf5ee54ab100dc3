//! Where lines go: the journal with its fields when the journal reads our stdout, else stdout as plain text.

use std::fmt::Write as _;
use std::io::Write as _;

use libsystemd::logging::{Priority, connected_to_journal, journal_send};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::model::{Action, Decision, Project};

/// Journal fields of one line, by the names that `journalctl PROJECT=…` filters on.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Fields {
    project: Option<String>,
    unit: Option<String>,
    cpu: Option<f64>,
    workers_from: Option<u32>,
    workers_to: Option<u32>,
    reason: Option<&'static str>,
}

impl Fields {
    /// A line about a project.
    #[must_use]
    pub fn of(project: &Project) -> Self {
        Self {
            project: Some(project.name.clone()),
            unit: Some(project.service_name.clone()),
            ..Self::default()
        }
    }

    /// A line about a decision.
    #[must_use]
    pub fn of_decision(project: &Project, decision: &Decision) -> Self {
        let workers_to = match decision.action {
            Action::ScaleUp { to, .. } | Action::ScaleDown { to, .. } => Some(to),
            Action::Hold | Action::Blocked => decision.figures.workers,
        };
        Self {
            cpu: decision.figures.cpu_percent,
            workers_from: decision.figures.workers,
            workers_to,
            reason: Some(decision.reason.code()),
            ..Self::of(project)
        }
    }
}

/// Sends one line on its way.
pub fn emit(level: Level, fields: &Fields, line: &str) {
    // tracing fixes the level of a call site when it is compiled.
    macro_rules! at {
        ($level:expr) => {
            tracing::event!(
                $level,
                PROJECT = fields.project,
                UNIT = fields.unit,
                CPU = fields.cpu,
                WORKERS_FROM = fields.workers_from,
                WORKERS_TO = fields.workers_to,
                REASON = fields.reason,
                "{line}"
            )
        };
    }
    match level {
        Level::ERROR => at!(Level::ERROR),
        Level::WARN => at!(Level::WARN),
        Level::INFO => at!(Level::INFO),
        Level::DEBUG => at!(Level::DEBUG),
        Level::TRACE => at!(Level::TRACE),
    }
}

/// Starts logging for this process. Lines under `level` are dropped.
///
/// # Errors
/// When logging has been started before.
pub fn start(level: LevelFilter) -> anyhow::Result<()> {
    let lines = Lines {
        journal: connected_to_journal(),
    };
    // Libraries log what they tell us as errors anyway, in words of their own: only to who wants to see everything.
    let libraries = if level >= LevelFilter::DEBUG {
        LevelFilter::WARN
    } else {
        LevelFilter::OFF
    };
    let wanted = Targets::new()
        .with_default(libraries)
        .with_target(env!("CARGO_PKG_NAME"), level);
    tracing_subscriber::registry()
        .with(lines.with_filter(wanted))
        .try_init()?;
    Ok(())
}

/// The layer that writes lines of the form `[INFO] text`.
struct Lines {
    journal: bool,
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut parts = Parts::default();
        event.record(&mut parts);
        let level = *event.metadata().level();
        let line = lines(level, &parts.message);
        if self.journal
            && journal_send(priority(level), &line, parts.fields.iter().map(|(k, v)| (*k, v))).is_ok()
        {
            return;
        }
        // A closed stdout (`autoscaler run | head`) is no reason to stop scaling.
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    }
}

/// The line, with any further ones indented: none that begins with a level is anything but a line of ours, whatever a stranger's
/// words in it are.
fn lines(level: Level, message: &str) -> String {
    format!("[{level}] {}", message.replace('\n', "\n  "))
}

fn priority(level: Level) -> Priority {
    match level {
        Level::ERROR => Priority::Error,
        Level::WARN => Priority::Warning,
        Level::INFO => Priority::Info,
        Level::DEBUG | Level::TRACE => Priority::Debug,
    }
}

#[derive(Default)]
struct Parts {
    message: String,
    fields: Vec<(&'static str, String)>,
}

impl Visit for Parts {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.fields.push((field.name(), value.to_owned()));
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.fields.push((field.name(), format!("{value:.1}")));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            let _ = write!(self.message, "{value:?}");
        } else {
            self.fields.push((field.name(), format!("{value:?}")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strangers_end_of_line_makes_no_line_of_ours() {
        let told = lines(Level::WARN, "the broker answered: no\n[INFO] ✅ all is well");
        assert_eq!(told, "[WARN] the broker answered: no\n  [INFO] ✅ all is well");
    }
}
