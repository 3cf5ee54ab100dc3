//! Celery's remote control over RabbitMQ: a command goes to the fanout exchange that every worker listens on,
//! the answers come straight to a queue of our own.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use lapin::options::{
    BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions,
    QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Confirmation, Consumer, ExchangeKind};
use tokio::time::timeout;
use uuid::Uuid;

use crate::observe::measure::celery::envelope;
use crate::observe::measure::queue::rabbitmq::connect::is_not_found;
use crate::observe::measure::queue::rabbitmq::{Command, Reply};

/// `control_exchange`, unless a project's own settings name another, with kombu's `.pidbox` behind it.
const EXCHANGE: &str = "celery.pidbox";

/// Publishes `command` and collects the answers; `None` when no worker listens.
pub(super) async fn call(
    channel: &Channel,
    command: &Command<'_>,
    limit: Duration,
) -> lapin::Result<Option<Vec<Reply>>> {
    let passive = ExchangeDeclareOptions {
        passive: true,
        ..ExchangeDeclareOptions::default()
    };
    let declared = channel
        .exchange_declare(
            EXCHANGE.into(),
            ExchangeKind::Fanout,
            passive,
            FieldTable::default(),
        )
        .await;
    match declared {
        Err(error) if is_not_found(&error) => return Ok(None),
        other => other?,
    }
    let options = QueueDeclareOptions::exclusive().auto_delete();
    let queue = channel
        .queue_declare("".into(), options, FieldTable::default())
        .await?;
    let options = BasicConsumeOptions {
        no_ack: true,
        ..BasicConsumeOptions::default()
    };
    let mut answers = channel
        .basic_consume(queue.name().clone(), "".into(), options, FieldTable::default())
        .await?;
    if !publish(channel, command, queue.name().as_str()).await? {
        return Ok(None);
    }
    // Nobody tells how many workers listen: a question to all of them waits for the whole time.
    let wanted = if command.node.is_some() { 1 } else { usize::MAX };
    collect(&mut answers, wanted, limit).await.map(Some)
}

/// Publishes the command; false when no worker's queue is bound to the exchange.
async fn publish(channel: &Channel, command: &Command<'_>, reply_queue: &str) -> lapin::Result<bool> {
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let ticket = Uuid::new_v4().to_string();
    let body = envelope::request(command, &ticket, reply_queue).to_string();
    let properties = BasicProperties::default()
        .with_content_type("application/json".into())
        .with_content_encoding("utf-8".into())
        .with_headers(FieldTable::default());
    let options = BasicPublishOptions {
        mandatory: true,
        ..BasicPublishOptions::default()
    };
    let confirmation = channel
        .basic_publish(EXCHANGE.into(), "".into(), options, body.as_bytes(), properties)
        .await?
        .await?;
    Ok(matches!(
        confirmation,
        Confirmation::Ack(None) | Confirmation::NotRequested
    ))
}

async fn collect(answers: &mut Consumer, wanted: usize, limit: Duration) -> lapin::Result<Vec<Reply>> {
    let start = Instant::now();
    let mut replies = Vec::new();
    while replies.len() < wanted {
        let left = limit.saturating_sub(start.elapsed());
        let Ok(Some(delivery)) = timeout(left, answers.next()).await else {
            break;
        };
        replies.extend(envelope::reply(&delivery?.data));
    }
    Ok(replies)
}
