//! Which processes belong to a service whose workers can be scaled: told by their command lines.

use std::path::Path;

/// What a service runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A server that takes SIGTTIN and SIGTTOU, by its name.
    Web(&'static str),
    /// A Celery worker.
    Celery,
}

/// Servers that take SIGTTIN and SIGTTOU.
const SERVERS: [&str; 4] = ["gunicorn", "uvicorn", "puma", "unicorn"];

/// The program is among the first arguments: `python3 -u -m gunicorn`, `/bin/sh /usr/bin/celery`.
const FIRST: usize = 5;

impl Kind {
    /// What the process with this command line belongs to.
    #[must_use]
    pub fn of(cmdline: &[String]) -> Option<Self> {
        let title = cmdline.first()?;
        if title.starts_with("[celeryd:") {
            return Some(Self::Celery);
        }
        if let Some(server) = SERVERS.into_iter().find(|name| is_titled(title, name)) {
            return Some(Self::Web(server));
        }
        let programs = || {
            cmdline
                .iter()
                .take(FIRST)
                .filter_map(|argument| Path::new(argument).file_name())
        };
        if programs().any(|program| program == "celery")
            && cmdline.iter().any(|argument| argument == "worker")
        {
            return Some(Self::Celery);
        }
        SERVERS
            .into_iter()
            .find(|name| programs().any(|program| program == *name))
            .map(Self::Web)
    }

    /// The name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Web(name) => name,
            Self::Celery => "Celery",
        }
    }
}

/// `gunicorn: master [app]`, `puma 6.4.2 (tcp://…)`, `unicorn master -c …`: a title is one argument.
fn is_titled(title: &str, name: &str) -> bool {
    title
        .strip_prefix(name)
        .is_some_and(|rest| rest.starts_with([':', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(cmdline: &str) -> Option<Kind> {
        let cmdline: Vec<String> = cmdline.split('|').map(str::to_owned).collect();
        Kind::of(&cmdline)
    }

    #[test]
    fn services_are_told_by_their_command_lines() {
        for web in [
            "/venv/bin/python3|/venv/bin/gunicorn|--workers|2|app:app",
            "python|-u|-m|gunicorn|app:app",
            "gunicorn: master [app:app]",
        ] {
            assert_eq!(kind(web), Some(Kind::Web("gunicorn")), "{web}");
        }
        assert_eq!(
            kind("puma 6.4.2 (tcp://0.0.0.0:3000) [shop]"),
            Some(Kind::Web("puma"))
        );
        for celery in [
            "/venv/bin/python3|/venv/bin/celery|-A|app|worker|-c|4",
            "python3|-m|celery|-A|app|worker",
            "[celeryd: celery@host:MainProcess] -active- (worker -A app)",
        ] {
            assert_eq!(kind(celery), Some(Kind::Celery), "{celery}");
        }
        for other in [
            "/usr/bin/vim|gunicorn.conf.py",
            "celery|-A|app|beat",
            "/sbin/init",
            "",
        ] {
            assert_eq!(kind(other), None, "{other}");
        }
    }
}
