use std::path::Path;
use std::time::Instant;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _};
use tokio::task::JoinHandle;

use super::*;
use crate::control::Client;
use crate::model::ClientError;
use crate::words::client_error;

/// A server whose loop answers every call with the caller's own words.
struct Bench {
    dir: tempfile::TempDir,
    server: JoinHandle<()>,
    desk: JoinHandle<()>,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let socket = Socket::bind(dir.path(), true).unwrap();
        let (_publish, status) = watch::channel(Arc::new(Status {
            pid: 42,
            ..Status::default()
        }));
        let (calls, mut taken) = mpsc::channel::<Call>(4);
        let desk = tokio::spawn(async move {
            while let Some(call) = taken.recv().await {
                let _ = call.reply.send(Answer::done(format!("{:?}", call.command)));
            }
        });
        let server = tokio::spawn(serve(socket, Desk { status, calls }));
        Self { dir, server, desk }
    }

    fn path(&self) -> std::path::PathBuf {
        self.dir.path().join(crate::control::SOCKET_NAME)
    }

    async fn connect(&self) -> UnixStream {
        UnixStream::connect(self.path()).await.unwrap()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.server.abort();
        self.desk.abort();
    }
}

async fn exchange(stream: &mut UnixStream, text: &[u8]) -> String {
    // The server may have answered and closed before all was sent.
    let _ = stream.write_all(text).await;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).await.unwrap();
    line
}

const STATUS: &[u8] = b"{\"version\":1,\"command\":\"status\"}\n";

#[tokio::test]
async fn several_requests_of_one_client_are_answered_in_turn() {
    let bench = Bench::new();
    let mut stream = bench.connect().await;
    for _ in 0..3 {
        assert!(exchange(&mut stream, STATUS).await.contains("\"pid\":42"));
    }
    let answer = exchange(&mut stream, b"{\"version\":1,\"command\":\"resume\"}\n").await;
    assert!(answer.contains("Resume"), "{answer}");
}

#[tokio::test]
async fn garbage_is_refused_and_the_next_client_served() {
    let bench = Bench::new();
    let long = vec![b'x'; 100_000];
    let no_text: Vec<u8> = (0..=255).chain([b'\n']).collect();
    for garbage in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"\n", &no_text, &long] {
        let answer = exchange(&mut bench.connect().await, garbage).await;
        assert!(answer.contains("malformed"), "{answer}");
    }
    assert!(
        exchange(&mut bench.connect().await, STATUS)
            .await
            .contains("\"pid\":42")
    );
}

#[tokio::test]
async fn a_line_without_its_end_is_refused() {
    let bench = Bench::new();
    let mut stream = bench.connect().await;
    stream.write_all(STATUS.trim_ascii_end()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("newline"), "{answer}");
}

#[tokio::test]
async fn a_hundred_clients_are_all_served() {
    let bench = Bench::new();
    let mut clients = Vec::new();
    for _ in 0..100 {
        let mut stream = bench.connect().await;
        clients.push(tokio::spawn(async move { exchange(&mut stream, STATUS).await }));
    }
    for client in clients {
        assert!(client.await.unwrap().contains("\"pid\":42"));
    }
}

#[tokio::test(start_paused = true)]
async fn silent_clients_make_room_after_a_while() {
    let bench = Bench::new();
    let mut silent = Vec::new();
    for _ in 0..CLIENTS {
        silent.push(bench.connect().await);
    }
    let answer = exchange(&mut bench.connect().await, STATUS).await;
    assert!(answer.contains("\"pid\":42"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_reads_is_let_go() {
    let bench = Bench::new();
    let mut deaf = bench.connect().await;
    // More answers than the socket's buffers hold: the server stops taking requests, then gives up.
    let closed = async { while deaf.write_all(STATUS).await.is_ok() {} };
    timeout(Duration::from_mins(1), closed).await.unwrap();
}

#[tokio::test]
async fn the_clients_own_end_works_and_names_what_is_missing() {
    let bench = Bench::new();
    let dir = bench.dir.path().to_owned();
    let ask = move |command| {
        let dir = dir.clone();
        tokio::task::spawn_blocking(move || Client::connect(&dir)?.ask(command))
    };
    let started = Instant::now();
    let answer = ask(Command::Status).await.unwrap().unwrap();
    assert!(matches!(answer, Answer::Status(status) if status.pid == 42));
    assert!(started.elapsed() < PATIENCE);
    let none = Client::connect(Path::new("/nonexistent")).unwrap_err();
    assert!(matches!(none, ClientError::NoDaemon { .. }));
    let told = client_error(Language::En, &none);
    assert!(told.contains("systemctl start autoscaler"), "{told}");
}
