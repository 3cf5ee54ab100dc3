//! What the operator asked for: text → validated [`Config`], with line and column in every error.

mod broker;
mod diff;
mod errors;
mod fields;
mod file;
mod keys;
mod ladder;
mod metrics;
pub mod model;
mod names;
mod nearest;
mod notice;
mod parse;
mod project;
mod rules;
mod storage;
mod syntax;
mod trust;
mod watch;

pub use diff::Changes;
pub use errors::{ConfigErrors, Fault};
pub use file::{DEFAULT_PATH, LoadError, load, read};
pub use metrics::{Listen, Metrics};
pub use model::{
    Bounds, Broker, BrokerUrl, CeleryActuator, Config, CpuBasis, Global, Ladder, Language, ManagementUrl,
    MemoryRules, Priorities, Project, QueueRule, QueueSizing,
};
pub use nearest::{meant, nearest};
pub use notice::Notice;
pub use parse::{Loaded, parse};
pub use storage::Storage;
pub use trust::Distrust;
pub use watch::{Change, Watch};

#[cfg(test)]
mod tests;
