//! RabbitMQ as the broker of Celery, or of another program that has its queues there.

mod connect;
mod management;
mod pidbox;

use std::pin::Pin;
use std::time::Duration;

use futures_util::future::join;
use futures_util::{FutureExt, Stream, StreamExt};
use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use lapin::{Channel, Connection, Event};
use tokio::time::timeout;

use crate::model::{QueueFault, Silence, TaskQueue};
use crate::observe::measure::queue::address::{AmqpAddress, ManagementAddress};
use crate::observe::measure::queue::{Answer, Broker, Command, Depth, LIMIT, Reply};

/// A virtual host of a RabbitMQ server.
pub(super) struct RabbitMq {
    /// The program whose queues they are.
    task_queue: TaskQueue,
    address: AmqpAddress,
    /// Host and port.
    at: String,
    link: Option<Link>,
    management: Option<ManagementAddress>,
}

impl RabbitMq {
    pub(super) fn new(
        task_queue: TaskQueue,
        address: AmqpAddress,
        management: Option<ManagementAddress>,
    ) -> Self {
        let at = format!("{}:{}", address.host, address.port);
        Self {
            task_queue,
            address,
            at,
            link: None,
            management,
        }
    }

    /// A new channel: the broker closes a channel at each error, such as a queue that does not exist.
    async fn channel(&mut self) -> Result<Channel, QueueFault> {
        let usable = self
            .link
            .take()
            .filter(|link| link.connection.status().connected());
        let link = match usable {
            Some(link) => link,
            None => Link::new(connect::connect(&self.address).await?),
        };
        let connection = &self.link.insert(link).connection;
        let channel = connection.create_channel().await;
        channel.map_err(|error| connect::fault(&self.at, &error))
    }

    /// Tasks that wait in `queues`.
    async fn waiting(&mut self, queues: &[String]) -> Result<u64, QueueFault> {
        let channel = self.channel().await?;
        let mut waiting = 0;
        for queue in queues {
            let options = QueueDeclareOptions::default().passive();
            let declared = channel
                .queue_declare(queue.as_str().into(), options, FieldTable::default())
                .await;
            let declared = declared.map_err(|error| connect::fault_of_queue(&self.at, queue, &error))?;
            // Ready messages only: those delivered and not acknowledged do not count.
            waiting += u64::from(declared.message_count());
        }
        close(&channel).await;
        Ok(waiting)
    }

    /// What the silence of the broker for `after` means.
    fn late(&mut self, after: Duration) -> QueueFault {
        let at = self.at.clone();
        match self.link.as_mut().and_then(Link::shortage) {
            Some(Shortage { memory, disk }) => QueueFault::Blocked { at, memory, disk },
            None => QueueFault::Unreachable {
                at,
                why: Silence::Late { after },
            },
        }
    }
}

/// What a broker that takes no messages is short of.
#[derive(Debug, Clone, Copy)]
struct Shortage {
    memory: bool,
    disk: bool,
}

/// A connection, and what the broker says over it unasked.
struct Link {
    connection: Connection,
    events: Pin<Box<dyn Stream<Item = Event> + Send>>,
    shortage: Option<Shortage>,
}

impl Link {
    fn new(connection: Connection) -> Self {
        Self {
            events: Box::pin(connection.events_listener()),
            connection,
            shortage: None,
        }
    }

    /// What the broker is short of now. It tells a connection that has published (`connection.blocked`), and reads
    /// nothing more from it, questions included: <https://www.rabbitmq.com/docs/connection-blocked>.
    fn shortage(&mut self) -> Option<Shortage> {
        while let Some(Some(event)) = self.events.next().now_or_never() {
            match event {
                Event::ConnectionBlocked(reason) => {
                    self.shortage = Some(Shortage {
                        memory: reason.contains("memory"),
                        disk: reason.contains("disk"),
                    });
                }
                Event::ConnectionUnblocked => self.shortage = None,
                _ => {}
            }
        }
        self.shortage
    }
}

/// Closes a channel that has done its work; one that is closed already is as good.
async fn close(channel: &Channel) {
    let _ = channel.close(200, "done".into()).await;
}

impl Broker for RabbitMq {
    fn depth<'a>(&'a mut self, queues: &'a [String]) -> Answer<'a, Depth> {
        Box::pin(async move {
            let vhost = self.address.vhost.clone();
            let management = self.management.clone();
            let unacknowledged = async {
                match &management {
                    Some(address) => management::unacknowledged(address, &vhost, queues).await,
                    None => Ok(None),
                }
            };
            let waiting = timeout(LIMIT, self.waiting(queues));
            let (waiting, unacknowledged) = join(waiting, unacknowledged).await;
            let waiting = waiting.unwrap_or_else(|_| Err(self.late(LIMIT)));
            let (unacknowledged, unacknowledged_fault) = match unacknowledged {
                Ok(count) => (count, None),
                Err(fault) => (None, Some(fault)),
            };
            Ok(Depth {
                waiting: waiting?,
                unacknowledged,
                unacknowledged_fault,
                fetched_ahead: None,
                oldest_waiting: None,
            })
        })
    }

    fn call<'a>(&'a mut self, command: &'a Command<'a>, limit: Duration) -> Answer<'a, Option<Vec<Reply>>> {
        Box::pin(async move {
            if self.task_queue != TaskQueue::Celery {
                return Ok(None);
            }
            let at = self.at.clone();
            let call = async {
                let channel = self.channel().await?;
                let replies = pidbox::call(&channel, command, limit).await;
                close(&channel).await;
                replies.map_err(|error| connect::fault(&at, &error))
            };
            let called = timeout(limit + LIMIT, call).await;
            called.unwrap_or_else(|_| Err(self.late(limit + LIMIT)))
        })
    }
}
