//! The server beside the daemon's loop. Whatever a client does, the loop goes on: lines, clients and time are
//! bounded, and a client that waits or floods holds up nobody but the next client.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::time::{sleep, timeout};

use crate::control::{Answer, Command, Request, Response, Socket, Status};
use crate::model::{Language, Peer, RefusedCode};
use crate::words::{self, Reply};

/// Clients served at a time; the next wait in the kernel's backlog.
const CLIENTS: usize = 16;

/// Longest line that a client may send, bytes.
const LINE: u64 = 4096;

/// A client must have sent its line, and taken the answer, within this time.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest that a step can take: a worker has minutes to finish its last request.
const ACTION: Duration = Duration::from_mins(15);

/// Pause after a failed accept: out of descriptors, for example.
const ACCEPT_AGAIN: Duration = Duration::from_millis(200);

/// Something only the daemon's loop can answer.
#[derive(Debug)]
pub struct Call {
    /// What is asked.
    pub command: Command,
    /// The language to answer in; `None` for the daemon's own.
    pub language: Option<Language>,
    /// By whom.
    pub by: Peer,
    /// Where the answer goes.
    pub reply: oneshot::Sender<Answer>,
}

/// The server's two ways to the loop.
#[derive(Debug, Clone)]
pub struct Desk {
    /// What the loop published last.
    pub status: watch::Receiver<Arc<Status>>,
    /// Where calls are handed in.
    pub calls: mpsc::Sender<Call>,
}

impl Desk {
    /// An answer of the server's own, in the daemon's language. What is wrong with a line is told to the program that
    /// wrote it, in English, as the protocol is.
    fn words(&self, reply: &Reply<'_>) -> String {
        let language = Language::of_code(&self.status.borrow().language);
        words::reply(language.unwrap_or_default(), reply)
    }
}

/// Serves until it is dropped.
pub async fn serve(socket: Socket, desk: Desk) {
    let places = Arc::new(Semaphore::new(CLIENTS));
    loop {
        // A place first: who cannot be served yet stays in the backlog and costs nothing.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        match socket.listener.accept().await {
            Ok((stream, _)) => {
                let desk = desk.clone();
                tokio::spawn(async move {
                    // A client that went away in the middle is no news.
                    let _ = client(stream, &desk).await;
                    drop(place);
                });
            }
            Err(_) => sleep(ACCEPT_AGAIN).await,
        }
    }
}

async fn client(stream: UnixStream, desk: &Desk) -> io::Result<()> {
    let by = Peer::of(&stream)?;
    let (reading, mut writing) = stream.into_split();
    if !by.may_ask() {
        let refused = Answer::refused(
            RefusedCode::NotPermitted,
            desk.words(&Reply::NotPermitted { by: &by }),
        );
        return send(&mut writing, refused).await;
    }
    let mut reading = BufReader::new(reading);
    while let Some(line) = line(&mut reading).await? {
        let request = match line {
            Ok(line) => Request::parse(&line),
            Err(refused) => Err(refused),
        };
        match request {
            Ok(request) => send(&mut writing, answer(request, &by, desk).await).await?,
            Err(refused) => return send(&mut writing, refused).await,
        }
    }
    Ok(())
}

async fn answer(request: Request, by: &Peer, desk: &Desk) -> Answer {
    let Request {
        command, language, ..
    } = request;
    if command == Command::Status {
        let status = desk.status.borrow();
        // In another language the loop alone can tell it.
        if language.is_none_or(|language| language.code() == status.language) {
            return Answer::Status(Box::new(Status::clone(&status)));
        }
    }
    let (reply, answered) = oneshot::channel();
    let call = Call {
        command,
        language,
        by: by.clone(),
        reply,
    };
    let ending = || Answer::refused(RefusedCode::Ending, desk.words(&Reply::Ending));
    if desk.calls.send(call).await.is_err() {
        return ending();
    }
    match timeout(ACTION, answered).await {
        Ok(answer) => answer.unwrap_or_else(|_| ending()),
        Err(_) => Answer::refused(RefusedCode::Failed, desk.words(&Reply::NoEnd)),
    }
}

/// The next line without its end; `None` at the end of input or when nothing came in time.
async fn line(reading: &mut BufReader<OwnedReadHalf>) -> io::Result<Option<Result<Vec<u8>, Answer>>> {
    let mut line = Vec::new();
    let mut limited = reading.take(LINE);
    match timeout(PATIENCE, limited.read_until(b'\n', &mut line)).await {
        Err(_) => return Ok(None),
        Ok(read) => read?,
    };
    if line.pop_if(|byte| *byte == b'\n').is_some() {
        return Ok(Some(Ok(line)));
    }
    if line.is_empty() {
        return Ok(None);
    }
    let sentence = if line.len() as u64 == LINE {
        format!("a line has at most {LINE} bytes")
    } else {
        "a request ends with a newline".to_owned()
    };
    Ok(Some(Err(Answer::refused(RefusedCode::Malformed, sentence))))
}

async fn send(writing: &mut OwnedWriteHalf, answer: Answer) -> io::Result<()> {
    let mut line = serde_json::to_vec(&Response::new(answer))?;
    line.push(b'\n');
    timeout(PATIENCE, writing.write_all(&line))
        .await
        .map_err(|_| io::ErrorKind::TimedOut)?
}

#[cfg(test)]
mod tests;
