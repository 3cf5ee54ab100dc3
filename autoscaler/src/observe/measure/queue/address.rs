//! Where a broker is, from the URL that Celery takes.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use url::Url;

use crate::model::{QueueFault, UrlFault, with_host};
use crate::observe::measure::queue::tls::Tls;

/// Where a broker is and how to log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    Redis(RedisAddress),
    Amqp(AmqpAddress),
}

/// A user and a password that no message can print.
#[derive(Clone, PartialEq, Eq, Default)]
pub(super) struct Login {
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Login(…)")
    }
}

/// A Redis database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RedisAddress {
    pub(super) endpoint: Endpoint,
    pub(super) login: Login,
    pub(super) database: u32,
}

/// How to reach a Redis server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Endpoint {
    Tcp { host: String, port: u16 },
    Tls { host: String, port: u16, tls: Tls },
    Unix(PathBuf),
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp { host, port } | Self::Tls { host, port, .. } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

/// A virtual host of a RabbitMQ server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AmqpAddress {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: Option<Tls>,
    pub(super) login: Login,
    pub(super) vhost: String,
}

/// Where RabbitMQ's management API is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ManagementAddress {
    pub(super) host: String,
    pub(super) port: u16,
    /// What stands before the API's own paths, without a slash at its end.
    pub(super) path: String,
    pub(super) login: Login,
}

impl ManagementAddress {
    /// Reads the API's URL. Without a user in it, the broker's own login is taken.
    pub(super) fn parse(text: &str, broker: &AmqpAddress) -> Result<Self, QueueFault> {
        let url = url(text)?;
        let login = login(&url)?;
        Ok(Self {
            host: host(&url).ok_or_else(|| bad(UrlFault::NoManagementHost))?,
            port: url.port().unwrap_or(80),
            path: url.path().trim_end_matches('/').to_owned(),
            login: if login.user.is_some() {
                login
            } else {
                broker.login.clone()
            },
        })
    }
}

impl Address {
    /// Reads a broker's URL as kombu does.
    pub(super) fn parse(text: &str) -> Result<Self, QueueFault> {
        let (scheme, _) = text.split_once("://").ok_or_else(|| bad(UrlFault::NoScheme))?;
        let not_supported = |kind: &str| QueueFault::NotSupported {
            kind: kind.to_owned(),
        };
        match scheme {
            scheme if scheme.contains("sentinel") => Err(not_supported("Redis Sentinel")),
            scheme if scheme.contains("cluster") => Err(not_supported("Redis Cluster")),
            // kombu takes several URLs in one text, to try one after the other.
            _ if text.contains(';') => Err(QueueFault::SeveralBrokers),
            "redis" | "rediss" => redis_server(&url(text)?).map(Self::Redis),
            "redis+socket" | "unix" => redis_socket(&url(text)?).map(Self::Redis),
            "amqp" | "amqps" | "pyamqp" => rabbitmq(&url(text)?).map(Self::Amqp),
            _ => Err(bad(UrlFault::Kind)),
        }
    }
}

fn bad(why: UrlFault) -> QueueFault {
    QueueFault::BadUrl { why }
}

fn url(text: &str) -> Result<Url, QueueFault> {
    Url::parse(&with_host(text)).map_err(|error| bad(UrlFault::Words(error.to_string())))
}

fn redis_server(url: &Url) -> Result<RedisAddress, QueueFault> {
    let host = host(url).unwrap_or_else(|| "localhost".to_owned());
    let port = url.port().unwrap_or(6379);
    let endpoint = if url.scheme() == "rediss" {
        let tls = tls(url);
        Endpoint::Tls { host, port, tls }
    } else {
        Endpoint::Tcp { host, port }
    };
    let database = database(url.path().trim_matches('/'))?;
    Ok(RedisAddress {
        endpoint,
        login: login(url)?,
        database,
    })
}

