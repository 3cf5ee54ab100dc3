//! Where a server is.

use hyper::Uri;

/// A path of a server that is spoken to over HTTP without TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    host: String,
    port: u16,
    path: String,
}

/// Why that is no such path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadEndpoint {
    /// It is no URL.
    NoUrl,
    /// It is one of another kind than `http`: of `https`, for one.
    NotHttp,
}

impl Endpoint {
    /// Reads `http://HOST:PORT`. `port` is the one that is meant where none is written; `path` is added unless it is there.
    ///
    /// # Errors
    /// Why it is none.
    pub(crate) fn parse(text: &str, port: u16, path: &str) -> Result<Self, BadEndpoint> {
        let uri: Uri = text.parse().map_err(|_| BadEndpoint::NoUrl)?;
        if uri.scheme_str() != Some("http") {
            return Err(BadEndpoint::NotHttp);
        }
        let host = uri.host().ok_or(BadEndpoint::NoUrl)?;
        let base = uri.path().trim_end_matches('/');
        Ok(Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: uri.port_u16().unwrap_or(port),
            path: match base.strip_suffix(path) {
                Some(_) => base.to_owned(),
                None => format!("{base}{path}"),
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

    fn parse(text: &str) -> Result<Endpoint, BadEndpoint> {
        Endpoint::parse(text, 4318, "/v1/metrics")
    }

    #[test]
    fn the_path_is_added_unless_it_is_there() {
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
            assert_eq!(parse(given).unwrap().to_string(), meant);
        }
    }

    #[test]
    fn what_is_no_address_of_a_server_is_told_apart() {
        assert_eq!(parse("collector:4318"), Err(BadEndpoint::NotHttp));
        assert_eq!(parse("https://collector:4318"), Err(BadEndpoint::NotHttp));
        assert_eq!(parse("http://"), Err(BadEndpoint::NoUrl));
        assert_eq!(parse("a collector"), Err(BadEndpoint::NoUrl));
    }
}
