//! Celery's remote control over Redis: a command is published, the answers come on a list.
//!
//! The answers are asked for without an exchange, which kombu takes for "straight to this queue" on every
//! transport: so none of kombu's binding tables is touched, and nothing is left behind in them.
//!
//! All answers of a connection come on one list. An answer bears the ticket of its question (kombu/pidbox.py,
//! `_publish_reply`): one that comes late is not taken for the next one's.

use std::time::{Duration, Instant};

use ::redis::RedisError;
use ::redis::aio::MultiplexedConnection;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::observe::measure::celery::envelope;
use crate::observe::measure::queue::redis::keys::Keys;
use crate::observe::measure::queue::redis::{Command, Reply};

/// How long an answer that comes too late is kept.
const LATE_ANSWERS_SECONDS: u32 = 60;

/// Publishes `command` and collects the answers on the list `queue`; `None` when no worker is subscribed.
pub(super) async fn call(
    connection: &mut MultiplexedConnection,
    keys: &Keys,
    queue: &str,
    command: &Command<'_>,
    limit: Duration,
) -> Result<Option<Vec<Reply>>, RedisError> {
    let ticket = Uuid::new_v4().to_string();
    let list = keys.key(queue.as_bytes());
    // A worker that cannot write its answer, to a Redis without memory, a replica or one that does not permit it, ends of
    // its own second error (celery/worker/pidbox.py, `reset`). Who asks writes first: what is refused there is not asked.
    make(connection, &list).await?;
    let listeners: usize = ::redis::cmd("PUBLISH")
        .arg(keys.pidbox())
        .arg(message(&envelope::request(command, &ticket, queue)).to_string())
        .query_async(connection)
        .await?;
    if listeners == 0 {
        return Ok(None);
    }
    let wanted = if command.node.is_some() { 1 } else { listeners };
    let replies = collect(connection, &list, &ticket, wanted, limit).await;
    make(connection, &list).await?;
    replies.map(Some)
}

async fn collect(
    connection: &mut MultiplexedConnection,
    list: &[u8],
    ticket: &str,
    wanted: usize,
    limit: Duration,
) -> Result<Vec<Reply>, RedisError> {
    let start = Instant::now();
    let mut replies = Vec::new();
    while replies.len() < wanted {
        let left = limit.saturating_sub(start.elapsed());
        if left.is_zero() {
            break;
        }
        let popped: Option<(Vec<u8>, Vec<u8>)> = ::redis::cmd("BRPOP")
            .arg(list)
            .arg(left.as_secs_f64())
            .query_async(connection)
            .await?;
        let Some((_, message)) = popped else { break };
        replies.extend(read(&message, ticket));
    }
    Ok(replies)
}

/// Makes the list afresh, empty but for what has it end by itself. An answer that is still under way would make it anew,
/// for ever.
async fn make(connection: &mut MultiplexedConnection, list: &[u8]) -> Result<(), RedisError> {
    ::redis::pipe()
        .atomic()
        .cmd("DEL")
        .arg(list)
        .cmd("RPUSH")
        .arg(list)
        .arg("")
        .cmd("EXPIRE")
        .arg(list)
        .arg(LATE_ANSWERS_SECONDS)
        .exec_async(connection)
        .await
}

/// kombu's message around a body.
fn message(body: &Value) -> Value {
    json!({
        "body": BASE64_STANDARD.encode(body.to_string()),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {},
        "properties": { "body_encoding": "base64", "delivery_tag": Uuid::new_v4().to_string() },
    })
}

/// The answer in kombu's message; nothing when it is none, or one to another question.
fn read(message: &[u8], ticket: &str) -> Option<Reply> {
    let message: Value = serde_json::from_slice(message).ok()?;
    if message["headers"]["ticket"].as_str() != Some(ticket) {
        return None;
    }
    let body = message.get("body")?.as_str()?;
    let body = match message["properties"]["body_encoding"].as_str() {
        Some("base64") => BASE64_STANDARD.decode(body).ok()?,
        _ => body.as_bytes().to_vec(),
    };
    envelope::reply(&body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_to_an_earlier_question_is_none() {
        let body = BASE64_STANDARD.encode(json!({ "a@h": { "ok": "pong" } }).to_string());
        let message = json!({
            "body": body,
            "headers": { "ticket": "one", "clock": 7 },
            "properties": { "body_encoding": "base64" },
        });
        let message = message.to_string();
        assert_eq!(read(message.as_bytes(), "one").unwrap().node, "a@h");
        assert_eq!(read(message.as_bytes(), "two"), None);
        assert_eq!(read(b"", "one"), None, "what keeps the list's time");
    }
}
