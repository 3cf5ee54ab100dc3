//! What the operator asked for: text → validated [`Config`], with line and column in every error.

pub mod model;

pub use model::{
    Bounds, Broker, Config, CpuBasis, Global, Ladder, Language, MemoryRules, Project, QueueRule,
};
