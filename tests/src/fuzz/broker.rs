//! A broker that says whatever it likes, behind a real socket.

use std::cell::OnceCell;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener};
use std::os::unix::net::UnixListener;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use autoscaler::model::{BrokerAccess, BrokerUrl, ManagementUrl, Priorities, TaskQueue};
use autoscaler::observe::measure::queue::{self, Command};
use autoscaler::words;
use serde_json::json;

use super::{block_on, parts, scratch, told};

/// No broker is waited for longer: one that says nothing is no news.
const PATIENCE: Duration = Duration::from_millis(200);

/// What the broker says to whoever comes next.
type Words = Arc<Mutex<Vec<u8>>>;

/// A server that says its words to each client and hangs up.
#[derive(Clone)]
struct Server {
    words: Words,
    url: String,
}

impl Server {
    fn says(&self, words: &[u8]) {
        *self.words.lock().unwrap_or_else(PoisonError::into_inner) = words.to_vec();
    }
}

/// Redis, as the daemon asks it at a check of each task queue: the length of the queues, what is not counted, the workers
/// that are entered, and a command.
pub(super) fn redis(input: &[u8]) {
    thread_local! {
        static SERVER: OnceCell<Server> = const { OnceCell::new() };
    }
    let server = SERVER.with(|server| server.get_or_init(unix).clone());
    server.says(input);
    for task_queue in TaskQueue::ALL {
        ask(&server.url, task_queue, None);
    }
}

/// RabbitMQ: what it says in AMQP, and what its management API says.
pub(super) fn rabbitmq(input: &[u8]) {
    thread_local! {
        static SERVERS: OnceCell<[Server; 2]> = const { OnceCell::new() };
    }
    let [broker, management] =
        SERVERS.with(|servers| servers.get_or_init(|| [tcp("amqp"), tcp("http")]).clone());
    let [amqp, http] = parts(input);
    broker.says(amqp);
    management.says(http);
    ask(&broker.url, TaskQueue::Celery, Some(management.url));
}

fn ask(url: &str, task_queue: TaskQueue, management: Option<String>) {
    let access = BrokerAccess {
        task_queue,
        url: BrokerUrl::Written(url.to_owned()),
        key_prefix: String::new(),
        priorities: Priorities::default(),
        management: management.map(ManagementUrl),
    };
    let mut broker = queue::open(url, &access).expect("the URL is ours");
    let queues = ["celery".to_owned(), "mail".to_owned()];
    let command = Command {
        method: "stats",
        arguments: json!({}),
        node: None,
    };
    block_on(async {
        let depth = tokio::time::timeout(PATIENCE, broker.depth(&queues)).await;
        if let Ok(Err(fault)) = depth {
            told(|language| words::queue_fault(language, &fault));
        }
        if let Ok(Ok(found)) = tokio::time::timeout(PATIENCE, broker.uncounted(&queues)).await {
            for uncounted in &found {
                told(|language| words::uncounted(language, uncounted));
            }
        }
        let _ = tokio::time::timeout(PATIENCE, broker.entries(&queues)).await;
        let _ = tokio::time::timeout(PATIENCE, broker.elsewhere()).await;
        let _ = tokio::time::timeout(PATIENCE, broker.call(&command, PATIENCE)).await;
    });
}

fn unix() -> Server {
    let path = scratch().join("redis.sock");
    let listener = UnixListener::bind(&path).expect("a socket in the scratch folder");
    let words = Words::default();
    let said = Arc::clone(&words);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let _ = client.set_read_timeout(Some(PATIENCE));
            answer(&client, &client, &said, || client.shutdown(Shutdown::Write));
        }
    });
    let url = format!("redis+socket://{}", path.display());
    Server { words, url }
}

fn tcp(scheme: &str) -> Server {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port of loopback");
    let port = listener.local_addr().expect("it is bound").port();
    let words = Words::default();
    let said = Arc::clone(&words);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let _ = client.set_read_timeout(Some(PATIENCE));
            answer(&client, &client, &said, || client.shutdown(Shutdown::Write));
        }
    });
    let url = format!("{scheme}://127.0.0.1:{port}");
    Server { words, url }
}

/// Says its words to one client, hangs up, and reads what the client has to say, so that it finds nobody gone in the middle.
fn answer(mut from: impl Read, mut to: impl Write, words: &Words, hang_up: impl FnOnce() -> io::Result<()>) {
    let now = words.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let _ = to.write_all(&now);
    let _ = hang_up();
    let _ = from.read_to_end(&mut Vec::new());
}
