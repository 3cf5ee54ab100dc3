//! What KEDA's external scaler has against a question, and what it tells beside its answers.

use std::path::PathBuf;

use crate::model::SystemFault;

/// Why there is no value. Never is one made up: KEDA would scale by it.
#[derive(Debug, Clone, PartialEq)]
pub enum ScalerFault {
    /// The request names no `ScaledObject`.
    NoObject,
    /// A key of the trigger's metadata is missing.
    Missing {
        /// Which.
        key: &'static str,
    },
    /// There is no such key.
    Unknown {
        /// It.
        key: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// A key says nothing beside another.
    Beside {
        /// Which.
        key: &'static str,
        /// The other.
        other: &'static str,
    },
    /// A key has a value that cannot be.
    Bad {
        /// Which.
        key: &'static str,
        /// Its value.
        value: String,
        /// What can be.
        want: WantedValue,
    },
    /// The trigger has another metric than the one that is asked for.
    OtherMetric {
        /// The one that is asked for.
        asked: String,
        /// The one that it has.
        has: &'static str,
    },
    /// Prometheus does not answer, or does not take the query.
    Prometheus(PrometheusFault),
    /// There is no pod of such a name.
    NoPods {
        /// The namespace.
        namespace: String,
        /// The workload, or the pattern.
        workload: String,
    },
    /// There are pods, and no figures of any.
    NoFigures {
        /// How many pods.
        pods: u64,
        /// The metric that none of them has.
        metric: &'static str,
        /// Whether it takes an exporter that sees requests.
        of_requests: bool,
    },
    /// The trigger's own query gives no series.
    NoSeries,
    /// It gives several.
    Several {
        /// How many.
        count: usize,
    },
    /// It gives a whole range, or words.
    NoVector {
        /// Prometheus' name for what it gives.
        kind: String,
    },
    /// It gives one that is no number.
    NoNumber {
        /// In Prometheus' words: `NaN`, `+Inf`.
        value: String,
    },
    /// It gives a negative number, which KEDA would take for 0.
    Negative {
        /// It.
        value: f64,
    },
}

/// What a key's value can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WantedValue {
    /// The name of a namespace.
    Namespace,
    /// The name of a workload, or a pattern of its pods' names.
    Workload,
    /// One of the measures.
    Measure,
    /// A number that KEDA's thousandths can hold, above 0.
    Target,
    /// A number from 0.
    Activation,
    /// A whole number of request slots.
    Slots,
    /// A time.
    Window,
    /// A query that is not too long.
    Query,
}

/// What stands between the scaler and Prometheus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrometheusFault {
    /// It cannot be reached, or hangs up.
    Unreachable(SystemFault),
    /// It has not answered for so long, s.
    Silent(u64),
    /// It answers with an error.
    Refused {
        /// The HTTP status.
        status: u16,
        /// Its words.
        text: String,
    },
    /// What answers there does not speak as Prometheus does.
    Unreadable {
        /// What is wrong with it.
        text: String,
    },
}

impl PrometheusFault {
    /// Whether it is the same for every query: Prometheus itself is away, and not the query at fault.
    #[must_use]
    pub fn is_away(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Silent(_) | Self::Unreadable { .. } => true,
            // 400, 422: the query (Prometheus, "HTTP API", "Format overview"). 503 is a query that took too long or was ended,
            // and what a proxy says of a server that is not there.
            Self::Refused { status, .. } => !matches!(status, 400 | 422),
        }
    }
}

/// What there is to tell. Each is told once.
#[derive(Debug, Clone, PartialEq)]
pub enum KedaNews {
    /// KEDA is answered.
    Serving {
        /// Where: address and port.
        at: String,
        /// Whether over TLS.
        tls: bool,
    },
    /// Prometheus does not answer. It is asked again at each question.
    PrometheusAway {
        /// Where it should be.
        at: String,
        /// Why.
        why: PrometheusFault,
    },
    /// It answers again.
    PrometheusBack {
        /// Where.
        at: String,
    },
    /// There is no value for a `ScaledObject`.
    NoValue {
        /// Its namespace and name.
        object: String,
        /// Why.
        why: ScalerFault,
    },
    /// There is one again.
    ValueAgain {
        /// The namespace and name.
        object: String,
    },
    /// There are other certificates on disk, and they are in force.
    NewCertificates,
    /// There are other certificates on disk that cannot be used: those before stay in force.
    CertificatesKept(CertificateFault),
}

/// Why the scaler cannot serve over TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFault {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: PemFault,
}

/// What is wrong with a file of certificates or a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PemFault {
    /// It cannot be read.
    System(SystemFault),
    /// It holds no certificate in PEM.
    NoCertificate,
    /// It holds no private key without a password in PEM.
    NoKey,
    /// They cannot be used.
    Unusable {
        /// Why, in the TLS library's words.
        text: String,
    },
}

/// Why the scaler cannot serve at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KedaFault {
    /// The address cannot be had.
    Address {
        /// It.
        at: String,
        /// Why.
        why: SystemFault,
    },
    /// Its certificates cannot be used.
    Certificate(CertificateFault),
    /// It cannot wait for signals.
    Signals(SystemFault),
}

told_by_words!(KedaFault);
