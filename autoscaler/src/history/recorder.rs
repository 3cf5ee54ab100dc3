//! The one writer: a thread that takes entries from a bounded channel and never makes the daemon wait.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant, SystemTime};
use std::{io, thread};

use tokio::sync::mpsc;

use super::entry::Entry;
use super::fault::Fault;
use super::retention::Retention;
use super::store::Store;
use crate::model::{HistoryNews, StoreError};

/// Entries that may wait for a slow disk: with 120 s between checks, hours.
const WAITING: usize = 256;

/// Most entries of one transaction.
const BATCH: usize = 64;

/// Time between two looks at what is too old.
const SWEEP: Duration = Duration::from_mins(10);

/// Shortest time between two attempts to open a store that cannot be used.
const RETRY: Duration = Duration::from_secs(10);

/// The longest that the end of the daemon waits for the last entries.
const END_LIMIT: Duration = Duration::from_secs(5);

/// Takes entries for the store.
#[derive(Debug)]
pub struct Recorder {
    entries: Option<SyncSender<Entry>>,
    lost: Arc<AtomicU64>,
    news: mpsc::Receiver<HistoryNews>,
    /// Closed when the writer is done.
    done: Receiver<()>,
}

impl Recorder {
    /// Starts the writer of the store at `path`.
    ///
    /// # Errors
    /// When no thread can be started. What is wrong with the store is told as [`HistoryNews`].
    pub fn start(path: PathBuf, retention: Retention) -> io::Result<Self> {
        let (entries, waiting) = sync_channel(WAITING);
        let (tell, news) = mpsc::channel(16);
        let (ended, done) = sync_channel(0);
        let lost = Arc::new(AtomicU64::new(0));
        let mut writer = Writer {
            path,
            retention,
            lost: Arc::clone(&lost),
            tell,
            store: None,
            tried: None,
            swept: None,
            fault: Fault::default(),
        };
        thread::Builder::new().name("history".into()).spawn(move || {
            writer.run(&waiting);
            drop(ended);
        })?;
        Ok(Self {
            entries: Some(entries),
            lost,
            news,
            done,
        })
    }

    /// Keeps an entry; loses it, and counts it, if the writer is too far behind.
    pub fn record(&self, entry: Entry) {
        let Some(entries) = &self.entries else { return };
        match entries.try_send(entry) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Entries that could not be kept, since the start.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Waits for the writer to have something to tell.
    pub async fn news(&mut self) -> HistoryNews {
        match self.news.recv().await {
            Some(news) => news,
            None => std::future::pending().await,
        }
    }

    /// Has the last entries written. Gives up on a disk that does not answer.
    pub fn finish(mut self) {
        self.entries = None;
        // It ends by being closed: either way there is nothing more to do.
        let _ = self.done.recv_timeout(END_LIMIT);
    }
}

struct Writer {
    path: PathBuf,
    retention: Retention,
    lost: Arc<AtomicU64>,
    tell: mpsc::Sender<HistoryNews>,
    store: Option<Store>,
    tried: Option<Instant>,
    swept: Option<Instant>,
    fault: Fault,
}

impl Writer {
    fn run(&mut self, waiting: &Receiver<Entry>) {
        // Before the first entry: what is wrong is told at the start, not a check later.
        self.attempt(&[]);
        while let Ok(first) = waiting.recv() {
            let mut batch = vec![first];
            batch.extend(waiting.try_iter().take(BATCH - 1));
            self.attempt(&batch);
        }
    }

    fn attempt(&mut self, batch: &[Entry]) {
        let result = self.write(batch);
        if result.is_err() {
            self.lost.fetch_add(batch.len() as u64, Ordering::Relaxed);
        }
        match result {
            Ok(()) => {
                if self.fault.is_over(Instant::now()) {
                    let lost = self.lost.load(Ordering::Relaxed);
                    self.tell(HistoryNews::Available {
                        path: self.path.clone(),
                        lost,
                    });
                }
            }
            Err(None) => {}
            Err(Some(error)) => {
                if error.is_damage() {
                    self.tried = None;
                }
                self.store = None;
                if self.fault.begins() {
                    self.tell(HistoryNews::Unavailable {
                        path: self.path.clone(),
                        why: error,
                    });
                }
            }
        }
    }

    /// Writes a batch. `None` as the error: it was too early to try again.
    fn write(&mut self, batch: &[Entry]) -> Result<(), Option<StoreError>> {
        self.open()?;
        let Some(store) = &mut self.store else {
            return Err(None);
        };
        store.write(batch)?;
        if self.swept.is_none_or(|at| at.elapsed() >= SWEEP) {
            self.swept = Some(Instant::now());
            store.sweep(self.retention, SystemTime::now())?;
        }
        Ok(())
    }

    fn open(&mut self) -> Result<(), Option<StoreError>> {
        if self.store.is_some() {
            return Ok(());
        }
        if self.tried.is_some_and(|at| at.elapsed() < RETRY) {
            return Err(None);
        }
        self.tried = Some(Instant::now());
        let (store, set_aside) = Store::open(&self.path)?;
        self.store = Some(store);
        if let Some(aside) = set_aside {
            self.tell(HistoryNews::SetAside {
                path: self.path.clone(),
                to: aside.to,
                why: aside.why,
            });
        }
        Ok(())
    }

    /// Nobody reads the news of a daemon that ends.
    fn tell(&self, news: HistoryNews) {
        let _ = self.tell.try_send(news);
    }
}
