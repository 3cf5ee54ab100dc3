//! `redis_url`, `broker_url`, `broker_url_env`, `management_url`, `queues` and how Redis's lists are named. No sentence here
//! quotes the URL: it may hold a password.

use jsonc_parser::ast::Value;
use url::Url;

use crate::config::fields::{Field, Fields, Findings};
use crate::config::keys;
use crate::model::{
    BadBroker, BadUrl, BrokerAccess, BrokerUrl, ManagementUrl, NO_HOST, Priorities, TaskQueue, Wanted,
    with_host,
};

/// The keys that name a broker.
pub(super) const URL_KEYS: [&str; 3] = ["redis_url", "broker_url", "broker_url_env"];

/// The broker of `task_queue`, from whichever of its keys is there; `at` is the project.
pub(super) fn read(
    fields: &Fields<'_>,
    task_queue: TaskQueue,
    at: Field<'_>,
    findings: &mut Findings<'_>,
) -> Option<BrokerAccess> {
    let mut named = URL_KEYS.iter().filter_map(|key| fields.get(key));
    let Some(field) = named.next() else {
        findings.refuse(&at, BadBroker::Missing(at.name()));
        return None;
    };
    if let Some(second) = named.next() {
        findings.refuse(&second, BadBroker::Two(field.name(), second.name()));
        return None;
    }
    let written = field.text(findings)?;
    let key_prefix = key_prefix(fields, task_queue, findings)?;
    let url = match field.key() {
        "broker_url_env" => check_variable(written).map(BrokerUrl::Environment),
        key => check(written, key == "redis_url").map(BrokerUrl::Written),
    };
    if let Ok(BrokerUrl::Written(url)) = &url
        && url.starts_with("amqp")
        && !task_queue.speaks_amqp()
    {
        findings.refuse(field.value(), BadBroker::RedisAlone(field.name(), task_queue));
        return None;
    }
    let priorities = priorities(fields, task_queue, findings);
    match url {
        Ok(url) => Some(BrokerAccess {
            task_queue,
            management: management(fields, (&url, task_queue), findings),
            url,
            key_prefix,
            priorities,
        }),
        Err(bad) => {
            findings.refuse(field.value(), BadBroker::Url(field.name(), bad));
            None
        }
    }
}

/// What stands before the keys in Redis.
fn key_prefix(fields: &Fields<'_>, task_queue: TaskQueue, findings: &mut Findings<'_>) -> Option<String> {
    let own = task_queue.key_prefix();
    let Some(field) = fields.get("redis_key_prefix") else {
        return Some(own.unwrap_or_default().to_owned());
    };
    if own.is_none() {
        findings.refuse(&field, BadBroker::NoKeyPrefix(task_queue));
        return None;
    }
    field.text(findings).map(str::to_owned)
}

/// kombu's `sep` and `priority_steps`, where they are given.
fn priorities(fields: &Fields<'_>, task_queue: TaskQueue, findings: &mut Findings<'_>) -> Priorities {
    let mut priorities = Priorities::default();
    if task_queue != TaskQueue::Celery {
        let its = ["redis_priority_separator", "redis_priority_steps"];
        for field in its.iter().filter_map(|key| fields.get(key)) {
            findings.refuse(&field, BadBroker::OfCelery(field.name(), task_queue));
        }
        return priorities;
    }
    if let Some(field) = fields.get("redis_priority_separator")
        && let Some(separator) = field.text(findings)
    {
        if separator.is_empty() || separator.chars().any(|c| c.is_ascii_digit()) {
            findings.refuse(field.value(), BadBroker::Separator);
        }
        separator.clone_into(&mut priorities.separator);
    }
    if let Some(field) = fields.get("redis_priority_steps") {
        priorities.steps = steps(field, findings);
    }
    priorities
}

fn steps(field: Field<'_>, findings: &mut Findings<'_>) -> Vec<u32> {
    let Some(list) = field.array(Wanted::PrioritySteps, findings) else {
        return Vec::new();
    };
    let mut steps: Vec<u32> = Vec::new();
    for element in &list.elements {
        let written = element
            .as_number_lit()
            .and_then(|number| number.value.parse().ok());
        match written.filter(|step| u64::from(*step) <= keys::PRIORITY_STEP.most) {
            Some(step) => steps.push(step),
            None => findings.refuse(element, BadBroker::Step(keys::PRIORITY_STEP.most)),
        }
    }
    steps.sort_unstable();
    steps.dedup();
    if list.elements.is_empty() || list.elements.len() > keys::MOST_PRIORITY_STEPS {
        findings.refuse(field.value(), BadBroker::Steps(keys::MOST_PRIORITY_STEPS));
    }
    steps
}

