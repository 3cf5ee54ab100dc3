//! Clients that ask without a pause until they are told to stop, and once at least.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{mem, thread};

use crate::http::Address;

const ANSWER_LIMIT: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_mins(5);

/// What the clients saw.
#[derive(Debug, Default)]
pub struct Totals {
    /// Requests answered with 200.
    pub answered: u64,
    /// What went wrong with each of the others.
    pub failed: Vec<String>,
}

/// Running clients. They stop when told to, when dropped, and after five minutes at the latest.
#[derive(Debug)]
pub struct Load {
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Totals>>,
}

impl Load {
    /// Starts `clients` threads, each with one request for `path` in flight at any time.
    #[must_use]
    pub fn start(address: &Address, clients: usize, path: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let clients = (0..clients)
            .map(|_| {
                let (stop, address, path) = (Arc::clone(&stop), address.clone(), path.to_owned());
                thread::spawn(move || ask(&stop, &address, &path))
            })
            .collect();
        Self { stop, clients }
    }

    /// Lets the requests in flight end and adds up what all clients saw.
    #[must_use]
    pub fn stop(mut self) -> Totals {
        self.join()
    }

    fn join(&mut self) -> Totals {
        self.stop.store(true, Ordering::Relaxed);
        let mut totals = Totals::default();
        for client in mem::take(&mut self.clients) {
            match client.join() {
                Ok(seen) => {
                    totals.answered += seen.answered;
                    totals.failed.extend(seen.failed);
                }
                Err(_) => totals.failed.push("a client panicked".to_owned()),
            }
        }
        totals
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        drop(self.join());
    }
}

fn ask(stop: &AtomicBool, address: &Address, path: &str) -> Totals {
    let start = Instant::now();
    let mut seen = Totals::default();
    loop {
        match address.get(path, ANSWER_LIMIT) {
            Ok((200, _)) => seen.answered += 1,
            Ok((status, _)) => seen.failed.push(format!("status {status}")),
            Err(error) => {
                seen.failed.push(format!("{error:#}"));
                // A server that is gone would be asked in a tight loop.
                thread::sleep(Duration::from_millis(20));
            }
        }
        if stop.load(Ordering::Relaxed) || start.elapsed() >= LONGEST {
            return seen;
        }
    }
}
