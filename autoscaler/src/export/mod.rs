//! `autoscaler export`: figures of every cgroup of the host for others to keep, without projects and without acting.
//!
//! A [`Looker`] keeps the cgroups that are wanted and takes looks at them; each look is a [`Scrape`], plain data, that is written
//! down for Prometheus ([`text`]) or for an OpenTelemetry receiver ([`otlp`]). [`serve`] answers scrapes and pushes.

mod choice;
mod looker;
pub mod otlp;
mod roll;
mod scrape;
mod serve;
mod text;
mod watched;

pub use choice::{Choice, NoPattern};
pub use looker::{Looker, Opened};
pub use roll::LIMIT;
pub use scrape::{CgroupScrape, Name, Scrape};
pub use serve::{Outlets, serve};
