//! The broker of a Celery worker that runs, from its command line and its environment. What may be a password stays
//! there.

use url::Url;

use crate::model::{BrokerAccess, BrokerUrl, TaskQueue};
use crate::observe::measure::queue;

/// What is known of a broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broker {
    /// The variable of the worker's environment that holds its URL.
    Variable(&'static str),
    /// Its URL, which holds no secret.
    Plain(String),
    /// Its URL, of which a user, a password or a query was left out.
    Stripped(String),
    /// It is of a kind that cannot be read, by its scheme.
    Other(String),
    /// Neither the command line nor the environment names one: the application's own settings do.
    Unknown,
}

/// Environment variables that Celery, or most applications for it, take the broker from.
const VARIABLES: [&str; 3] = ["CELERY_BROKER_URL", "BROKER_URL", "REDIS_URL"];

/// Schemes of the brokers that can be read; those of a Unix socket first.
const SCHEMES: [&str; 7] = [
    "redis+socket",
    "unix",
    "redis",
    "rediss",
    "amqp",
    "amqps",
    "pyamqp",
];

/// Parts of a URL's query that say where and how, never who.
const HARMLESS: [&str; 4] = ["db", "virtual_host", "ssl_cert_reqs", "ssl_ca_certs"];

impl Broker {
    /// The broker that a worker with this command line and this environment (`NAME=value`) uses.
    pub(super) fn of(cmdline: &[String], environment: &[String]) -> Self {
        if let Some(url) = option(cmdline, "-b", "--broker") {
            return Self::strip(url);
        }
        let value = |name: &str| {
            environment
                .iter()
                .find_map(|variable| variable.strip_prefix(name)?.strip_prefix('='))
                .filter(|value| !value.is_empty())
        };
        match VARIABLES.into_iter().find_map(|name| Some((name, value(name)?))) {
            Some((name, url)) => match Self::strip(url) {
                // The daemon takes no Unix socket from what the worker's user can change.
                Self::Plain(stripped) | Self::Stripped(stripped) if !is_socket(&stripped) => {
                    Self::Variable(name)
                }
                other => other,
            },
            None => Self::Unknown,
        }
    }

    fn strip(written: &str) -> Self {
        let Ok(mut url) = Url::parse(written) else {
            return Self::Unknown;
        };
        if !SCHEMES.contains(&url.scheme()) {
            return Self::Other(url.scheme().to_owned());
        }
        let before = url.clone();
        // Refused where a URL can hold neither: then it holds none.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_fragment(None);
        if url
            .query_pairs()
            .any(|(key, _)| !HARMLESS.contains(&key.as_ref()))
        {
            url.set_query(None);
        }
        // What follows a password's unescaped `/` is taken for the path.
        if url.path().contains('@') || !is_readable(url.as_str()) {
            return Self::Unknown;
        }
        if url == before {
            Self::Plain(url.into())
        } else {
            Self::Stripped(url.into())
        }
    }
}

/// Whether a configuration may name it.
fn is_readable(url: &str) -> bool {
    let broker = BrokerAccess {
        task_queue: TaskQueue::Celery,
        url: BrokerUrl::Written(url.to_owned()),
        key_prefix: String::new(),
        priorities: crate::model::Priorities::default(),
        management: None,
    };
    queue::open(url, &broker).is_ok()
}

fn is_socket(url: &str) -> bool {
    SCHEMES[..2]
        .iter()
        .any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| rest.starts_with(':')))
}

/// The arguments that a worker was started with, and whether all of them are there. Where the setproctitle package is
/// installed Celery's title has taken their place: `[celeryd: mail@host:MainProcess] -active- (-A app worker -Q mail)`
/// (`set_process_title` and `strargv` in celery/platforms.py and celery/apps/worker.py). One that found no room is
/// cut off, and its last word with it.
pub(super) fn arguments(cmdline: &[String]) -> (Vec<String>, bool) {
    match cmdline.first() {
        Some(title) if title.starts_with("[celeryd:") => {
            let Some((_, told)) = title.split_once('(') else {
                return (Vec::new(), false);
            };
            let (told, whole) = match told.rsplit_once(')') {
                Some((told, _)) => (told, true),
                None => (
                    told.rsplit_once(char::is_whitespace).map_or("", |(told, _)| told),
                    false,
                ),
            };
            (told.split_whitespace().map(str::to_owned).collect(), whole)
        }
        _ => (cmdline.to_vec(), true),
    }
}

