//! Which processes belong to a service whose workers can be scaled: told by their command lines.

use std::ffi::OsStr;
use std::path::Path;

use crate::model::TaskQueue;

/// What a service runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A server that takes SIGTTIN and SIGTTOU, by its name.
    Web(&'static str),
    /// A Celery worker.
    Celery,
    /// A server whose workers nobody can change from outside, or a worker of a task queue that takes no orders, by its name.
    Fixed(&'static str),
}

/// Servers that take SIGTTIN and SIGTTOU.
const SERVERS: [&str; 4] = ["gunicorn", "uvicorn", "puma", "unicorn"];

/// Of these the ones that also run as a single process, which takes neither.
const SINGLE: [&str; 2] = ["uvicorn", "puma"];

/// Servers that take neither, with the names of their programs.
const FIXED: [(&str, &str); 16] = [
    ("hypercorn", "hypercorn"),
    ("daphne", "daphne"),
    ("granian", "granian"),
    ("waitress-serve", "waitress"),
    ("waitress", "waitress"),
    ("uwsgi", "uwsgi"),
    ("uwsgi-core", "uwsgi"),
    // By their own programs, and by the commands of Django that start them.
    ("rq", TaskQueue::Rq.name()),
    ("rq.cli", TaskQueue::Rq.name()),
    ("rqworker", TaskQueue::Rq.name()),
    ("dramatiq", TaskQueue::Dramatiq.name()),
    ("rundramatiq", TaskQueue::Dramatiq.name()),
    ("arq", TaskQueue::Arq.name()),
    ("huey_consumer", TaskQueue::Huey.name()),
    ("huey_consumer.py", TaskQueue::Huey.name()),
    ("run_huey", TaskQueue::Huey.name()),
];

/// Programs that start and watch several others, all in their own cgroup.
const SUPERVISORS: [&str; 6] = ["supervisord", "circusd", "honcho", "runsvdir", "s6-svscan", "pm2"];

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
        if programs(cmdline).any(|program| program == "celery")
            && cmdline.iter().any(|argument| argument == "worker")
        {
            return Some(Self::Celery);
        }
        SERVERS
            .into_iter()
            .find(|name| programs(cmdline).any(|program| program == *name))
            .map(Self::Web)
            .or_else(|| Self::fixed(cmdline))
    }

    /// A server that takes no signals for its workers. Its program must be what runs, or what Python runs, or its title
    /// must begin with it: another's argument may bear the name as well.
    fn fixed(cmdline: &[String]) -> Option<Self> {
        let title = cmdline.first()?;
        let (_, name) = FIXED
            .into_iter()
            .find(|(program, _)| runs(cmdline, program) || is_titled(title, program))?;
        // RQ's program does more than run workers.
        if name == TaskQueue::Rq.name() && !cmdline.iter().any(|argument| argument.contains("worker")) {
            return None;
        }
        Some(Self::Fixed(name))
    }

    /// What the same process is if it does not catch SIGTTIN and SIGTTOU: a single process of a server that can run
    /// as one. `None` for a shell around a server, or another program that has the name among its arguments.
    #[must_use]
    pub fn without_signals(self, cmdline: &[String]) -> Option<Self> {
        match self {
            Self::Web(name) if SINGLE.contains(&name) => {
                let alone =
                    runs(cmdline, name) || cmdline.first().is_some_and(|title| is_titled(title, name));
                alone.then_some(Self::Fixed(name))
            }
            Self::Web(_) => None,
            other => Some(other),
        }
    }

    /// The name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Web(name) | Self::Fixed(name) => name,
            Self::Celery => "Celery",
        }
    }
}

/// The program that starts and watches several others, if the process with this command line is one.
#[must_use]
pub fn supervisor(cmdline: &[String]) -> Option<&'static str> {
    SUPERVISORS.into_iter().find(|name| runs(cmdline, name))
}

fn programs(cmdline: &[String]) -> impl Iterator<Item = &OsStr> {
    let first = cmdline.iter().take(FIRST);
    first.filter_map(|argument| Path::new(argument).file_name())
}

/// Whether `program` is what runs, or the first thing that Python or Node is told to run.
fn runs(cmdline: &[String], program: &str) -> bool {
    let mut names = programs(cmdline);
    let Some(first) = names.next().and_then(OsStr::to_str) else {
        return false;
    };
    first == program
        || (["python", "pypy", "node"]
            .iter()
            .any(|interpreter| first.starts_with(interpreter))
            && names.any(|name| name == program))
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
        for (fixed, name) in [
            ("/venv/bin/python3|/venv/bin/hypercorn|app:app", "hypercorn"),
            ("python3|-m|daphne|site.asgi:application", "daphne"),
            (
                "/venv/bin/python3|/venv/bin/granian|--interface|asgi|app:app",
                "granian",
            ),
            ("/venv/bin/python3|/venv/bin/waitress-serve|app:app", "waitress"),
            ("granian asgi 127.0.0.1:8000 web:app worker-1||||", "granian"),
            ("/usr/bin/uwsgi|--ini|site.ini", "uwsgi"),
            ("/venv/bin/python3|/venv/bin/rq|worker|mail", "RQ"),
            ("python3|manage.py|rqworker|default", "RQ"),
            ("/venv/bin/python3|/venv/bin/dramatiq|app.tasks", "Dramatiq"),
            ("/venv/bin/python3|/venv/bin/arq|app.Worker", "arq"),
            ("python3|/venv/bin/huey_consumer.py|app.huey", "Huey"),
        ] {
            assert_eq!(kind(fixed), Some(Kind::Fixed(name)), "{fixed}");
        }
        for other in [
            "/usr/bin/less|/var/log/hypercorn",
            "/usr/bin/vim|gunicorn.conf.py",
            "celery|-A|app|beat",
            "/venv/bin/python3|/venv/bin/rq|info",
            "/sbin/init",
            "",
        ] {
            assert_eq!(kind(other), None, "{other}");
        }
    }
    #[test]
    fn a_single_process_is_told_from_a_shell_around_a_server_and_from_a_reader_of_its_log() {
        let alone = |cmdline: &str| {
            let words: Vec<String> = cmdline.split('|').map(str::to_owned).collect();
            Kind::of(&words).and_then(|kind| kind.without_signals(&words))
        };
        assert_eq!(
            alone("/venv/bin/python3|/venv/bin/uvicorn|app:app"),
            Some(Kind::Fixed("uvicorn"))
        );
        assert_eq!(
            alone("puma 6.4.2 (tcp://0.0.0.0:3000) [shop]"),
            Some(Kind::Fixed("puma"))
        );
        for other in [
            "/bin/sh|/venv/bin/uvicorn|app:app",
            "less|/var/log/uvicorn",
            "python3|/venv/bin/gunicorn|app:app",
        ] {
            assert_eq!(alone(other), None, "{other}");
        }
    }

    #[test]
    fn a_supervisor_is_known_by_its_program() {
        let supervised = |cmdline: &str| {
            let words: Vec<String> = cmdline.split('|').map(str::to_owned).collect();
            supervisor(&words)
        };
        assert_eq!(
            supervised("/usr/bin/python3|/usr/bin/supervisord|-n"),
            Some("supervisord")
        );
        assert_eq!(supervised("tail|-f|/var/log/supervisord"), None);
    }
}
