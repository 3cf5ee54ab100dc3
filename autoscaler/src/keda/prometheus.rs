//! Asks Prometheus, over its HTTP API.

use std::time::Duration;

use hyper::StatusCode;
use hyper::body::Bytes;
use serde::Deserialize;
use tokio::time::timeout;
use url::form_urlencoded;

use crate::http::{Answer, BadEndpoint, Connection, Endpoint, few};
use crate::keda::trigger::{Source, Trigger};
use crate::model::{PrometheusFault, ScalerFault};

/// Prometheus must have answered within this time. KEDA asks every 15 to 30 s, and has no patience of its own that is known here.
const PATIENCE: Duration = Duration::from_secs(10);

/// Far more than one value takes, in bytes.
const LARGEST: usize = 1 << 20;

/// Prometheus' own port.
const PORT: u16 = 9090;

/// The path of instant queries (Prometheus, "HTTP API").
const QUERY: &str = "/api/v1/query";

/// Reads the address of a Prometheus, `http://HOST:9090` with whatever path it is behind.
///
/// # Errors
/// Why it is none.
pub fn prometheus(text: &str) -> Result<Endpoint, BadEndpoint> {
    Endpoint::parse(text, PORT, QUERY)
}

/// What a trigger's value is now.
///
/// # Errors
/// Why there is none.
pub(super) async fn value(of: &Trigger, prometheus: &Endpoint) -> Result<f64, ScalerFault> {
    let found = ask(prometheus, &of.source.query()).await?;
    let Some(text) = found else {
        return Err(nothing(of, prometheus).await);
    };
    let value: f64 = text.parse().unwrap_or(f64::NAN);
    if !value.is_finite() {
        return Err(ScalerFault::NoNumber { value: text });
    }
    if value < 0.0 {
        return Err(ScalerFault::Negative { value });
    }
    Ok(value)
}

/// Why a query that can be had gives nothing.
async fn nothing(of: &Trigger, prometheus: &Endpoint) -> ScalerFault {
    let Source::Pods { pods, measure, .. } = &of.source else {
        return ScalerFault::NoSeries;
    };
    match ask(prometheus, &pods.count()).await {
        Err(fault) => fault,
        Ok(count) => match count.and_then(|count| count.parse().ok()) {
            None => ScalerFault::NoPods {
                namespace: pods.namespace().to_owned(),
                workload: pods.workload().to_owned(),
            },
            Some(pods) => ScalerFault::NoFigures {
                pods,
                metric: measure.metric(),
                of_requests: measure.is_of_requests(),
            },
        },
    }
}

/// What a query gives: the text of one number; `None` where there is no series.
async fn ask(prometheus: &Endpoint, query: &str) -> Result<Option<String>, ScalerFault> {
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("query", query)
        .append_pair("timeout", &format!("{}s", PATIENCE.as_secs()))
        .finish();
    let asked = async {
        let mut connection = Connection::open(prometheus).await?;
        let kind = "application/x-www-form-urlencoded";
        connection
            .post(prometheus, kind, Bytes::from(form), LARGEST)
            .await
    };
    let fault = ScalerFault::Prometheus;
    match timeout(PATIENCE, asked).await {
        Err(_) => Err(fault(PrometheusFault::Silent(PATIENCE.as_secs()))),
        Ok(Err(error)) => Err(fault(PrometheusFault::Unreachable(error))),
        Ok(Ok(answer)) => told(&answer),
    }
}

/// An answer of Prometheus (Prometheus, "HTTP API", "Format overview").
#[derive(Debug, Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
enum Told {
    Success { data: Data },
    Error { error: String },
}

/// The result of an instant query ("Expression query result formats").
#[derive(Debug, Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
enum Data {
    Vector(Vec<Series>),
    /// A time and the number at that time.
    Scalar((f64, String)),
    Matrix(serde::de::IgnoredAny),
    String(serde::de::IgnoredAny),
}

#[derive(Debug, Deserialize)]
struct Series {
    /// A time and the number at that time. A native histogram has none.
    value: Option<(f64, String)>,
}

fn told(answer: &Answer) -> Result<Option<String>, ScalerFault> {
    let refused = |text: String| {
        let status = answer.status.as_u16();
        ScalerFault::Prometheus(PrometheusFault::Refused { status, text })
    };
    match serde_json::from_slice(&answer.body) {
        Ok(Told::Error { error }) => Err(refused(few(&error))),
        Ok(Told::Success { data }) => one(data),
        Err(_) if answer.status != StatusCode::OK => Err(refused(answer.words())),
        Err(error) => Err(ScalerFault::Prometheus(PrometheusFault::Unreadable {
            text: error.to_string(),
        })),
    }
}

/// The one number.
fn one(data: Data) -> Result<Option<String>, ScalerFault> {
    let no_vector = |kind: &str| ScalerFault::NoVector {
        kind: kind.to_owned(),
    };
    match data {
        Data::Scalar((_, number)) => Ok(Some(number)),
        Data::Matrix(_) => Err(no_vector("matrix")),
        Data::String(_) => Err(no_vector("string")),
        Data::Vector(series) => {
            let count = series.len();
            if count > 1 {
                return Err(ScalerFault::Several { count });
            }
            let histogram = || no_vector("histogram");
            let number = |series: Series| series.value.map(|(_, number)| number).ok_or_else(histogram);
            series.into_iter().next().map(number).transpose()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<String>, ScalerFault> {
        match serde_json::from_str(text).unwrap() {
            Told::Success { data } => one(data),
            Told::Error { error } => panic!("{error}"),
        }
    }

    fn success(data: &str) -> String {
        format!(r#"{{"status":"success","data":{data},"warnings":["w"]}}"#)
    }

    #[test]
    fn one_series_or_one_number_is_a_value() {
        let vector = success(
            r#"{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[1764531847.1,"0.25"]}]}"#,
        );
        assert_eq!(read(&vector), Ok(Some("0.25".into())));
        let scalar = success(r#"{"resultType":"scalar","result":[1764531847,"3"]}"#);
        assert_eq!(read(&scalar), Ok(Some("3".into())));
        let none = success(r#"{"resultType":"vector","result":[]}"#);
        assert_eq!(read(&none), Ok(None));
    }

    #[test]
    fn anything_else_is_told_apart() {
        let one = r#"{"metric":{},"value":[1,"1"]}"#;
        let two = success(&format!(r#"{{"resultType":"vector","result":[{one},{one}]}}"#));
        assert_eq!(read(&two), Err(ScalerFault::Several { count: 2 }));
        for (data, kind) in [
            (
                r#"{"resultType":"matrix","result":[{"metric":{},"values":[]}]}"#,
                "matrix",
            ),
            (r#"{"resultType":"string","result":[1,"x"]}"#, "string"),
            (
                r#"{"resultType":"vector","result":[{"metric":{},"histogram":[1,{}]}]}"#,
                "histogram",
            ),
        ] {
            let kind = kind.to_owned();
            assert_eq!(read(&success(data)), Err(ScalerFault::NoVector { kind }));
        }
    }

    #[test]
    fn an_address_may_have_a_path_before_the_api() {
        for (given, meant) in [
            ("http://prometheus", "http://prometheus:9090/api/v1/query"),
            ("http://p:80/prom/", "http://p:80/prom/api/v1/query"),
        ] {
            assert_eq!(prometheus(given).unwrap().to_string(), meant);
        }
    }
}