/// The settings of TLS in a URL, by kombu's names (kombu/utils/url.py) and with redis-py's defaults.
fn tls(url: &Url) -> Tls {
    let file = |key| query(url, key).map(PathBuf::from);
    Tls {
        // kombu takes both the names of the ssl module's constants and short words.
        verify: !matches!(query(url, "ssl_cert_reqs").as_deref(), Some("none" | "CERT_NONE")),
        check_name: query(url, "ssl_check_hostname").is_none_or(|word| !word.eq_ignore_ascii_case("false")),
        ca_file: file("ssl_ca_certs"),
        certificate: file("ssl_certfile"),
        key: file("ssl_keyfile"),
    }
}

fn redis_socket(url: &Url) -> Result<RedisAddress, QueueFault> {
    let path = decode(url.path())?;
    if path.len() < 2 {
        return Err(bad(UrlFault::NoSocketPath));
    }
    let number = query(url, "virtual_host")
        .or_else(|| query(url, "db"))
        .unwrap_or_default();
    let database = database(number.trim_matches('/'))?;
    Ok(RedisAddress {
        endpoint: Endpoint::Unix(path.into()),
        login: login(url)?,
        database,
    })
}

fn rabbitmq(url: &Url) -> Result<AmqpAddress, QueueFault> {
    let tls = (url.scheme() == "amqps").then(|| tls(url));
    let named = decode(url.path().strip_prefix('/').unwrap_or_default())?;
    Ok(AmqpAddress {
        host: host(url).unwrap_or_else(|| "localhost".to_owned()),
        port: url.port().unwrap_or(if tls.is_some() { 5671 } else { 5672 }),
        tls,
        login: login(url)?,
        // kombu takes a missing virtual host for the broker's default one.
        vhost: if named.is_empty() { "/".to_owned() } else { named },
    })
}

/// The host without the brackets of an IPv6 address.
fn host(url: &Url) -> Option<String> {
    let host = url.host_str().filter(|host| !host.is_empty())?;
    Some(host.trim_start_matches('[').trim_end_matches(']').to_owned())
}

fn login(url: &Url) -> Result<Login, QueueFault> {
    let user = (!url.username().is_empty())
        .then(|| decode(url.username()))
        .transpose()?;
    let password = url.password().map(decode).transpose()?;
    Ok(Login { user, password })
}

fn decode(text: &str) -> Result<String, QueueFault> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(Into::into).map_err(|_| bad(UrlFault::NotUtf8))
}

fn query(url: &Url, key: &str) -> Option<String> {
    url.query_pairs()
        .find(|(name, _)| name == key)
        .map(|(_, value)| value.into_owned())
}

