//! Queues read from real brokers: every way in, and what each fault is called.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Result;
use autoscaler::model::{
    BrokerAccess, BrokerUrl, Language, ManagementUrl, Priorities, QueueFault, TaskQueue, TlsProblem,
};
use autoscaler::observe::measure::queue;
use autoscaler::observe::measure::queue::Depth;
use autoscaler::words::queue_fault;
use autoscaler_tests::broker::{Access, RabbitMq, Redis, free_port};
use autoscaler_tests::celery::{App, Worker};
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::NEWEST;
use autoscaler_tests::{ScratchCgroup, Venv, require_root};

const SOON: Duration = Duration::from_mins(1);

fn broker(url: &str, key_prefix: &str) -> BrokerAccess {
    BrokerAccess {
        task_queue: TaskQueue::Celery,
        url: BrokerUrl::Written(url.to_owned()),
        key_prefix: key_prefix.to_owned(),
        priorities: Priorities::default(),
        management: None,
    }
}

async fn read(url: &str, key_prefix: &str, queues: &[&str]) -> Result<Depth, QueueFault> {
    let queues: Vec<String> = queues.iter().map(ToString::to_string).collect();
    queue::open(url, &broker(url, key_prefix))?.depth(&queues).await
}

async fn waiting(url: &str, key_prefix: &str, queues: &[&str]) -> u64 {
    match read(url, key_prefix, queues).await {
        Ok(depth) => depth.waiting,
        Err(fault) => panic!("{fault}"),
    }
}

