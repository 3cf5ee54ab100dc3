//! The load generator against a server whose behaviour is known, over real loopback connections.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::tally::Failure;
use super::{Load, Tally, Target, Users};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
const DEADLINE: Duration = Duration::from_secs(30);

/// A server that answers its nth request with what `answer` says, after the delay that it says.
struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Server {
    async fn start(answer: fn(usize) -> (Duration, &'static str)) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let (accepted, requests) = (Arc::clone(&connections), Arc::new(AtomicUsize::new(0)));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                accepted.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(stream, Arc::clone(&requests), answer));
            }
        });
        Self { address, connections }
    }

    fn target(&self) -> Target {
        target(self.address)
    }
}

async fn serve(
    mut stream: TcpStream,
    requests: Arc<AtomicUsize>,
    answer: fn(usize) -> (Duration, &'static str),
) {
    let mut buffer = [0; 4096];
    while let Ok(1..) = stream.read(&mut buffer).await {
        let (delay, text) = answer(requests.fetch_add(1, Ordering::Relaxed));
        tokio::time::sleep(delay).await;
        if stream.write_all(text.as_bytes()).await.is_err() || text != OK {
            return;
        }
    }
}

fn target(address: SocketAddr) -> Target {
    Target {
        address,
        path: "/".to_owned(),
        keep_alive: false,
        limit: Duration::from_secs(10),
    }
}

/// Runs `users` users until the tally satisfies `enough`, and returns all that was counted.
async fn run(target: &Target, users: usize, enough: impl Fn(&Tally) -> bool) -> Tally {
    let load = Load::start(target, users);
    load.set(Users {
        count: users,
        pause: Duration::ZERO,
    });
    let (start, mut total) = (Instant::now(), Tally::new());
    while !enough(&total) {
        assert!(start.elapsed() < DEADLINE, "not enough was counted: {total:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
        total.add(&load.take());
    }
    total.add(&load.stop().await);
    total
}

fn block_on(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(test);
}

#[test]
fn percentiles_are_the_servers_delays() {
    block_on(async {
        // One request in twenty takes 300 ms, so that p50 and p99 are far apart.
        let server = Server::start(|n| match n % 20 {
            10 => (Duration::from_millis(300), OK),
            _ => (Duration::from_millis(20), OK),
        })
        .await;
        let seen = run(&server.target(), 4, |tally| tally.answered() >= 200).await;
        assert_eq!(seen.failed(), 0, "{:?}", seen.failures());
        let p50 = seen.percentile(50.0).unwrap();
        assert!(
            (Duration::from_millis(20)..Duration::from_millis(300)).contains(&p50),
            "p50 is {p50:?}"
        );
        let p99 = seen.percentile(99.0).unwrap();
        assert!(p99 >= Duration::from_millis(299), "p99 is {p99:?}");
    });
}

#[test]
fn a_status_of_500_is_a_failure() {
    block_on(async {
        let server = Server::start(|n| match n % 4 {
            0 => (
                Duration::ZERO,
                "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
            ),
            _ => (Duration::ZERO, OK),
        })
        .await;
        let seen = run(&server.target(), 2, |tally| tally.failed() >= 5).await;
        assert_eq!(
            seen.failures().keys().collect::<Vec<_>>(),
            [&Failure::Status(500)]
        );
        assert!(seen.answered() >= 10, "{seen:?}");
    });
}

#[test]
fn a_refused_connection_is_a_failure() {
    block_on(async {
        // Bound and dropped again: nobody listens there.
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let seen = run(&target(address), 2, |tally| tally.failed() >= 4).await;
        let refused = Failure::Connect(std::io::ErrorKind::ConnectionRefused);
        assert_eq!(seen.failures().keys().collect::<Vec<_>>(), [&refused]);
        assert_eq!(seen.answered(), 0);
    });
}

#[test]
fn an_answer_cut_short_is_a_failure() {
    block_on(async {
        let server = Server::start(|_| {
            (
                Duration::ZERO,
                "HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\nhalf of it",
            )
        })
        .await;
        let seen = run(&server.target(), 1, |tally| tally.failed() >= 2).await;
        assert!(
            seen.failures().keys().all(|f| matches!(f, Failure::Broken(_))),
            "{seen:?}"
        );
        assert_eq!(seen.answered(), 0);
    });
}

#[test]
fn an_answer_that_comes_too_late_is_a_failure() {
    block_on(async {
        let server = Server::start(|_| (Duration::from_mins(1), OK)).await;
        let mut target = server.target();
        target.limit = Duration::from_millis(50);
        let seen = run(&target, 1, |tally| tally.failed() >= 2).await;
        assert_eq!(seen.failures().keys().collect::<Vec<_>>(), [&Failure::Timeout]);
    });
}

#[test]
fn keep_alive_asks_over_the_same_connection() {
    block_on(async {
        let server = Server::start(|_| (Duration::ZERO, OK)).await;
        let mut target = server.target();
        target.keep_alive = true;
        let seen = run(&target, 3, |tally| tally.answered() >= 30).await;
        assert_eq!(seen.failed(), 0, "{:?}", seen.failures());
        assert_eq!(server.connections.load(Ordering::Relaxed), 3);
    });
}

#[test]
fn stopping_waits_for_the_requests_under_way() {
    block_on(async {
        let server = Server::start(|_| (Duration::from_millis(200), OK)).await;
        let load = Load::start(&server.target(), 3);
        load.set(Users {
            count: 3,
            pause: Duration::ZERO,
        });
        while server.connections.load(Ordering::Relaxed) < 3 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let seen = load.stop().await;
        assert_eq!((seen.answered(), seen.failed()), (3, 0));
    });
}

#[test]
fn users_leave_when_fewer_are_asked_for() {
    block_on(async {
        let server = Server::start(|_| (Duration::ZERO, OK)).await;
        let load = Load::start(&server.target(), 4);
        let pause = Duration::from_millis(5);
        load.set(Users { count: 4, pause });
        while load.take().answered() == 0 {
            tokio::time::sleep(pause).await;
        }
        load.set(Users { count: 0, pause });
        // What was under way ends; then nothing more comes, however long one waits.
        tokio::time::sleep(Duration::from_millis(200)).await;
        let _ = load.take();
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(load.take().answered(), 0);
    });
}
