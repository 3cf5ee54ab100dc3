//! RabbitMQ as Celery's broker.

mod connect;
mod management;
mod pidbox;

use std::time::Duration;

use futures_util::future::join;
use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use lapin::{Channel, Connection};
use tokio::time::timeout;

use crate::model::{QueueFault, Silence};
use crate::observe::measure::queue::address::{AmqpAddress, ManagementAddress};
use crate::observe::measure::queue::{Answer, Broker, Command, Depth, LIMIT, Reply};

/// A virtual host of a RabbitMQ server.
pub(super) struct RabbitMq {
    address: AmqpAddress,
    /// Host and port.
    at: String,
    connection: Option<Connection>,
    management: Option<ManagementAddress>,
}

impl RabbitMq {
    pub(super) fn new(address: AmqpAddress, management: Option<ManagementAddress>) -> Self {
        let at = format!("{}:{}", address.host, address.port);
        Self {
            address,
            at,
            connection: None,
            management,
        }
    }

    /// A new channel: the broker closes a channel at each error, such as a queue that does not exist.
    async fn channel(&mut self) -> Result<Channel, QueueFault> {
        let usable = self
            .connection
            .take()
            .filter(|connection| connection.status().connected());
        let connection = match usable {
            Some(connection) => connection,
            None => connect::connect(&self.address).await?,
        };
        let channel = connection
            .create_channel()
            .await
            .map_err(|error| connect::fault(&self.at, &error))?;
        self.connection = Some(connection);
        Ok(channel)
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

    async fn within<T>(
        at: &str,
        limit: Duration,
        work: impl Future<Output = Result<T, QueueFault>>,
    ) -> Result<T, QueueFault> {
        let late = |_| QueueFault::Unreachable {
            at: at.to_owned(),
            why: Silence::Late { after: limit },
        };
        timeout(limit, work)
            .await
            .unwrap_or_else(|elapsed| Err(late(elapsed)))
    }
}

/// Closes a channel that has done its work; one that is closed already is as good.
async fn close(channel: &Channel) {
    let _ = channel.close(200, "done".into()).await;
}

impl Broker for RabbitMq {
    fn depth<'a>(&'a mut self, queues: &'a [String]) -> Answer<'a, Depth> {
        Box::pin(async move {
            let (at, vhost) = (self.at.clone(), self.address.vhost.clone());
            let management = self.management.clone();
            let unacknowledged = async {
                match &management {
                    Some(address) => management::unacknowledged(address, &vhost, queues).await,
                    None => Ok(None),
                }
            };
            let waiting = Self::within(&at, LIMIT, self.waiting(queues));
            let (waiting, unacknowledged) = join(waiting, unacknowledged).await;
            let (unacknowledged, unacknowledged_fault) = match unacknowledged {
                Ok(count) => (count, None),
                Err(fault) => (None, Some(fault)),
            };
            Ok(Depth {
                waiting: waiting?,
                unacknowledged,
                unacknowledged_fault,
                oldest_waiting: None,
            })
        })
    }

    fn call<'a>(&'a mut self, command: &'a Command<'a>, limit: Duration) -> Answer<'a, Option<Vec<Reply>>> {
        Box::pin(async move {
            let at = self.at.clone();
            let call = async {
                let channel = self.channel().await?;
                let replies = pidbox::call(&channel, command, limit).await;
                close(&channel).await;
                replies.map_err(|error| connect::fault(&at, &error))
            };
            Self::within(&at, limit + LIMIT, call).await
        })
    }
}