#[tokio::test]
async fn redis_by_every_way_in() -> Result<()> {
    if !require(&[Tool::Openssl, Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    let venv = Venv::celery(NEWEST)?;
    let redis = Redis::start(Access::Password)?;
    App::new(&venv, &redis.database(3))?.put_with_priorities(8, 0.0, 0, &[0, 3, 6, 9])?;
    App::new(&venv, &redis.database(3))?
        .queue("mail")
        .put(2, 0.0, 0)?;
    App::new(&venv, &redis.url())?
        .key_prefix("shop:")
        .put(5, 0.0, 0)?;

    assert_eq!(
        waiting(&redis.database(3), "", &["celery"]).await,
        8,
        "all priorities"
    );
    assert_eq!(
        waiting(&redis.database(3), "", &["celery", "mail"]).await,
        10,
        "several queues"
    );
    assert_eq!(
        waiting(&redis.url(), "", &["celery"]).await,
        0,
        "another database"
    );
    assert_eq!(waiting(&redis.url(), "shop:", &["celery"]).await, 5, "key prefix");
    let socket = redis.socket();
    let user = "default:p%40ss%2Fw%3Ard";
    let over_socket = format!("redis+socket://{}?virtual_host=3", socket.display());
    assert!(matches!(
        read(&over_socket, "", &["celery"]).await,
        Err(QueueFault::LoginRefused { .. })
    ));

    let open = Redis::start(Access::Open)?;
    App::new(&venv, &open.database(2))?.put(4, 0.0, 0)?;
    let over_socket = format!("redis+socket://{}?virtual_host=2", open.socket().display());
    assert_eq!(waiting(&over_socket, "", &["celery"]).await, 4, "Unix socket");
    let by_name = format!("redis://{user}@127.0.0.1:{}/3", redis.port());
    assert_eq!(waiting(&by_name, "", &["celery"]).await, 8, "user and password");

    let tls = Redis::start(Access::Tls)?;
    App::new(&venv, &tls.url())?.put(3, 0.0, 0)?;
    assert_eq!(
        waiting(&tls.url(), "", &["celery"]).await,
        3,
        "TLS under its own authority"
    );
    let unverified = format!("rediss://localhost:{}/0?ssl_cert_reqs=none", tls.port());
    assert_eq!(
        waiting(&unverified, "", &["celery"]).await,
        3,
        "TLS without verification"
    );
    Ok(())
}

/// What is wrong with the certificates of a server, or of a client.
async fn problem(url: &str) -> TlsProblem {
    match read(url, "", &["celery"]).await {
        Err(QueueFault::Tls { problem, .. }) => problem,
        other => panic!("{url}: {other:?}"),
    }
}

#[tokio::test]
async fn what_is_wrong_with_tls_is_said_in_words() -> Result<()> {
    if !require(&[Tool::Openssl, Tool::Redis]) {
        return Ok(());
    }
    let tls = Redis::start(Access::Tls)?;
    let by_name = format!("rediss://localhost:{}/0", tls.port());
    let unknown = TlsProblem::UnknownAuthority { authorities: None };
    assert_eq!(problem(&by_name).await, unknown);

    let ca = tls.file("ca.pem");
    let other_name = format!(
        "rediss://127.0.0.1:{}/0?ssl_ca_certs={}",
        tls.port(),
        ca.display()
    );
    let named = TlsProblem::OtherName {
        wanted: "127.0.0.1".into(),
        names: vec!["localhost".into()],
    };
    assert_eq!(problem(&other_name).await, named);
    let unasked = format!("{other_name}&ssl_check_hostname=false");
    assert_eq!(
        waiting(&unasked, "", &["celery"]).await,
        0,
        "as older versions of redis-py do"
    );

    let plain = Redis::start(Access::Open)?;
    let at_plain = format!("rediss://127.0.0.1:{}/0", plain.port());
    assert_eq!(problem(&at_plain).await, TlsProblem::NotSpoken);

    let both_ways = Redis::start(Access::TlsBothWays)?;
    assert_eq!(
        waiting(&both_ways.url(), "", &["celery"]).await,
        0,
        "with a certificate"
    );
    let without = format!(
        "rediss://localhost:{}/0?ssl_ca_certs={}",
        both_ways.port(),
        both_ways.file("ca.pem").display()
    );
    assert_eq!(problem(&without).await, TlsProblem::ClientUnknown);
    for url in [by_name, other_name, at_plain, without] {
        let fault = read(&url, "", &["celery"]).await.unwrap_err();
        let words = queue_fault(Language::En, &fault);
        for name in ["DnsName", "Other(", "Alert", "Invalid", "CertificateRequired"] {
            assert!(!words.contains(name), "{words}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_certificate_that_is_its_own_authority_is_taken_where_it_is_the_one_that_was_named() -> Result<()> {
    if !require(&[Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    let redis = Redis::start(Access::OwnAuthority)?;
    App::new(&Venv::celery(NEWEST)?, &redis.url())?.put(3, 0.0, 0)?;
    assert_eq!(
        waiting(&redis.url(), "", &["celery"]).await,
        3,
        "as Celery takes it"
    );

    let other_name = redis.url().replace("localhost", "127.0.0.1");
    assert!(
        matches!(problem(&other_name).await, TlsProblem::OtherName { .. }),
        "names count"
    );
    let unasked = format!("{other_name}&ssl_check_hostname=false");
    assert_eq!(waiting(&unasked, "", &["celery"]).await, 3);

    // Another one of the same name: not the one that was named.
    let other = Redis::start(Access::OwnAuthority)?;
    let stranger = format!(
        "rediss://localhost:{}/0?ssl_ca_certs={}",
        redis.port(),
        other.file("ca.pem").display()
    );
    assert_eq!(problem(&stranger).await, TlsProblem::NoServersCertificate);
    let nobody = format!("rediss://localhost:{}/0", redis.port());
    assert_eq!(problem(&nobody).await, TlsProblem::NoServersCertificate);
    Ok(())
}

#[tokio::test]
async fn sentinels_and_nodes_of_a_cluster_are_called_what_they_are() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let configuration = directory.path().join("sentinel.conf");
    fs::write(&configuration, "")?;
    let configuration = configuration.to_string_lossy().into_owned();
    for (arguments, kind) in [
        (vec![configuration.as_str(), "--sentinel"], "Redis Sentinel"),
        (vec!["--cluster-enabled", "yes"], "Redis Cluster"),
    ] {
        let port = free_port()?;
        let mut server = Command::new("redis-server")
            .args(arguments)
            .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
            .current_dir(&directory)
            .stdout(Stdio::null())
            .spawn()?;
        let url = format!("redis://127.0.0.1:{port}/0");
        let start = Instant::now();
        let fault = loop {
            match read(&url, "", &["celery"]).await {
                Err(QueueFault::Unreachable { .. }) if start.elapsed() < SOON => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                other => break other,
            }
        };
        server.kill()?;
        server.wait()?;
        assert_eq!(
            fault,
            Err(QueueFault::NotSupported {
                kind: kind.to_owned()
            })
        );
    }
    Ok(())
}

#[tokio::test]
async fn rabbitmqs_kinds_of_queues_are_counted_whole() -> Result<()> {
    if !require(&[Tool::Python, Tool::RabbitMq]) {
        return Ok(());
    }
    let rabbitmq = RabbitMq::start()?;
    let venv = Venv::celery(NEWEST)?;
    for (queue, arguments) in [
        ("quorum", r#"{"x-queue-type": "quorum"}"#),
        ("priorities", r#"{"x-max-priority": 10}"#),
        ("lazy", r#"{"x-queue-mode": "lazy"}"#),
    ] {
        let app = App::new(&venv, &rabbitmq.url())?
            .queue(queue)
            .set("QUEUE_KIND", arguments);
        app.put_with_priorities(9, 0.0, 0, &[0, 5, 9])?;
        assert_eq!(waiting(&rabbitmq.url(), "", &[queue]).await, 9, "{queue}");
    }
    Ok(())
}

#[tokio::test]
async fn the_oldest_task_of_a_queue_that_stands_still_grows_older() -> Result<()> {
    if !require(&[Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    let redis = Redis::start(Access::Open)?;
    App::new(&Venv::celery(NEWEST)?, &redis.url())?.put(3, 0.0, 0)?;
    let queues = ["celery".to_owned()];
    let mut broker = queue::open(&redis.url(), &broker(&redis.url(), ""))?;
    let first = broker.depth(&queues).await?.oldest_waiting.unwrap_or_default();
    let second = broker.depth(&queues).await?.oldest_waiting.unwrap_or_default();
    assert!(second > first, "{first:?}, then {second:?}");
    redis.command(&["RPOP", "celery"])?;
    let third = broker.depth(&queues).await?.oldest_waiting.unwrap_or_default();
    assert!(
        third < second,
        "another task is the oldest now: {second:?}, then {third:?}"
    );
    redis.command(&["DEL", "celery"])?;
    assert_eq!(broker.depth(&queues).await?.oldest_waiting, None);
    Ok(())
}

#[tokio::test]
async fn every_fault_of_redis_has_its_name_and_none_shows_the_password() -> Result<()> {
    if !require(&[Tool::Redis]) {
        return Ok(());
    }
    let mut redis = Redis::start(Access::Password)?;
    let port = redis.port();
    let wrong = format!("redis://:hunter2@127.0.0.1:{port}/0");
    let missing = format!("redis://127.0.0.1:{port}/0");
    let beyond = redis.database(99);
    let faults = [
        read(&wrong, "", &["celery"]).await.unwrap_err(),
        read(&missing, "", &["celery"]).await.unwrap_err(),
        read(&beyond, "", &["celery"]).await.unwrap_err(),
        read("redis://:hunter2@127.0.0.1/x", "", &["celery"])
            .await
            .unwrap_err(),
    ];
    assert!(
        matches!(faults[0], QueueFault::LoginRefused { .. }),
        "{:?}",
        faults[0]
    );
    assert!(
        matches!(faults[1], QueueFault::LoginRefused { .. }),
        "{:?}",
        faults[1]
    );
    assert!(
        matches!(faults[2], QueueFault::Answered { .. }),
        "{:?}",
        faults[2]
    );
    assert!(matches!(faults[3], QueueFault::BadUrl { .. }), "{:?}", faults[3]);

    let queues = ["celery".to_owned()];
    let mut broker = queue::open(&redis.url(), &broker(&redis.url(), ""))?;
    broker.depth(&queues).await?;
    redis.kill()?;
    let gone = broker.depth(&queues).await.unwrap_err();
    assert!(matches!(gone, QueueFault::Unreachable { .. }), "{gone:?}");
    redis.start_again()?;
    assert_eq!(
        broker.depth(&queues).await?.waiting,
        0,
        "the same broker, back again"
    );
    for fault in faults.iter().chain([&gone]) {
        let text = format!("{} {fault:?}", queue_fault(Language::En, fault));
        assert!(
            !text.contains("hunter2") && !text.contains("p%40ss") && !text.contains("p@ss"),
            "{text}"
        );
    }
    Ok(())
}

/// Celery's worker ends of an answer that it cannot write.
#[tokio::test]
async fn a_worker_that_could_not_write_its_answer_is_not_asked() -> Result<()> {
    if !require(&[Tool::Redis]) {
        return Ok(());
    }
    let redis = Redis::start(Access::Open)?;
    let published = || {
        anyhow::Ok(
            redis
                .command(&["INFO", "commandstats"])?
                .contains("cmdstat_publish"),
        )
    };
    let mut broker = queue::open(&redis.url(), &broker(&redis.url(), ""))?;
    let question = queue::Command {
        method: "stats",
        arguments: serde_json::json!({}),
        node: None,
    };
    redis.command(&["CONFIG", "SET", "maxmemory", "1"])?;
    let fault = broker.call(&question, SOON).await.unwrap_err();
    let told = queue_fault(Language::En, &fault);
    assert!(told.contains("OOM"), "{told}");
    assert!(!published()?, "nobody was asked");
    redis.command(&["CONFIG", "SET", "maxmemory", "0"])?;
    assert_eq!(broker.call(&question, SOON).await, Ok(None), "nobody listens");
    assert!(published()?);
    Ok(())
}

/// A broker belongs to whoever runs it: one that takes connections and says nothing holds nobody up.
#[tokio::test]
async fn a_broker_that_never_answers_is_given_up_within_seconds() -> Result<()> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    let port = listener.local_addr()?.port();
    for scheme in ["redis", "rediss", "amqp"] {
        let begun = Instant::now();
        let fault = read(&format!("{scheme}://127.0.0.1:{port}/0"), "", &["celery"])
            .await
            .unwrap_err();
        let silent = matches!(fault, QueueFault::Unreachable { .. } | QueueFault::Tls { .. });
        assert!(silent, "{scheme}: {fault:?}");
        assert!(begun.elapsed() < SOON / 4, "{scheme}: {:?}", begun.elapsed());
    }
    Ok(())
}

#[tokio::test]
async fn what_a_server_says_before_it_hangs_up_is_read() -> Result<()> {
    if !require(&[Tool::Redis]) {
        return Ok(());
    }
    let redis = Redis::start(Access::Open)?;
    redis.command(&["CONFIG", "SET", "maxclients", "1"])?;
    let _held = std::net::TcpStream::connect(("127.0.0.1", redis.port()))?;
    let fault = read(&redis.url(), "", &["celery"]).await.unwrap_err();
    let told = queue_fault(Language::En, &fault);
    assert!(told.contains("max number of clients"), "{told}");
    Ok(())
}

#[tokio::test]
async fn rabbitmq_counts_and_names_its_faults() -> Result<()> {
    if !require(&[Tool::Python, Tool::RabbitMq]) {
        return Ok(());
    }
    let rabbitmq = RabbitMq::start()?;
    let app = App::new(&Venv::celery(NEWEST)?, &rabbitmq.url())?;
    let absent = read(&rabbitmq.url(), "", &["celery"]).await.unwrap_err();
    let queue = "celery".to_owned();
    assert!(
        matches!(&absent, QueueFault::NoSuchQueue { queue: named, .. } if *named == queue),
        "{absent:?}"
    );
    app.put(7, 0.0, 0)?;
    assert_eq!(waiting(&rabbitmq.url(), "", &["celery"]).await, 7);

    let wrong = format!("amqp://guest:hunter2@127.0.0.1:{}//", rabbitmq.port());
    let refused = read(&wrong, "", &["celery"]).await.unwrap_err();
    assert!(matches!(refused, QueueFault::LoginRefused { .. }), "{refused:?}");
    let elsewhere = format!("amqp://guest:guest@127.0.0.1:{}/nowhere", rabbitmq.port());
    let unknown = read(&elsewhere, "", &["celery"]).await.unwrap_err();
    assert!(matches!(unknown, QueueFault::NotPermitted { .. }), "{unknown:?}");
    assert!(!format!("{} {refused:?}", queue_fault(Language::En, &refused)).contains("hunter2"));
    Ok(())
}

#[tokio::test]
async fn rabbitmqs_management_api_tells_what_is_not_acknowledged() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::RabbitMq]) {
        return Ok(());
    }
    let rabbitmq = RabbitMq::with_management()?;
    let app = App::new(&Venv::celery(NEWEST)?, &rabbitmq.url())?;
    let cgroup = ScratchCgroup::new("management")?;
    let _worker = Worker::start(&app, &cgroup, "a", &["--concurrency", "1"])?;
    // One runs, and was acknowledged when it began; four are fetched ahead; five wait.
    app.put(10, 600.0, 0)?;

    let depth = async |management: &str| {
        let mut broker = broker(&rabbitmq.url(), "");
        broker.management = Some(ManagementUrl(management.to_owned()));
        queue::open(&rabbitmq.url(), &broker)?
            .depth(&["celery".to_owned()])
            .await
    };
    let right = rabbitmq.management_url("guest", "guest");
    // Its figures are some seconds old.
    let start = Instant::now();
    let known = loop {
        let known = depth(&right).await?;
        if (known.waiting, known.unacknowledged) == (5, Some(4)) || start.elapsed() > SOON {
            break known;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    let expected = Depth {
        waiting: 5,
        unacknowledged: Some(4),
        ..Depth::default()
    };
    assert_eq!(known, expected);

    // Without it, or where it refuses, the queue's length is known all the same.
    let refused = depth(&rabbitmq.management_url("guest", "hunter2")).await?;
    assert_eq!((refused.waiting, refused.unacknowledged), (5, None));
    let Some(fault) = refused.unacknowledged_fault else {
        panic!("no fault");
    };
    assert!(matches!(fault, QueueFault::LoginRefused { .. }), "{fault:?}");
    assert!(!format!("{} {fault:?}", queue_fault(Language::En, &fault)).contains("hunter2"));
    let silent = depth("http://guest:guest@127.0.0.1:1").await?;
    assert_eq!(silent.waiting, 5);
    assert!(matches!(
        silent.unacknowledged_fault,
        Some(QueueFault::Unreachable { .. })
    ));
    let other = depth(&rabbitmq.url().replace("amqp", "http")).await?;
    assert!(other.unacknowledged_fault.is_some(), "that is no HTTP: {other:?}");
    Ok(())
}
