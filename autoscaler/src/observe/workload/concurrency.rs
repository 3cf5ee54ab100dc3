//! How many requests one worker serves at a time, as the server's command line tells.

use crate::host::process::Procfs;
use crate::model::Concurrency;
use crate::observe::workload::kind::Kind;

/// Where gunicorn takes further arguments from (its documentation, "Settings").
const GUNICORN_ARGUMENTS: &str = "GUNICORN_CMD_ARGS=";

/// Workers of gunicorn that serve one request for each thread; all others have an event loop.
const THREADED: [&str; 2] = ["sync", "gthread"];

/// What the command line of `master` tells; `None` where it tells nothing, as puma's, which overwrites its own.
#[must_use]
pub fn told(procfs: &Procfs, master: u32) -> Option<Concurrency> {
    let cmdline = procfs.cmdline(master).ok()?;
    let Some(Kind::Web(server)) = Kind::of(&cmdline) else {
        return None;
    };
    match server {
        "gunicorn" => {
            let environ = procfs.environ(master).unwrap_or_default();
            let more = environ
                .iter()
                .find_map(|entry| entry.strip_prefix(GUNICORN_ARGUMENTS));
            let more = more
                .into_iter()
                .flat_map(str::split_whitespace)
                .map(str::to_owned);
            // What stands on the command line comes last, and so wins.
            let arguments: Vec<String> = more.chain(cmdline).collect();
            Some(gunicorn(&arguments))
        }
        "uvicorn" => Some(Concurrency::EventLoop),
        "unicorn" => Some(Concurrency::Threads(1)),
        _ => None,
    }
}

/// Whether the server whose main process is `master` reads requests before a thread is free for them, so that their wait looks
/// like service: puma, on connections that its clients keep.
pub(in crate::observe) fn reads_ahead(procfs: &Procfs, master: u32) -> bool {
    let cmdline = procfs.cmdline(master).unwrap_or_default();
    Kind::of(&cmdline) == Some(Kind::Web("puma"))
}

fn gunicorn(arguments: &[String]) -> Concurrency {
    let class = value(arguments, "-k", "--worker-class").unwrap_or("sync");
    if !THREADED.contains(&class) {
        return Concurrency::EventLoop;
    }
    let threads = value(arguments, "", "--threads").and_then(|threads| threads.parse().ok());
    Concurrency::Threads(threads.filter(|threads| *threads > 0).unwrap_or(1))
}

/// The last value of an option: `--threads 4`, `--threads=4`, `-k gevent`, `-kgevent`.
fn value<'a>(arguments: &'a [String], short: &str, long: &str) -> Option<&'a str> {
    let next = arguments.iter().skip(1).map(Some).chain([None]);
    let pairs = arguments.iter().zip(next);
    let values = pairs.filter_map(|(argument, next)| {
        if argument == long || (!short.is_empty() && argument == short) {
            return next.map(String::as_str);
        }
        let joined = argument
            .strip_prefix(long)
            .and_then(|rest| rest.strip_prefix('='));
        joined.or_else(|| {
            argument
                .strip_prefix(short)
                .filter(|rest| !short.is_empty() && !rest.is_empty())
        })
    });
    values.last()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_tells_threads_and_event_loops() {
        let of = |cmdline: &str| {
            let words: Vec<String> = cmdline.split(' ').map(str::to_owned).collect();
            gunicorn(&words)
        };
        for (cmdline, told) in [
            ("gunicorn app:app", Concurrency::Threads(1)),
            ("gunicorn --threads 4 app:app", Concurrency::Threads(4)),
            ("gunicorn --threads=4 -k gthread app:app", Concurrency::Threads(4)),
            (
                "gunicorn --threads 2 --threads 8 app:app",
                Concurrency::Threads(8),
            ),
            ("gunicorn --threads 0 app:app", Concurrency::Threads(1)),
            ("gunicorn -k gevent app:app", Concurrency::EventLoop),
            ("gunicorn -kgevent --threads 4 app:app", Concurrency::EventLoop),
            (
                "gunicorn --worker-class=uvicorn.workers.UvicornWorker app:app",
                Concurrency::EventLoop,
            ),
        ] {
            assert_eq!(of(cmdline), told, "{cmdline}");
        }
    }
}
