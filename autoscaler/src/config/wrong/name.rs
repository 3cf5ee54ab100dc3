//! What is wrong with a name that becomes part of a unit's name or of a path.

/// Why a name cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// A project without a name.
    #[error("a project needs a name: write it in place of the empty quotes")]
    Empty,
    /// A project's name of more than so many characters.
    #[error("a project's name has at most {0} characters")]
    TooLong(usize),
    /// A project's name with characters that it may not have.
    #[error(
        "the project's name {0:?} could leave the cgroup tree or break a log line: use letters a-z, digits and . _ - @ : only, and begin with a letter, a digit or _"
    )]
    Characters(String),
    /// A unit of another type.
    #[error("this unit is no service: write one that ends in .service")]
    NoService,
    /// A unit's name of more than so many characters.
    #[error("a unit's name has at most {0} characters")]
    UnitTooLong(usize),
    /// A unit's name with characters that it may not have.
    #[error(
        "this is no name of a systemd service: use letters a-z, digits and . _ - @ : only, and begin with a letter, a digit or _"
    )]
    UnitCharacters,
    /// A cgroup's path with control characters.
    #[error(
        "control characters have no place in a path: write the cgroup's directory below the cgroup2 mount, for example \"/demo/web\""
    )]
    PathCharacters,
    /// A cgroup's path with `..`.
    #[error(
        "\"..\" could leave the cgroup tree: write the cgroup's directory below the cgroup2 mount, for example \"/demo/web\""
    )]
    Parent,
    /// The root of the cgroups.
    #[error(
        "the root of the tree holds every project: write the cgroup's directory below the cgroup2 mount, for example \"/demo/web\""
    )]
    Root,
}