/// The queues that a worker was told to take from: `-Q a,b`.
pub(super) fn queues(cmdline: &[String]) -> Vec<String> {
    let written = option(cmdline, "-Q", "--queues").unwrap_or_default();
    let names = written.split(',').map(str::trim).filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

/// The value of an option: `-b VALUE`, `-bVALUE`, `--broker VALUE`, `--broker=VALUE`.
fn option<'c>(cmdline: &'c [String], short: &str, long: &str) -> Option<&'c str> {
    cmdline.iter().enumerate().find_map(|(place, argument)| {
        if argument == short || argument == long {
            return cmdline.get(place + 1).map(String::as_str);
        }
        let joined = argument.strip_prefix(short).filter(|value| !value.is_empty());
        argument
            .strip_prefix(long)
            .and_then(|value| value.strip_prefix('='))
            .or_else(|| joined.map(|value| value.strip_prefix('=').unwrap_or(value)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn broker(cmdline: &str, environment: &str) -> Broker {
        Broker::of(&words(cmdline), &words(environment))
    }

    #[test]
    fn the_command_line_comes_before_the_environment() {
        let plain = |url: &str| Broker::Plain(url.to_owned());
        assert_eq!(
            broker("celery -b redis://a/1 worker", "BROKER_URL=redis://b"),
            plain("redis://a/1")
        );
        assert_eq!(
            broker("celery worker --broker=amqp://h//", ""),
            plain("amqp://h//")
        );
        assert_eq!(
            broker("celery worker", "A=1 CELERY_BROKER_URL=unix:///r.sock?db=2"),
            plain("unix:///r.sock?db=2")
        );
        assert_eq!(
            broker("celery worker", "A=1 BROKER_URL=redis://:secret@h/2"),
            Broker::Variable("BROKER_URL")
        );
        assert_eq!(broker("celery worker", "HOME=/"), Broker::Unknown);
        assert_eq!(
            broker("celery -b sqs://k:s@h worker", ""),
            Broker::Other("sqs".into())
        );
    }

    #[test]
    fn no_secret_is_left_in_it() {
        for url in [
            "redis://:hunter2@h:6380/1",
            "redis://hunter2@h/0",
            "amqp://hunter2:x@h/v",
            "rediss://h/0?password=hunter2",
            "redis://h/0#hunter2",
            "redis://h/hunter2 @",
            "amqp://u:1/hunter2@h/v",
            "hunter2",
        ] {
            let found = Broker::of(&["-b".to_owned(), url.to_owned()], &[]);
            assert!(!matches!(found, Broker::Plain(_)), "{url}");
            assert!(!format!("{found:?}").contains("hunter2"), "{url}: {found:?}");
        }
        assert_eq!(
            broker("-b redis://u:p@h:6380/1", ""),
            Broker::Stripped("redis://h:6380/1".into())
        );
    }

    #[test]
    fn queues_are_those_of_the_option() {
        assert_eq!(queues(&words("celery worker -Q fast,slow")), ["fast", "slow"]);
        assert_eq!(queues(&words("celery worker --queues=fast")), ["fast"]);
        assert_eq!(queues(&words("celery worker -Qfast,slow")), ["fast", "slow"]);
        assert!(queues(&words("celery worker")).is_empty());
    }

    #[test]
    fn a_title_still_holds_the_arguments_unless_it_was_cut_off() {
        let of = |title: &str| arguments(&[title.to_owned(), String::new()]);
        let whole =
            "[celeryd: one@vm:MainProcess] -active- (-A q worker -b amqp://h// -Q mail,reports -n one@%h)";
        let (told, is_whole) = of(whole);
        assert!(is_whole);
        assert_eq!(queues(&told), ["mail", "reports"]);
        assert_eq!(Broker::of(&told, &[]), Broker::Plain("amqp://h//".into()));
        let (told, is_whole) = of("[celeryd: one@vm:MainProcess] -active- (-A q worker -Q mail,rep");
        assert!(
            !is_whole && queues(&told).is_empty(),
            "half of a name is none: {told:?}"
        );
        assert_eq!(
            of("[celeryd: one@vm:MainProcess] -starting-"),
            (Vec::new(), false)
        );
    }
}
