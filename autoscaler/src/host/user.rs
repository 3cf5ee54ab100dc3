//! Users by name.

use nix::unistd::User;

/// The uid of a user: of this name, or of this number where the host knows no such name; `None` where it is neither.
#[must_use]
pub fn uid_of(user: &str) -> Option<u32> {
    let known = User::from_name(user).ok().flatten();
    known.map(|user| user.uid.as_raw()).or_else(|| user.parse().ok())
}

/// The name of a user; the number where it has none.
#[must_use]
pub fn name_of(uid: u32) -> String {
    let known = User::from_uid(uid.into()).ok().flatten();
    known.map_or_else(|| uid.to_string(), |user| user.name)
}
