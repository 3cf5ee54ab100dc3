//! What is wrong with a name that becomes part of a unit's name or of a path.

/// Why a name cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadName {
    /// A project without a name.
    Empty,
    /// A project's name of more than so many characters.
    TooLong(usize),
    /// A project's name with characters that it may not have.
    Characters(String),
    /// A unit of another type.
    NoService,
    /// A unit's name of more than so many characters.
    UnitTooLong(usize),
    /// A unit's name with characters that it may not have.
    UnitCharacters,
    /// A cgroup's path with control characters.
    PathCharacters,
    /// A cgroup's path with `..`.
    Parent,
    /// The root of the cgroups.
    Root,
    /// A container's name with characters that it may not have.
    Container,
    /// A container of a runtime that is not known.
    Runtime,
}
