//! The certificates to serve with. They are read again while it runs: whoever renews them puts others in their place.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ServerConfig, WebPkiClientVerifier};
use rustls::{Error, RootCertStore};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

use crate::keda::told::Tell;
use crate::model::{CertificateFault, KedaNews, PemFault};

/// Time between two looks at the files, which a connection takes.
const AGAIN: Duration = Duration::from_secs(10);

/// The files to serve over TLS with, in PEM.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The server's certificate, and those that it was signed by.
    pub certificate: PathBuf,
    /// The key to it.
    pub key: PathBuf,
    /// The authorities that a client must have a certificate of; `None` where any client may ask.
    pub client_ca: Option<PathBuf>,
}

/// What the files hold.
#[derive(PartialEq, Eq)]
struct Content {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

impl TlsFiles {
    fn read(&self) -> Result<Content, CertificateFault> {
        Ok(Content {
            certificate: read(&self.certificate)?,
            key: read(&self.key)?,
            client_ca: self.client_ca.as_deref().map(read).transpose()?,
        })
    }

    fn acceptor(&self, content: &Content) -> Result<TlsAcceptor, CertificateFault> {
        let chain = certificates(&self.certificate, &content.certificate)?;
        let key =
            PrivateKeyDer::from_pem_slice(&content.key).map_err(|_| fault(&self.key, PemFault::NoKey))?;
        let unusable = |error: &Error| {
            let text = error.to_string();
            fault(&self.certificate, PemFault::Unusable { text })
        };
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(&error))?;
        let builder = match (&self.client_ca, &content.client_ca) {
            (Some(path), Some(content)) => {
                let mut roots = RootCertStore::empty();
                roots.add_parsable_certificates(certificates(path, content)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                let verifier = verifier.build().map_err(|error| {
                    let text = error.to_string();
                    fault(path, PemFault::Unusable { text })
                })?;
                builder.with_client_cert_verifier(verifier)
            }
            _ => builder.with_no_client_auth(),
        };
        let mut config = builder
            .with_single_cert(chain, key)
            .map_err(|error| unusable(&error))?;
        // gRPC is HTTP/2 alone, and its clients insist on being told so.
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, CertificateFault> {
    std::fs::read(path).map_err(|error| fault(path, PemFault::System(error.into())))
}

fn certificates(path: &Path, content: &[u8]) -> Result<Vec<CertificateDer<'static>>, CertificateFault> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(content)
        .filter_map(Result::ok)
        .collect();
    if found.is_empty() {
        return Err(fault(path, PemFault::NoCertificate));
    }
    Ok(found)
}

fn fault(path: &Path, why: PemFault) -> CertificateFault {
    CertificateFault {
        path: path.to_owned(),
        why,
    }
}

/// The certificates in force.
pub(super) struct Certificates {
    files: TlsFiles,
    content: Content,
    acceptor: TlsAcceptor,
    looked: Instant,
    /// Why those on disk are not the ones in force.
    kept: Option<CertificateFault>,
}

impl Certificates {
    /// Reads them.
    ///
    /// # Errors
    /// When they cannot be used.
    pub(super) fn of(files: TlsFiles) -> Result<Self, CertificateFault> {
        let content = files.read()?;
        Ok(Self {
            acceptor: files.acceptor(&content)?,
            files,
            content,
            looked: Instant::now(),
            kept: None,
        })
    }

    /// Those for the next connection. Of others on disk, and of such as cannot be used, it is told once.
    pub(super) fn acceptor(&mut self, tell: &Tell) -> TlsAcceptor {
        if self.looked.elapsed() >= AGAIN {
            self.looked = Instant::now();
            match self.again() {
                Ok(true) => tell(&KedaNews::NewCertificates),
                Ok(false) => self.kept = None,
                Err(why) if self.kept.as_ref() != Some(&why) => {
                    tell(&KedaNews::CertificatesKept(why.clone()));
                    self.kept = Some(why);
                }
                Err(_) => {}
            }
        }
        self.acceptor.clone()
    }

    /// Takes what is on disk now; whether it is something else.
    fn again(&mut self) -> Result<bool, CertificateFault> {
        let content = self.files.read()?;
        if content == self.content {
            return Ok(false);
        }
        self.acceptor = self.files.acceptor(&content)?;
        self.content = content;
        self.kept = None;
        Ok(true)
    }
}
