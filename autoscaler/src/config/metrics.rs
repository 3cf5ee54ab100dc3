//! `"metrics"`: where figures are served to Prometheus.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::fields::{Field, Fields, Findings};
use super::keys;

/// Where figures are served to Prometheus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metrics {
    /// The address.
    pub listen: Listen,
}

/// An address to serve at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// TCP.
    Tcp(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
}

pub(super) const KEYS: &[&str] = &["allow_remote", "listen"];

impl Metrics {
    /// Reads `"metrics": { … }`; `None` when it is refused.
    pub(super) fn read(field: Field<'_>, findings: &mut Findings<'_>) -> Option<Self> {
        let object = field.object(r#"{ "listen": "127.0.0.1:9919" }"#, findings)?;
        let of = "\"metrics\"";
        let fields = Fields::read(object, of, findings);
        for field in fields.iter().filter(|field| !KEYS.contains(&field.key())) {
            keys::refuse_unknown(field, KEYS, of, findings);
        }
        let remote = fields
            .get("allow_remote")
            .and_then(|field| field.boolean(findings))
            .unwrap_or(false);
        let Some(listen) = fields.get("listen") else {
            findings.refuse(
                &field,
                "\"metrics\" names no address: write { \"listen\": \"127.0.0.1:9919\" }",
            );
            return None;
        };
        let address = read_listen(listen, findings)?;
        if let Listen::Tcp(address) = address
            && !address.ip().is_loopback()
            && !remote
        {
            findings.refuse(
                listen.value(),
                format!(
                    "{address} can be reached from other hosts, and there is no password: write 127.0.0.1:{}, or \"allow_remote\": true if a firewall stands before it",
                    address.port()
                ),
            );
            return None;
        }
        Some(Self { listen: address })
    }
}

fn read_listen(field: Field<'_>, findings: &mut Findings<'_>) -> Option<Listen> {
    let text = field.text(findings)?;
    let listen = match text.strip_prefix("unix:") {
        Some(path) => Some(PathBuf::from(path))
            .filter(|path| path.is_absolute() && path.file_name().is_some())
            .map(Listen::Unix),
        None => text.parse().ok().map(Listen::Tcp),
    };
    if listen.is_none() {
        findings.refuse(
            field.value(),
            format!(
                "{text:?} is no address: write for example \"127.0.0.1:9919\" or \"unix:/run/autoscaler/metrics.sock\""
            ),
        );
    }
    listen
}
