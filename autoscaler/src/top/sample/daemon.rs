//! What a running daemon says of its projects. It is asked on a thread of its own: one that hangs holds up no
//! sample.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use crate::control::{Answer, Client, Command, Status};

/// Time between two looks. The daemon has its status ready; one look costs it, and this program, some 0.1 ms.
const LOOK: Duration = Duration::from_secs(1);

/// A daemon that has not answered after this long is taken for one that hangs.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks the daemon again and again for as long as this value lives.
#[derive(Debug)]
pub struct DaemonWatch {
    heard: Arc<Heard>,
}

#[derive(Debug, Default)]
struct Heard {
    last: Mutex<Last>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Last {
    /// Looks that have ended, one way or the other.
    looks: u64,
    /// What the last of them brought.
    status: Option<Arc<Status>>,
}

impl DaemonWatch {
    /// Starts to ask the daemon whose runtime directory is `dir`.
    ///
    /// # Errors
    /// When the system has no thread for it.
    pub fn start(dir: PathBuf) -> io::Result<Self> {
        let heard = Arc::<Heard>::default();
        let for_thread = Arc::downgrade(&heard);
        thread::Builder::new()
            .name("daemon".into())
            .spawn(move || keep_asking(&dir, &for_thread))?;
        Ok(Self { heard })
    }

    /// What it said at the last look; `None` while no daemon answers.
    #[must_use]
    pub fn latest(&self) -> Option<Arc<Status>> {
        let last = self.heard.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.status.clone()
    }

    /// What it said at the first look, which may have to be waited for: two seconds, and no longer.
    #[must_use]
    pub fn first(&self) -> Option<Arc<Status>> {
        let last = self.heard.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, _) = self
            .heard
            .changed
            .wait_timeout_while(last, PATIENCE, |last| last.looks == 0)
            .unwrap_or_else(PoisonError::into_inner);
        last.status.clone()
    }
}

fn keep_asking(dir: &Path, heard: &Weak<Heard>) {
    loop {
        let status = ask(dir);
        let Some(heard) = heard.upgrade() else { return };
        let mut last = heard.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.looks += 1;
        last.status = status;
        heard.changed.notify_all();
        drop(last);
        drop(heard);
        thread::sleep(LOOK);
    }
}

/// Why there is no answer is no matter here: no daemon, one that this user may not ask, one that hangs. Then the
/// configuration alone tells of the projects.
fn ask(dir: &Path) -> Option<Arc<Status>> {
    let mut client = Client::connect(dir).ok()?;
    match client.ask_within(Command::Status, PATIENCE).ok()? {
        Answer::Status(status) => Some(Arc::from(status)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::os::unix::net::UnixListener;
    use std::time::Instant;

    use super::*;
    use crate::control::{Response, SOCKET_NAME};

    /// Waits until the watch says this.
    fn says(watch: &DaemonWatch, pid: Option<u32>) {
        let start = Instant::now();
        while watch.latest().map(|status| status.pid) != pid {
            assert!(start.elapsed() < Duration::from_secs(30), "waited for {pid:?}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Answers one look, as a daemon of this pid.
    fn answer(listener: &UnixListener, pid: u32) {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let status = Status {
            pid,
            ..Status::default()
        };
        let mut line = serde_json::to_vec(&Response::new(Answer::Status(Box::new(status)))).unwrap();
        line.push(b'\n');
        reader.get_mut().write_all(&line).unwrap();
    }

    #[test]
    fn a_daemon_that_comes_hangs_goes_and_comes_again() {
        let dir = tempfile::tempdir().unwrap();
        let watch = DaemonWatch::start(dir.path().to_owned()).unwrap();
        assert_eq!(watch.first(), None, "nobody is there yet");

        let socket = dir.path().join(SOCKET_NAME);
        let listener = UnixListener::bind(&socket).unwrap();
        answer(&listener, 1);
        says(&watch, Some(1));

        // It accepts and says nothing.
        let (hanging, _) = listener.accept().unwrap();
        says(&watch, None);
        drop(hanging);
        answer(&listener, 2);
        says(&watch, Some(2));

        drop(listener);
        says(&watch, None);
        std::fs::remove_file(&socket).unwrap();
        let listener = UnixListener::bind(&socket).unwrap();
        answer(&listener, 3);
        says(&watch, Some(3));
    }
}
