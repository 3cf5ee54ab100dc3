//! What can be wrong with a configuration text, as data: displayed in English, told in Spanish by `report`.
//!
//! None of it holds a text value of the file, which may be a password.

mod broker;
mod name;
mod syntax;
mod wanted;

pub use broker::{BadBroker, BadUrl};
pub use name::BadName;
pub use syntax::Syntax;
pub use wanted::{Json, Unit, Wanted};

/// What is wrong at one place of the text, with what to write instead.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Wrong {
    /// The text is no JSON.
    #[error(transparent)]
    Syntax(#[from] Syntax),
    /// The file holds something else than an object.
    #[error("the file must hold an object: write {{ \"projects\": {{ … }} }}")]
    NoObject,

    /// A key of the whole daemon, elsewhere.
    #[error("{0:?} holds for the whole daemon: move it into \"global\"")]
    GlobalKey(String),
    /// A project's key in `global`.
    #[error("{0:?} belongs in a project, not in \"global\": move it there")]
    ProjectKeyInGlobal(String),
    /// A project's key at the top.
    #[error("{0:?} belongs in a project: write {{ \"NAME\": {{ {0:?}: … }} }}")]
    ProjectKeyAtTop(String),
    /// A project beside `global`, in the bare layout.
    #[error(
        "beside \"global\" the projects stand under \"projects\": write {{ \"global\": {{ … }}, \"projects\": {{ \"NAME\": {{ … }} }} }}"
    )]
    BareBesideGlobal,
    /// An object beside `projects`.
    #[error("{0:?} stands beside \"projects\": if it is a project, move it into it")]
    BesideProjects(String),
    /// A key that is not known there, the one that was probably meant, and all that are known.
    #[error("{0:?} is no key of {1}: {hint}", hint = hint(.2.as_deref(), .3))]
    UnknownKey(String, Of, Option<String>, Vec<String>),
    /// A key that stands twice, and the line of the first.
    #[error("{0:?} stands twice in {1} (first in line {2}): keep one")]
    Twice(String, Of, usize),
    /// Two projects over one service: this one and the other.
    #[error("project {0:?} has the same service as {1:?}: give each its own, or take one out")]
    SameService(String, String),
    /// Two projects over one cgroup: this one and the other.
    #[error("project {0:?} has the same cgroup as {1:?}: give each its own, or take one out")]
    SameCgroup(String, String),

    /// A key's value is of the wrong type; last, what was probably meant.
    #[error("{0:?} is {1}, but must be {2}{unquoted}{meant}", unquoted = unquoted(.2), meant = meant(.3.as_deref()))]
    Type(String, Json, Wanted, Option<String>),
    /// A number, as it is written, that is not among those allowed.
    #[error("{0:?} is {1}: write {2}")]
    Range(String, String, Wanted),
    /// None of the words that a key allows.
    #[error("{0:?} has no such choice: write {or}", or = quoted(.1, " or "))]
    Choice(String, Vec<String>),

    /// A name that cannot be used; where it stands, if not as a project's.
    #[error("{place}{1}", place = key(*.0))]
    Name(Option<&'static str>, BadName),
    /// A project without `max_workers`.
    #[error(
        "project {0:?} lacks \"max_workers\": write the most workers it may have, for example \"max_workers\": 6"
    )]
    NoMaximum(String),
    /// `max_workers` and the larger `min_workers`.
    #[error("\"max_workers\" is {0}, below \"min_workers\" which is {1}: write {1} or more")]
    MaximumBelowMinimum(u32, u32),
    /// A project without thresholds.
    #[error(
        "project {0:?} has no rung at all: write \"cpu_thresholds\" (or \"queue_thresholds\" for Celery), for example \"cpu_thresholds\": {{ \"scale_up_2\": 65, \"scale_down_1\": 35 }}"
    )]
    NoThresholds(String),
    /// `cgroup` where systemd alone knows where the workers are.
    #[error("with \"actuator\": \"units\" systemd alone knows where the instances are: take \"cgroup\" out")]
    CgroupOfUnits,
    /// Instances of something that is no template.
    #[error(
        "with \"actuator\": \"units\" the service must be a template: write for example \"NAME@.service\""
    )]
    NoTemplate,
    /// A template in the place of a service.
    #[error("this is a template, not a service: name one instance, for example \"NAME@1.service\"")]
    Template,
    /// A key of the queue without a rule over it.
    #[error(
        "{0:?} means nothing without a rule over the queue: write \"queue_thresholds\" or \"tasks_per_worker\" too, or take it out"
    )]
    NoQueueRule(String),
    /// Both rules over the queue.
    #[error("\"tasks_per_worker\" stands in place of \"queue_thresholds\": keep one of them")]
    TwoQueueRules,

    /// Thresholds (their key) without a rung, and an example of one.
    #[error("{0:?} has no rung: write at least one, for example \"scale_up_2\": {1}")]
    NoRung(String, u32),
    /// A rung without a worker count, and how its key begins.
    #[error("{0:?} must end in a worker count, a whole number from 1: write for example \"{1}2\"")]
    RungWithoutCount(String, &'static str),
    /// A rung outside the bounds, which follow.
    #[error(
        "{0:?} is outside the bounds: min_workers is {1} and max_workers is {2}; change a bound or take the rung out"
    )]
    RungOutside(String, u32, u32),
    /// A rung that is lower than one of fewer workers, which follows.
    #[error("{0:?} is {1}, but {2:?} is {3}: rungs must not fall as the workers rise, so write {3} or more")]
    RungFalls(String, f64, String, f64),
    /// A step down at or above the step up that would follow it.
    #[error(
        "{0:?} is {1}, at or above {2:?} which is {3}: a step down would be followed by a step up; write less than {3}"
    )]
    RungsCross(String, f64, String, f64),
    /// A threshold of less than one percent, and a hundred times as much.
    #[error("{0:?} is {1}, less than one percent: thresholds are in percent, so write {2} for {2} %")]
    Fraction(String, f64, f64),

    /// A broker, or what belongs to it, that cannot be used.
    #[error(transparent)]
    Broker(#[from] BadBroker),
    /// A path of the history that is none.
    #[error("\"path\" must be a file from / on: write for example \"/var/lib/autoscaler/history.db\"")]
    HistoryPath,
    /// `metrics` without an address.
    #[error("\"metrics\" names no address: write {{ \"listen\": \"127.0.0.1:9919\" }}")]
    NoMetricsAddress,
    /// Something that is no address.
    #[error(
        "{0:?} is no address: write for example \"127.0.0.1:9919\" or \"unix:/run/autoscaler/metrics.sock\""
    )]
    MetricsAddress(String),
    /// An address that other hosts reach.
    #[error(
        "{0} can be reached from other hosts, and there is no password: write 127.0.0.1:{port}, or \"allow_remote\": true if a firewall stands before it",
        port = .0.port()
    )]
    MetricsForAll(std::net::SocketAddr),
}

/// What keys belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of {
    /// The file as a whole.
    File,
    /// The object of this key.
    Key(String),
    /// This project.
    Project(String),
}

impl std::fmt::Display for Of {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File => f.write_str("the file"),
            Self::Key(key) => write!(f, "{key:?}"),
            Self::Project(name) => write!(f, "project {name:?}"),
        }
    }
}

fn hint(nearest: Option<&str>, known: &[String]) -> String {
    match nearest {
        Some(nearest) => format!("did you mean {nearest:?}?"),
        None => format!("known are {}", known.join(", ")),
    }
}

fn unquoted(wanted: &Wanted) -> &'static str {
    if wanted.is_bare() { ", without quotes" } else { "" }
}

fn meant(meant: Option<&str>) -> String {
    meant.map_or_else(String::new, |meant| format!(": write {meant}"))
}

/// Words in quotes, with `between` between them.
pub(crate) fn quoted(words: &[String], between: &str) -> String {
    let words: Vec<_> = words.iter().map(|word| format!("{word:?}")).collect();
    words.join(between)
}

/// A key in front of what is wrong with its value: `"cgroup": `.
pub(crate) fn key(key: Option<&str>) -> String {
    key.map_or_else(String::new, |key| format!("{key:?}: "))
}
