//! What can be wrong with a configuration text, as data: `words` tells it.
//!
//! None of it holds a text value of the file, which may be a password.

mod broker;
mod name;
mod schedule;
mod syntax;
mod wanted;

pub use broker::{BadBroker, BadUrl};
pub use name::BadName;
pub use schedule::BadSchedule;
pub use syntax::Syntax;
pub use wanted::{Json, Unit, Wanted};

use crate::model::TaskQueue;

/// What is wrong at one place of the text, with what to write instead.
#[derive(Debug, Clone, PartialEq)]
pub enum Wrong {
    /// The text is no JSON.
    Syntax(Syntax),
    /// The file holds something else than an object.
    NoObject,

    /// A key of the whole daemon, elsewhere.
    GlobalKey(String),
    /// A project's key in `global`.
    ProjectKeyInGlobal(String),
    /// A project's key at the top.
    ProjectKeyAtTop(String),
    /// A project beside `global`, in the bare layout.
    BareBesideGlobal,
    /// An object beside `projects`.
    BesideProjects(String),
    /// A key that is not known there, the one that was probably meant, and all that are known.
    UnknownKey(String, Of, Option<String>, Vec<String>),
    /// A key that stands twice, and the line of the first.
    Twice(String, Of, usize),
    /// Two projects over one service: this one and the other.
    SameService(String, String),
    /// Two projects over one cgroup: this one and the other.
    SameCgroup(String, String),
    /// Two projects over one container: this one and the other.
    SameContainer(String, String),

    /// A key's value is of the wrong type; last, what was probably meant.
    Type(String, Json, Wanted, Option<String>),
    /// A number, as it is written, that is not among those allowed.
    Range(String, String, Wanted),
    /// None of the words that a key allows.
    Choice(String, Vec<String>),

    /// A name that cannot be used; where it stands, if not as a project's.
    Name(Option<&'static str>, BadName),
    /// A project without `max_workers`.
    NoMaximum(String),
    /// `max_workers` and the larger `min_workers`.
    MaximumBelowMinimum(u32, u32),
    /// A project without thresholds.
    NoThresholds(String),
    /// A key of the promise without the policy that keeps one.
    WithoutTarget(String),
    /// Thresholds (their key) beside a promise.
    ThresholdsBesideTarget(String),
    /// A key of a project whose workers run tasks, beside a promise.
    TargetOfTasks(String),
    /// `cgroup` or `container` (the key) where systemd alone knows where the workers are.
    PlaceOfUnits(String),
    /// A key of what only all servers of a cgroup together have, beside `process`.
    BesideProcess(String),
    /// `process` without anything that tells a server.
    NoFilter,
    /// `container` beside another key that says where the project is.
    TwoPlaces(String),
    /// `container_user` beside a container of Docker's.
    UserOfDocker,
    /// Instances of something that is no template.
    NoTemplate,
    /// A template in the place of a service.
    Template,
    /// A star in a service's name that does not stand for the instance of a template.
    Star,
    /// A project called as an instance of a family, which follows.
    NameOfInstance(String, String),
    /// A key of the queue without a rule over it.
    NoQueueRule(String),
    /// Both rules over the queue.
    TwoQueueRules,
    /// Running tasks are to count of a program that tells nobody which run.
    NobodyTellsRunning(TaskQueue),
    /// A pool that is to be commanded, of a program that takes no commands.
    PoolOfOther(TaskQueue),
    /// A key of requests in a project whose workers run tasks.
    RequestsOfTasks(String),
    /// Thresholds over requests (their key) beside `"requests": false`.
    RequestsUnwanted(String),

    /// Thresholds (their key) without a rung, and an example of one.
    NoRung(String, u32),
    /// A rung without a worker count, and how its key begins.
    RungWithoutCount(String, &'static str),
    /// A rung outside the bounds, which follow.
    RungOutside(String, u32, u32),
    /// A rung that is lower than one of fewer workers, which follows.
    RungFalls(String, f64, String, f64),
    /// A step down at or above the step up that would follow it.
    RungsCross(String, f64, String, f64),
    /// A threshold of less than one percent, and a hundred times as much.
    Fraction(String, f64, f64),

    /// A broker, or what belongs to it, that cannot be used.
    Broker(BadBroker),
    /// A schedule, or a time zone, that cannot be used.
    Schedule(BadSchedule),
    /// A path of the history that is none.
    HistoryPath,
    /// `budget` without a size.
    NoBudget,
    /// `metrics` without an address.
    NoMetricsAddress,
    /// Something that is no address.
    MetricsAddress(String),
    /// An address that other hosts reach.
    MetricsForAll(std::net::SocketAddr),
}

impl From<Syntax> for Wrong {
    fn from(fault: Syntax) -> Self {
        Self::Syntax(fault)
    }
}

impl From<BadBroker> for Wrong {
    fn from(bad: BadBroker) -> Self {
        Self::Broker(bad)
    }
}

impl From<BadSchedule> for Wrong {
    fn from(bad: BadSchedule) -> Self {
        Self::Schedule(bad)
    }
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
