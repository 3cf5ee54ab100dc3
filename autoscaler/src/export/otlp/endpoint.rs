//! Where a receiver is.

use hyper::Uri;

/// A receiver of OTLP over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    host: String,
    port: u16,
    path: String,
}

/// Why that is no receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadEndpoint {
    /// It is no URL.
    NoUrl,
    /// It is one of another kind than `http`: of `https`, for one.
    NotHttp,
}

/// What the specification adds to the address of a receiver for metrics (OTLP Exporter Configuration, "Endpoint URLs for
/// OTLP/HTTP").
const METRICS: &str = "/v1/metrics";

/// The port of OTLP over HTTP.
const PORT: u16 = 4318;

impl Endpoint {
    /// Reads `http://HOST:4318`, to which the path of metrics is added unless it is there.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Self, BadEndpoint> {
        let uri: Uri = text.parse().map_err(|_| BadEndpoint::NoUrl)?;
        if uri.scheme_str() != Some("http") {
            return Err(BadEndpoint::NotHttp);
        }
        let host = uri.host().ok_or(BadEndpoint::NoUrl)?;
        let base = uri.path().trim_end_matches('/');
        Ok(Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: uri.port_u16().unwrap_or(PORT),
            path: match base.strip_suffix(METRICS) {
                Some(_) => base.to_owned(),
                None => format!("{base}{METRICS}"),
            },
        })
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Host and port, as a `Host` header has them.
    pub(super) fn authority(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') {
            format!("[{host}]:{port}")
        } else {
            format!("{host}:{port}")
        }
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "http://{}{}", self.authority(), self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_metrics_is_added_unless_it_is_there() {
        for (given, meant) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/metrics"),
            ("http://collector", "http://collector:4318/v1/metrics"),
            ("http://collector:80/", "http://collector:80/v1/metrics"),
            ("http://[::1]:4318/", "http://[::1]:4318/v1/metrics"),
            (
                "http://p:9090/api/v1/otlp",
                "http://p:9090/api/v1/otlp/v1/metrics",
            ),
            (
                "http://p:9090/api/v1/otlp/v1/metrics",
                "http://p:9090/api/v1/otlp/v1/metrics",
            ),
        ] {
            assert_eq!(Endpoint::parse(given).unwrap().to_string(), meant);
        }
    }

    #[test]
    fn what_is_no_receiver_is_told_apart() {
        assert_eq!(Endpoint::parse("collector:4318"), Err(BadEndpoint::NotHttp));
        assert_eq!(
            Endpoint::parse("https://collector:4318"),
            Err(BadEndpoint::NotHttp)
        );
        assert_eq!(Endpoint::parse("http://"), Err(BadEndpoint::NoUrl));
        assert_eq!(Endpoint::parse("a collector"), Err(BadEndpoint::NoUrl));
    }
}
