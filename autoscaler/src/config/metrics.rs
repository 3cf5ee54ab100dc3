//! `"metrics"`: where figures are served to Prometheus.

use std::path::PathBuf;

use super::fields::{Field, Fields, Findings};
use super::keys;
use crate::model::{Listen, Metrics, Of, Wrong};

impl Metrics {
    /// Reads `"metrics": { … }`; `None` when it is refused.
    pub(super) fn read(field: Field<'_>, findings: &mut Findings<'_>) -> Option<Self> {
        let object = field.object(r#"{ "listen": "127.0.0.1:9919" }"#, findings)?;
        let of = &Of::Key("metrics".into());
        let fields = Fields::read(object, of, findings);
        keys::refuse_others(&fields, keys::METRICS, of, findings);
        let remote = fields
            .get("allow_remote")
            .and_then(|field| field.boolean(findings))
            .unwrap_or(false);
        let Some(listen) = fields.get("listen") else {
            findings.refuse(&field, Wrong::NoMetricsAddress);
            return None;
        };
        let address = read_listen(listen, findings)?;
        if let Listen::Tcp(address) = address
            && !address.ip().is_loopback()
            && !remote
        {
            findings.refuse(listen.value(), Wrong::MetricsForAll(address));
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
        findings.refuse(field.value(), Wrong::MetricsAddress(text.to_owned()));
    }
    listen
}
