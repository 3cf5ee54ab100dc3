//! The URL of a Redis socket, as kombu writes it.

use std::borrow::Cow;

/// Stands for the host that a socket's URL does not have.
pub(crate) const NO_HOST: &str = "no-host.invalid";

/// The text in a form that a URL's parser takes: `redis+socket://:PASSWORD@/path` has a password and no host, which the URL
/// standard refuses and kombu accepts. Any other text as it is.
pub(crate) fn with_host(text: &str) -> Cow<'_, str> {
    let socket = text
        .split_once("://")
        .filter(|(scheme, _)| matches!(*scheme, "redis+socket" | "unix"));
    let Some((scheme, rest)) = socket else {
        return Cow::Borrowed(text);
    };
    match rest.split_once('/') {
        Some((login, path)) if login.ends_with('@') => {
            Cow::Owned(format!("{scheme}://{login}{NO_HOST}/{path}"))
        }
        _ => Cow::Borrowed(text),
    }
}