/// The management API of the broker, where it is given.
fn management(
    fields: &Fields<'_>,
    (broker, task_queue): (&BrokerUrl, TaskQueue),
    findings: &mut Findings<'_>,
) -> Option<ManagementUrl> {
    let field = fields.get("management_url")?;
    let written = field.text(findings)?;
    let rabbitmq = match broker {
        BrokerUrl::Written(url) => url.starts_with("amqp"),
        BrokerUrl::Environment(_) => task_queue.speaks_amqp(),
    };
    let url = if rabbitmq {
        check_management(written)
    } else {
        Err(BadUrl::ManagementOfRedis)
    };
    url.map_err(|bad| findings.refuse(field.value(), BadBroker::Url(field.name(), bad)))
        .ok()
}

fn check_management(written: &str) -> Result<ManagementUrl, BadUrl> {
    let example = "http://localhost:15672";
    if written.starts_with("https://") {
        return Err(BadUrl::Tls(example));
    }
    let url = Url::parse(written)
        .ok()
        .filter(|url| url.scheme() == "http" && url.host_str().is_some_and(|host| !host.is_empty()));
    let Some(url) = url else {
        return Err(BadUrl::Unreadable(example));
    };
    if url.query().is_some() || url.fragment().is_some() {
        return Err(BadUrl::Query(example));
    }
    Ok(ManagementUrl(written.to_owned()))
}

/// Checks the name of a variable; who writes the URL itself there must not see it in the log.
fn check_variable(written: &str) -> Result<String, BadUrl> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if written.is_empty()
        || written.starts_with(|c: char| c.is_ascii_digit())
        || !written.chars().all(allowed)
    {
        return Err(BadUrl::Variable);
    }
    Ok(written.to_owned())
}

/// The queues of the project: the default one of `task_queue` unless configured.
pub(super) fn queues(fields: &Fields<'_>, task_queue: TaskQueue, findings: &mut Findings<'_>) -> Vec<String> {
    let Some(field) = fields.get("queues") else {
        return vec![task_queue.default_queue().to_owned()];
    };
    let Some(list) = field.array(Wanted::Queues, findings) else {
        return Vec::new();
    };
    if list.elements.is_empty() {
        findings.refuse(field.value(), BadBroker::NoQueue);
    }
    let mut queues = Vec::new();
    for element in &list.elements {
        let Value::StringLit(name) = element else {
            findings.refuse(element, BadBroker::QueueType);
            continue;
        };
        let name = name.value.as_ref();
        if name.is_empty() || name.chars().any(char::is_control) {
            findings.refuse(element, BadBroker::QueueName);
        } else if queues.iter().any(|queue| queue == name) {
            findings.refuse(element, BadBroker::QueueTwice);
        } else {
            queues.push(name.to_owned());
        }
    }
    queues
}

/// Checks a broker's URL and gives it back with `pyamqp`, Celery's other word for it, as `amqp`.
fn check(written: &str, redis_only: bool) -> Result<String, BadUrl> {
    let example = if redis_only {
        "redis://localhost:6379/0"
    } else {
        "redis://localhost:6379/0 or amqp://user:password@localhost:5672/"
    };
    let (scheme, rest) = written.split_once("://").ok_or(BadUrl::None(example))?;
    let normal = match scheme {
        "pyamqp" => format!("amqp://{rest}"),
        _ => written.to_owned(),
    };
    if let Some(bad) = many_servers(scheme, rest) {
        return Err(bad);
    }
    let redis = ["redis", "rediss", "redis+socket", "unix"].contains(&scheme);
    let amqp = ["amqp", "amqps", "pyamqp"].contains(&scheme);
    if !redis && !amqp {
        return Err(BadUrl::Kind(example));
    }
    if amqp && redis_only {
        return Err(BadUrl::RabbitMq);
    }
    if written.chars().any(|c| c.is_control() || c == ' ') {
        return Err(BadUrl::Characters);
    }
    let url = Url::parse(&with_host(&normal)).map_err(|_| BadUrl::Unreadable(example))?;
    if url.fragment().is_some() {
        return Err(BadUrl::Fragment);
    }
    if scheme == "redis+socket" || scheme == "unix" {
        check_socket(&url)?;
    } else {
        if url.host_str().is_none_or(str::is_empty) {
            return Err(BadUrl::NoHost(example));
        }
        if redis && !is_database(url.path().trim_start_matches('/')) {
            return Err(BadUrl::Database);
        }
    }
    Ok(normal)
}

/// What is wrong with a URL that leaves open which server has the queues.
fn many_servers(scheme: &str, rest: &str) -> Option<BadUrl> {
    if scheme.contains("sentinel") {
        Some(BadUrl::Sentinel)
    } else if scheme.contains("cluster") {
        Some(BadUrl::Cluster)
    } else {
        // kombu takes several URLs in one text, to try one after the other.
        rest.contains(';').then(|| BadUrl::Several(scheme.to_owned()))
    }
}

