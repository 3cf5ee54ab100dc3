//! Who asks, or has ordered something.

use crate::model::{Language, Peer};

/// Who it is: `root (uid 0, pid 4711)`, `root for victus (uid 1000, pid 4711)`.
#[must_use]
pub fn peer(language: Language, peer: &Peer) -> String {
    let user = name(language, peer.uid);
    let who = match peer.login {
        Some(login) => {
            let login = name(language, login);
            say!(language, "{user} for {login}", "{user} en nombre de {login}")
        }
        None => user,
    };
    let uid = peer.login.unwrap_or(peer.uid);
    let pid = peer.pid.map(|pid| format!(", pid {pid}")).unwrap_or_default();
    format!("{who} (uid {uid}{pid})")
}

fn name(language: Language, uid: u32) -> String {
    Peer::name_of(uid).unwrap_or_else(|| say!(language, "user {uid}", "usuario {uid}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asked_is_named_with_uid_and_pid() {
        let mut asks = Peer {
            uid: 0,
            pid: Some(4711),
            login: None,
        };
        let named = |asks: &Peer| [Language::En, Language::Es].map(|language| peer(language, asks));
        assert_eq!(named(&asks), ["root (uid 0, pid 4711)", "root (uid 0, pid 4711)"]);
        asks.login = Some(4_000_000);
        assert_eq!(
            named(&asks),
            [
                "root for user 4000000 (uid 4000000, pid 4711)",
                "root en nombre de usuario 4000000 (uid 4000000, pid 4711)"
            ]
        );
    }
}
