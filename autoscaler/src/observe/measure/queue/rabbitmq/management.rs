//! How many tasks are delivered and not acknowledged: only RabbitMQ's management API tells (the plugin
//! `rabbitmq_management`, HTTP). Its figures are a few seconds old.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::client::conn::http1::SendRequest;
use hyper::header::{AUTHORIZATION, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::observe::measure::queue::address::ManagementAddress;
use crate::observe::measure::queue::rabbitmq::connect::GUEST;
use crate::observe::measure::queue::rabbitmq::{LIMIT, QueueFault, Silence};

/// The one figure that is asked for.
const FIGURE: &str = "messages_unacknowledged";

/// Far more than an answer with one figure has, in bytes.
const LARGEST: usize = 64 << 10;

/// Unacknowledged tasks of `queues` together; `None` while the API has no figure of one of them yet.
pub(super) async fn unacknowledged(
    address: &ManagementAddress,
    vhost: &str,
    queues: &[String],
) -> Result<Option<u64>, QueueFault> {
    let api = Api {
        address,
        at: format!("{}:{}", address.host, address.port),
        vhost,
    };
    let asked = timeout(LIMIT, api.sum(queues)).await;
    asked.unwrap_or_else(|_| Err(api.unreachable(Silence::Late { after: LIMIT })))
}

struct Api<'a> {
    address: &'a ManagementAddress,
    /// Host and port.
    at: String,
    vhost: &'a str,
}

impl Api<'_> {
    async fn sum(&self, queues: &[String]) -> Result<Option<u64>, QueueFault> {
        let stream = TcpStream::connect((self.address.host.as_str(), self.address.port)).await;
        let stream = stream.map_err(|error| self.lost(&error))?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| self.lost(&error))?;
        let counts = async {
            let mut sum = Some(0);
            for queue in queues {
                let count = self.count(&mut sender, queue).await?;
                sum = sum
                    .zip(count)
                    .map(|(sum, count): (u64, u64)| sum.saturating_add(count));
            }
            Ok(sum)
        };
        tokio::select! {
            biased;
            counts = counts => counts,
            // The connection's own work: over when the server hangs up.
            ended = connection => Err(match ended {
                Ok(()) => self.unreachable(Silence::HungUp),
                Err(error) => self.lost(&error),
            }),
        }
    }

    async fn count(
        &self,
        sender: &mut SendRequest<Empty<Bytes>>,
        queue: &str,
    ) -> Result<Option<u64>, QueueFault> {
        let part = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        let (path, vhost, name) = (&self.address.path, part(self.vhost), part(queue));
        let request = Request::get(format!("{path}/api/queues/{vhost}/{name}?columns={FIGURE}"))
            .header(HOST, &self.at)
            .header(AUTHORIZATION, self.authorization())
            .body(Empty::new())
            .map_err(|error| self.answered(error.to_string()))?;
        let answer = sender.send_request(request).await;
        let answer = answer.map_err(|error| self.lost(&error))?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), LARGEST).collect().await;
        let body = body.map_err(|error| self.lost(error.as_ref()))?.to_bytes();
        let said: Value = serde_json::from_slice(&body).unwrap_or_default();
        let why = said["reason"]
            .as_str()
            .map_or_else(|| status.to_string(), str::to_owned);
        let at = self.at.clone();
        match status {
            StatusCode::OK => Ok(said[FIGURE].as_u64()),
            StatusCode::UNAUTHORIZED => Err(QueueFault::LoginRefused { at, why }),
            StatusCode::NOT_FOUND => Err(QueueFault::NoSuchQueue {
                at,
                queue: queue.to_owned(),
            }),
            _ => Err(self.answered(why)),
        }
    }

    /// HTTP's basic authentication (RFC 7617).
    fn authorization(&self) -> String {
        let word = |given: &Option<String>| given.clone().unwrap_or_else(|| GUEST.to_owned());
        let login = &self.address.login;
        let login = format!("{}:{}", word(&login.user), word(&login.password));
        format!("Basic {}", BASE64_STANDARD.encode(login))
    }

    fn lost(&self, error: &(dyn std::error::Error + 'static)) -> QueueFault {
        self.unreachable(Silence::within(error, || error.to_string()))
    }

    fn unreachable(&self, why: Silence) -> QueueFault {
        QueueFault::Unreachable {
            at: self.at.clone(),
            why,
        }
    }

    fn answered(&self, why: String) -> QueueFault {
        QueueFault::Answered {
            at: self.at.clone(),
            why,
        }
    }
}
