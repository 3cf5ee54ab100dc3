//! What the trigger of a `ScaledObject` asks for: `metadata` of its YAML, which KEDA hands over as it is.

use std::collections::BTreeMap;

use crate::keda::promql::{Pods, Window};
use crate::model::{ScalerFault, WantedValue};

/// What a `ScaledObject` is scaled by.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Trigger {
    pub(super) source: Source,
    /// What each pod should have.
    pub(super) target: f64,
    /// Beyond it there is to be a pod at all.
    pub(super) activation: f64,
}

/// Where the value comes from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Source {
    /// The figures of pods.
    Pods {
        pods: Pods,
        measure: PodMeasure,
        window: Window,
        /// Requests that a pod can serve at a time.
        slots: u32,
    },
    /// A query as it was written.
    Query(String),
}

/// Which figures of pods. All can be added up, so that what each pod should have is the whole of it by the pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PodMeasure {
    /// Request slots that are busy, by those of a pod.
    Busy,
    /// CPUs in use.
    Cpu,
    /// Tasks that want a CPU and have none.
    RunqueueWait,
    /// Requests that nobody has read yet.
    Waiting,
}

/// Ours, in the order of the documentation.
const KEYS: [&str; 8] = [
    "namespace",
    "workload",
    "measure",
    "target",
    "activation",
    "slots",
    "window",
    "query",
];

/// KEDA's own keys of an external trigger (`externalScalerMetadata` in `pkg/scalers/external_scaler.go`, of its last versions).
const KEDAS: [&str; 7] = [
    "scalerAddress",
    "enableTLS",
    "unsafeSsl",
    "caCert",
    "tlsCertFile",
    "tlsClientCert",
    "tlsClientKey",
];

/// KEDA hands numbers to Kubernetes in thousandths (`GetMetricTargetMili` in `pkg/scalers/scaler.go`): less is none.
const LEAST: f64 = 0.001;

/// A greater number's thousandths would not fit into 64 bits.
const MOST: f64 = 9.0e15;

/// More slots than any pod has.
const SLOTS: u32 = 100_000;

/// Longer than any query that somebody wrote, in bytes.
const QUERY: usize = 8 << 10;

impl PodMeasure {
    const ALL: [Self; 4] = [Self::Busy, Self::Cpu, Self::RunqueueWait, Self::Waiting];

    /// As the metadata names it.
    fn key(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Cpu => "cpu",
            Self::RunqueueWait => "runqueue_wait",
            Self::Waiting => "waiting",
        }
    }
}

impl Trigger {
    /// Reads the metadata of a trigger in that namespace.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(namespace: &str, metadata: &BTreeMap<String, String>) -> Result<Self, ScalerFault> {
        let stranger = metadata
            .keys()
            .find(|key| !KEYS.contains(&key.as_str()) && !KEDAS.contains(&key.as_str()));
        if let Some(key) = stranger {
            return Err(ScalerFault::Unknown {
                key: key.clone(),
                known: KEYS.map(str::to_owned).to_vec(),
            });
        }
        let metadata = Metadata(metadata);
        let source = match metadata.value("query") {
            Some(query) => metadata.query(query),
            None => metadata.pods(namespace),
        };
        Ok(Self {
            source: source?,
            target: metadata.needed("target")?.number(WantedValue::Target, LEAST)?,
            activation: metadata
                .value("activation")
                .map_or(Ok(0.0), |value| value.number(WantedValue::Activation, 0.0))?,
        })
    }

    /// The metric's name, which KEDA puts a number before.
    pub(super) fn metric(&self) -> &'static str {
        match &self.source {
            Source::Query(_) => "autoscaler-query",
            Source::Pods { measure, .. } => match measure {
                PodMeasure::Busy => "autoscaler-busy",
                PodMeasure::Cpu => "autoscaler-cpu",
                PodMeasure::RunqueueWait => "autoscaler-runqueue-wait",
                PodMeasure::Waiting => "autoscaler-waiting",
            },
        }
    }
}

