//! The server with real sockets, asked in plain HTTP.

use std::collections::BTreeMap;
use std::time::SystemTime;

use nix::errno::Errno;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};

use super::*;
use crate::host::usage::Health;
use crate::metrics::Process;
use crate::model::SourceKind;

fn scrape() -> Scrape {
    Scrape {
        source: SourceKind::CpuStat,
        health: Health::default(),
        requests_way: None,
        host: None,
        checked_at: None,
        check_interval: Duration::from_mins(2),
        checks: 7,
        failed_checks: 0,
        check_time: Duration::ZERO,
        history_lost: None,
        config_in_force: true,
        process: Process {
            cpu: Duration::ZERO,
            resident: None,
            started_at: SystemTime::UNIX_EPOCH,
        },
        projects: BTreeMap::new(),
    }
}

/// Plays the daemon's loop; returns where the server is once it serves.
async fn looped(mut server: Server) -> String {
    let ServerEvent::News(MetricsNews::Serving { at }) = server.message().await else {
        panic!("it serves");
    };
    tokio::spawn(async move {
        while let ServerEvent::Wanted(reply) = server.message().await {
            let _ = reply.send(scrape());
        }
    });
    at
}

async fn asked(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

const GET: &str = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

fn port_of(at: &str) -> &str {
    at.strip_prefix("http://")
        .unwrap()
        .strip_suffix("/metrics")
        .unwrap()
}

fn loopback() -> Listen {
    Listen::Tcp("127.0.0.1:0".parse().unwrap())
}

#[tokio::test]
async fn figures_are_served_over_tcp_and_nothing_else_is() {
    let at = looped(Server::start(loopback())).await;
    let open = || TcpStream::connect(port_of(&at));
    let answer = asked(open().await.unwrap(), GET).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("text/plain; version=0.0.4"), "{answer}");
    assert!(answer.contains("\nautoscaler_checks_total 7.0\n"), "{answer}");

    let answer = asked(open().await.unwrap(), &GET.replace("/metrics", "/")).await;
    assert!(
        answer.starts_with("HTTP/1.1 404") && answer.contains("/metrics"),
        "{answer}"
    );
    let answer = asked(open().await.unwrap(), &GET.replace("GET", "POST")).await;
    assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
    let answer = asked(open().await.unwrap(), "\u{1}\u{2}garbage\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[tokio::test]
async fn a_unix_socket_is_made_anew_after_a_kill_and_removed_at_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("metrics.sock");
    // The socket of a daemon that was killed: nobody listens any more.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let at = looped(Server::start(Listen::Unix(path.clone()))).await;
    assert_eq!(at, format!("unix:{}", path.display()));
    let answer = asked(UnixStream::connect(&path).await.unwrap(), GET).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[tokio::test]
async fn what_is_no_socket_stays() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("precious");
    std::fs::write(&path, "precious").unwrap();
    let mut server: Server = Server::start(Listen::Unix(path.clone()));
    let message = server.message().await;
    assert!(
        matches!(message, ServerEvent::News(MetricsNews::Unavailable { .. })),
        "{message:?}"
    );
    drop(server);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
}

#[tokio::test]
async fn a_taken_port_is_told_once_and_had_as_soon_as_it_is_free() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap();
    let mut server: Server = Server::start(Listen::Tcp(address));
    let ServerEvent::News(MetricsNews::Unavailable { at, why }) = server.message().await else {
        panic!("it is taken");
    };
    assert!(
        at.contains(&address.to_string()) && why.errno() == Some(Errno::EADDRINUSE),
        "{at}: {why}"
    );
    drop(taken);
    tokio::time::pause();
    let ServerEvent::News(MetricsNews::Serving { .. }) = server.message().await else {
        panic!("it is told once");
    };
}

#[tokio::test]
async fn clients_that_send_nothing_keep_nobody_out_for_good() {
    let at = looped(Server::start(loopback())).await;
    let mut silent = Vec::new();
    for _ in 0..CONNECTIONS {
        silent.push(TcpStream::connect(port_of(&at)).await.unwrap());
    }
    let waiting = TcpStream::connect(port_of(&at)).await.unwrap();
    tokio::time::pause();
    let answer = asked(waiting, GET).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}