fn database(text: &str) -> Result<u32, QueueFault> {
    if text.is_empty() {
        return Ok(0);
    }
    text.parse().map_err(|_| bad(UrlFault::Database))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Language;
    use crate::words::queue_fault;

    fn redis(text: &str) -> RedisAddress {
        match Address::parse(text).unwrap() {
            Address::Redis(address) => address,
            Address::Amqp(_) => panic!("{text} is no Redis"),
        }
    }

    fn amqp(text: &str) -> AmqpAddress {
        match Address::parse(text).unwrap() {
            Address::Amqp(address) => address,
            Address::Redis(_) => panic!("{text} is no RabbitMQ"),
        }
    }

    /// As kombu takes it: a password, and no host.
    #[test]
    fn a_sockets_url_may_have_a_password() {
        for text in [
            "redis+socket://:p%40ss%2Fw@/run/redis.sock?virtual_host=1",
            "unix://:p%40ss%2Fw@/run/redis.sock?db=1",
        ] {
            let socket = redis(text);
            assert_eq!(socket.endpoint, Endpoint::Unix("/run/redis.sock".into()));
            assert_eq!(socket.database, 1);
            assert_eq!(socket.login.password.as_deref(), Some("p@ss/w"));
        }
        assert_eq!(redis("unix:///run/r.sock").login, Login::default());
    }

    #[test]
    fn redis_urls() {
        let plain = redis("redis://localhost");
        assert_eq!(plain.endpoint.to_string(), "localhost:6379");
        assert_eq!((plain.database, plain.login), (0, Login::default()));

        let full = redis("redis://user:p%40ss@[::1]:6380/15");
        assert_eq!(
            full.endpoint,
            Endpoint::Tcp {
                host: "::1".into(),
                port: 6380
            }
        );
        assert_eq!(full.database, 15);
        assert_eq!(full.login.user.as_deref(), Some("user"));
        assert_eq!(full.login.password.as_deref(), Some("p@ss"));

        let Endpoint::Tls { host, port, tls } =
            redis("rediss://:x@h/1?ssl_cert_reqs=none&ssl_ca_certs=/etc/ca.pem").endpoint
        else {
            panic!("it is no TLS")
        };
        assert_eq!((host.as_str(), port), ("h", 6379));
        assert_eq!((tls.verify, tls.check_name), (false, true));
        assert_eq!(tls.ca_file, Some("/etc/ca.pem".into()));
        let Endpoint::Tls { tls, .. } =
            redis("rediss://h?ssl_check_hostname=False&ssl_certfile=/c&ssl_keyfile=/k").endpoint
        else {
            panic!("it is no TLS")
        };
        assert_eq!((tls.verify, tls.check_name), (true, false));
        assert_eq!((tls.certificate, tls.key), (Some("/c".into()), Some("/k".into())));
    }

    #[test]
    fn several_servers_are_refused_with_their_word() {
        for (url, word) in [
            ("sentinel://:hunter2@a:26379", "Sentinel"),
            ("sentinel://a:26379;sentinel://b:26379", "Sentinel"),
            ("redis+sentinel://a:26379/master/0", "Sentinel"),
            ("redis+cluster://a", "Cluster"),
            ("rediscluster://a", "Cluster"),
            ("redis://a/0;redis://:hunter2@b/0", ";"),
        ] {
            let fault = Address::parse(url).unwrap_err();
            assert!(
                matches!(
                    fault,
                    QueueFault::NotSupported { .. } | QueueFault::SeveralBrokers
                ),
                "{fault:?}"
            );
            let words = queue_fault(Language::En, &fault);
            assert!(words.contains(word) && !words.contains("hunter2"), "{words}");
        }
    }

    #[test]
    fn sockets() {
        for text in [
            "redis+socket:///run/r%20s.sock?virtual_host=2",
            "unix:///run/r%20s.sock?db=2",
        ] {
            let address = redis(text);
            assert_eq!(address.endpoint, Endpoint::Unix("/run/r s.sock".into()));
            assert_eq!(address.database, 2);
        }
    }

    #[test]
    fn rabbitmq_urls() {
        assert_eq!(amqp("amqp://localhost//").vhost, "/");
        assert_eq!(amqp("amqp://localhost").vhost, "/");
        assert_eq!(amqp("amqp://localhost/%2f").vhost, "/");
        assert_eq!(amqp("pyamqp://guest:g@localhost/my%2Fv").vhost, "my/v");
        let tls = amqp("amqps://h/v");
        assert_eq!((tls.port, tls.tls.is_some()), (5671, true));
    }

    #[test]
    fn the_management_api_takes_the_brokers_login_unless_it_has_its_own() {
        let broker = amqp("amqp://app:one@h/v");
        let plain = ManagementAddress::parse("http://localhost:15672/", &broker).unwrap();
        assert_eq!((plain.port, plain.path.as_str()), (15672, ""));
        assert_eq!(plain.login, broker.login);
        let own = ManagementAddress::parse("http://watch:two@h/rabbit/", &broker).unwrap();
        assert_eq!((own.port, own.path.as_str()), (80, "/rabbit"));
        assert_eq!(own.login.password.as_deref(), Some("two"));
    }

    #[test]
    fn neither_a_refusal_nor_the_debug_form_shows_a_password() {
        for text in [
            "",
            "hunter2",
            "sqs://hunter2",
            "redis://:hunter2",
            "redis://:hunter2@h/one",
            "unix://",
        ] {
            let fault = Address::parse(text).unwrap_err();
            let words = queue_fault(Language::En, &fault);
            assert!(!words.contains("hunter2"), "{words}");
        }
        assert!(!format!("{:?}", redis("redis://:hunter2@h/0")).contains("hunter2"));
    }
}