/// The metadata of a trigger, without keys that nobody knows.
struct Metadata<'a>(&'a BTreeMap<String, String>);

impl<'a> Metadata<'a> {
    fn value(&self, key: &'static str) -> Option<Value<'a>> {
        let text = self.0.get(key)?.trim();
        Some(Value { key, text })
    }

    fn needed(&self, key: &'static str) -> Result<Value<'a>, ScalerFault> {
        self.value(key).ok_or(ScalerFault::Missing { key })
    }

    fn query(&self, query: Value<'_>) -> Result<Source, ScalerFault> {
        let beside = ["namespace", "workload", "measure", "slots", "window"];
        match beside.into_iter().find(|key| self.value(key).is_some()) {
            Some(key) => Err(ScalerFault::Beside { key, other: "query" }),
            None => Ok(Source::Query(query.query()?)),
        }
    }

    fn pods(&self, own: &str) -> Result<Source, ScalerFault> {
        let measure = self.needed("measure")?.measure()?;
        let slots = self.value("slots");
        if slots.is_some() && measure != PodMeasure::Busy {
            return Err(ScalerFault::Beside {
                key: "slots",
                other: "measure",
            });
        }
        // It comes from KEDA, and is trusted no more than the rest.
        let key = "namespace";
        let namespace = self.value(key).unwrap_or(Value { key, text: own });
        let workload = self.needed("workload")?;
        Ok(Source::Pods {
            pods: Pods::new(
                namespace.is(WantedValue::Namespace, is_name)?,
                workload.is(WantedValue::Workload, is_pattern)?,
            ),
            measure,
            window: self
                .value("window")
                .map_or(Ok(Window::default()), Value::window)?,
            slots: slots.map_or(Ok(1), Value::slots)?,
        })
    }
}

/// The value of a key.
#[derive(Debug, Clone, Copy)]
struct Value<'a> {
    key: &'static str,
    text: &'a str,
}

impl<'a> Value<'a> {
    fn bad(self, want: WantedValue) -> ScalerFault {
        ScalerFault::Bad {
            key: self.key,
            value: crate::http::few(self.text),
            want,
        }
    }

    fn is(self, want: WantedValue, can_be: impl Fn(&str) -> bool) -> Result<&'a str, ScalerFault> {
        if can_be(self.text) {
            Ok(self.text)
        } else {
            Err(self.bad(want))
        }
    }

    fn number(self, want: WantedValue, least: f64) -> Result<f64, ScalerFault> {
        let number = self.text.parse().ok();
        number
            .filter(|number| (least..=MOST).contains(number))
            .ok_or_else(|| self.bad(want))
    }

    fn slots(self) -> Result<u32, ScalerFault> {
        let slots = self.text.parse().ok();
        slots
            .filter(|slots| (1..=SLOTS).contains(slots))
            .ok_or_else(|| self.bad(WantedValue::Slots))
    }

    fn window(self) -> Result<Window, ScalerFault> {
        Window::parse(self.text).ok_or_else(|| self.bad(WantedValue::Window))
    }

    fn measure(self) -> Result<PodMeasure, ScalerFault> {
        let found = PodMeasure::ALL
            .into_iter()
            .find(|measure| measure.key() == self.text);
        found.ok_or_else(|| self.bad(WantedValue::Measure))
    }

    fn query(self) -> Result<String, ScalerFault> {
        let can_be = |text: &str| !text.is_empty() && text.len() <= QUERY;
        self.is(WantedValue::Query, can_be).map(str::to_owned)
    }
}

/// Whether it can be a namespace's name (RFC 1123, "label"). Nothing of it means anything in a query.
fn is_name(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Whether it can be a pod's name (RFC 1123, "subdomain") with `*` in it. But for `.` and `*`, which [`Pods`] sees to, nothing of it
/// means anything in a regular expression or in a query.
fn is_pattern(text: &str) -> bool {
    (1..=253).contains(&text.len())
        && text.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'*')
        })
}

#[cfg(test)]
mod tests;