fn check_socket(url: &Url) -> Result<(), BadUrl> {
    if url
        .host_str()
        .is_some_and(|host| !host.is_empty() && host != NO_HOST)
        || url.path().len() < 2
    {
        return Err(BadUrl::Socket);
    }
    for (key, value) in url.query_pairs() {
        if ["db", "virtual_host"].contains(&key.as_ref()) && !is_database(&value) {
            return Err(BadUrl::SocketDatabase(key.into_owned()));
        }
    }
    Ok(())
}

/// Whether the text is a Redis database's number; nothing stands for 0.
fn is_database(text: &str) -> bool {
    text.is_empty() || text.parse::<u32>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Language;
    use crate::words;

    /// What an operator reads, in both languages.
    fn sentence(bad: &BadUrl) -> String {
        let wrong = BadBroker::Url("broker_url".to_owned(), bad.clone()).into();
        [Language::En, Language::Es]
            .map(|language| words::wrong(language, &wrong))
            .join("\n")
    }

    #[test]
    fn the_urls_that_celery_takes_are_taken() {
        for url in [
            "redis://localhost:6379/0",
            "redis://localhost",
            "redis://:p%40ss@10.0.0.1:6380/15",
            "rediss://user:pass@redis.example:6380/1?ssl_cert_reqs=required",
            "redis+socket:///run/redis/redis.sock?virtual_host=2",
            "redis+socket://:p%40ss@/run/redis/redis.sock?virtual_host=2",
            "unix:///run/redis.sock?db=3",
            "redis://[::1]:6379/0",
        ] {
            assert_eq!(check(url, true).as_deref(), Ok(url));
        }
        assert_eq!(
            check("amqp://guest:guest@localhost:5672//", false).unwrap(),
            "amqp://guest:guest@localhost:5672//"
        );
        assert_eq!(
            check("pyamqp://guest@localhost/v", false).unwrap(),
            "amqp://guest@localhost/v"
        );
    }

    #[test]
    fn a_bad_url_is_refused_without_its_password() {
        for url in [
            "",
            "localhost:6379",
            "http://:hunter2@h/",
            "sqs://hunter2",
            "redis://:hunter2",
            "redis://:hunter2#x@h/0",
            "redis://:hunter2@h:99999/0",
            "redis://:hunter2@h/one",
            "redis://",
            "redis:///0",
            "redis://:hunter2 @h/0",
            "unix://hunter2",
            "unix:///s?db=hunter2",
            "amqp://",
        ] {
            let sentence = sentence(&check(url, false).expect_err(url));
            assert!(!sentence.contains("hunter2"), "{url}: {sentence}");
        }
        assert!(check("amqp://localhost", true).is_err());
    }

    #[test]
    fn a_management_url_is_plain_http_and_not_shown() {
        for url in ["http://localhost:15672", "http://u:hunter2@[::1]:15672/proxy/"] {
            assert_eq!(check_management(url), Ok(ManagementUrl(url.into())));
        }
        for url in [
            "",
            "localhost",
            "https://u:hunter2@h",
            "amqp://u:hunter2@h",
            "http://u:hunter2@h?x",
            "http://u:hunter2#@h",
        ] {
            let sentence = sentence(&check_management(url).expect_err(url));
            assert!(!sentence.contains("hunter2"), "{sentence}");
        }
        assert!(!format!("{:?}", check_management("http://u:hunter2@h")).contains("hunter2"));
    }

    #[test]
    fn a_variable_is_a_name_and_a_url_in_its_place_is_not_shown() {
        assert_eq!(
            check_variable("CELERY_BROKER_URL2").unwrap(),
            "CELERY_BROKER_URL2"
        );
        for other in ["", "2X", "A=B", "$BROKER_URL", "redis://:hunter2@h/0"] {
            let sentence = sentence(&check_variable(other).expect_err(other));
            assert!(!sentence.contains("hunter2"), "{sentence}");
        }
    }

    fn project(keys: &str) -> Result<BrokerAccess, String> {
        let text = format!(
            r#"{{ "shop": {{ "enabled": true, "max_workers": 2, "queue_thresholds": {{ "scale_up_2": 5 }}, {keys} }} }}"#
        );
        crate::config::parse("config.json", &text)
            .map(|loaded| loaded.config.projects["shop"].queue.clone().unwrap().broker)
            .map_err(|errors| words::config_errors(Language::En, &errors))
    }

    #[test]
    fn the_names_of_redis_lists_can_be_the_applications_own() {
        let unset = project(r#""redis_url": "redis://h""#).unwrap();
        assert_eq!(
            (unset.key_prefix.as_str(), unset.priorities),
            ("", Priorities::default())
        );
        let set = project(
            r#""redis_url": "redis://h", "redis_key_prefix": "shop:", "redis_priority_separator": "\u0006\u0016|",
               "redis_priority_steps": [9, 0, 3, 3]"#,
        )
        .unwrap();
        assert_eq!(set.key_prefix, "shop:");
        let own = Priorities {
            separator: "\u{6}\u{16}|".into(),
            steps: vec![0, 3, 9],
        };
        assert_eq!(set.priorities, own);
    }

    #[test]
    fn names_of_redis_lists_that_cannot_be_are_refused_with_what_to_write() {
        for (keys, what) in [
            (r#""redis_priority_separator": """#, "write the application's"),
            (r#""redis_priority_separator": "-1-""#, "has digits"),
            (r#""redis_priority_separator": 3"#, "text in double quotes"),
            (r#""redis_priority_steps": []"#, "from 1 to 100 steps"),
            (r#""redis_priority_steps": 3"#, "a list: write"),
            (r#""redis_priority_steps": [0, -1]"#, "whole number from 0 to 255"),
            (
                r#""redis_priority_steps": [0, "3"]"#,
                "whole number from 0 to 255",
            ),
            (r#""redis_priority_steps": [256]"#, "whole number from 0 to 255"),
            (
                r#""priority_steps": [0]"#,
                "did you mean \"redis_priority_steps\"?",
            ),
            (r#""sep": ":""#, "did you mean \"redis_priority_separator\"?"),
        ] {
            let sentence = project(&format!(r#""redis_url": "redis://h", {keys}"#)).expect_err(keys);
            assert!(sentence.contains(what), "{keys}: {sentence}");
        }
    }

    #[test]
    fn another_task_queue_has_keys_and_queues_of_its_own() {
        let rq = project(r#""redis_url": "redis://h", "task_queue": "rq""#).unwrap();
        assert_eq!((rq.task_queue, rq.key_prefix.as_str()), (TaskQueue::Rq, "rq"));
        let own =
            project(r#""redis_url": "redis://h", "task_queue": "rq", "redis_key_prefix": "shop""#).unwrap();
        assert_eq!(own.key_prefix, "shop");
        let dramatiq = project(r#""broker_url": "amqp://h", "task_queue": "dramatiq""#).unwrap();
        assert_eq!(dramatiq.key_prefix, "dramatiq");
        let arq = project(r#""redis_url": "redis://h", "task_queue": "arq""#).unwrap();
        assert_eq!((arq.task_queue, arq.key_prefix.as_str()), (TaskQueue::Arq, ""));
    }

    #[test]
    fn what_another_task_queue_cannot_have_is_refused_with_what_to_write() {
        for (keys, what) in [
            (r#""broker_url": "amqp://h""#, "write \"redis_url\""),
            (
                r#""redis_url": "redis://h", "actuator": "pool""#,
                "write \"actuator\": \"units\"",
            ),
            (
                r#""redis_url": "redis://h", "redis_priority_steps": [0, 3]"#,
                "is Celery's: take it out",
            ),
            (
                r#""redis_url": "redis://h", "redis_priority_separator": ":""#,
                "is Celery's: take it out",
            ),
            (
                r#""broker_url_env": "REDIS_URL", "management_url": "http://h:15672""#,
                "only RabbitMQ has a management API",
            ),
        ] {
            let sentence = project(&format!(r#""task_queue": "rq", {keys}"#)).expect_err(keys);
            assert!(sentence.contains(what), "{keys}: {sentence}");
        }
        let prefix = project(r#""redis_url": "redis://h", "task_queue": "arq", "redis_key_prefix": "x""#);
        let prefix = prefix.unwrap_err();
        assert!(
            prefix.contains("nothing can stand before the keys of arq"),
            "{prefix}"
        );
        let unknown = project(r#""redis_url": "redis://h", "task_queue": "sidekiq""#).unwrap_err();
        assert!(unknown.contains("celery") && unknown.contains("rq"), "{unknown}");
    }

    #[test]
    fn several_servers_are_refused_with_their_word_and_without_their_password() {
        for (url, word) in [
            ("sentinel://:hunter2@h:26379", "Redis Sentinel"),
            ("redis+sentinel://:hunter2@h/m/0", "Redis Sentinel"),
            ("redis+cluster://:hunter2@h", "Redis Cluster"),
            ("redis://a/0;redis://:hunter2@b/0", "several brokers"),
            ("amqp://a;amqp://u:hunter2@b", "several brokers"),
        ] {
            let sentence = sentence(&check(url, false).expect_err(url));
            assert!(
                sentence.contains(word) && !sentence.contains("hunter2"),
                "{sentence}"
            );
        }
    }
}
