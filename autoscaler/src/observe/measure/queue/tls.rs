//! TLS to a broker, as Python's `ssl` has it for Celery: what is checked is what the URL asks to have checked.
//!
//! One thing goes beyond rustls. A server may show the very certificate that `ssl_ca_certs` names, being an authority
//! of its own: OpenSSL takes it, rustls refuses a certificate of an authority as a server's (`CaUsedAsEndEntity`).
//! Where the two are the same to the byte, the operator has named it as trusted, and it is taken.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, InvalidMessage,
    RootCertStore, SignatureScheme,
};

use crate::host::strangers_file;
use crate::model::{FileFault, QueueFault, SystemFault, TlsProblem, UrlFault};

/// More than a system's whole bundle of certificate authorities, in bytes.
const LARGEST: u64 = 4 << 20;

/// What a URL asks of TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tls {
    /// Whether the server's certificate is looked at: `ssl_cert_reqs`.
    pub(super) verify: bool,
    /// Whether it must be for the server's name: `ssl_check_hostname`.
    pub(super) check_name: bool,
    /// The authorities in place of the system's: `ssl_ca_certs`.
    pub(super) ca_file: Option<PathBuf>,
    /// What the client shows of itself: `ssl_certfile`.
    pub(super) certificate: Option<PathBuf>,
    /// The key to it: `ssl_keyfile`; without it, in the same file.
    pub(super) key: Option<PathBuf>,
}

impl Tls {
    /// The settings of a client.
    ///
    /// # Errors
    /// When a file that it names cannot be used.
    pub(super) fn config(&self) -> Result<ClientConfig, QueueFault> {
        let provider = Arc::new(ring::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = if self.verify {
            Arc::new(self.verifier(&provider)?)
        } else {
            Arc::new(Unverified(provider.clone()))
        };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| QueueFault::BadUrl { why: UrlFault::NoTls })?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let Some(certificate) = &self.certificate else {
            return Ok(builder.with_no_client_auth());
        };
        let chain = certificates("ssl_certfile", certificate)?;
        let key_file = self.key.as_ref().unwrap_or(certificate);
        let key = PrivateKeyDer::from_pem_slice(&read("ssl_keyfile", key_file)?)
            .map_err(|_| unusable("ssl_keyfile", key_file, FileFault::NoKey))?;
        builder
            .with_client_auth_cert(chain, key)
            .map_err(|_| unusable("ssl_certfile", certificate, FileFault::OtherKey))
    }

    fn verifier(&self, provider: &Arc<CryptoProvider>) -> Result<Named, QueueFault> {
        let mut roots = RootCertStore::empty();
        let mut named = Vec::new();
        if let Some(path) = &self.ca_file {
            named = certificates("ssl_ca_certs", path)?;
            let (_, unread) = roots.add_parsable_certificates(named.iter().cloned());
            if unread > 0 && roots.is_empty() {
                return Err(unusable("ssl_ca_certs", path, FileFault::Unread));
            }
        } else {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
            .build()
            .map_err(|_| QueueFault::BadUrl {
                why: UrlFault::NoAuthorities,
            })?;
        Ok(Named {
            chain,
            pinned: named,
            check_name: self.check_name,
        })
    }
}

fn certificates(key: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, QueueFault> {
    let content = read(key, path)?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&content)
        .filter_map(Result::ok)
        .collect();
    if certificates.is_empty() {
        return Err(unusable(key, path, FileFault::NoCertificate));
    }
    Ok(certificates)
}

/// The file's content. The path may come from a process of any user.
fn read(key: &'static str, path: &Path) -> Result<Vec<u8>, QueueFault> {
    match strangers_file::read(path, LARGEST) {
        Ok(Some(content)) => Ok(content),
        Ok(None) => Err(unusable(key, path, FileFault::NotAFile)),
        Err(error) => Err(unusable(key, path, SystemFault::from(error).into())),
    }
}

fn unusable(key: &'static str, path: &Path, why: FileFault) -> QueueFault {
    QueueFault::BadUrl {
        why: UrlFault::File {
            key: key.into(),
            path: path.to_owned(),
            why,
        },
    }
}

/// Takes what an authority of the list has signed, and the certificates that the operator has named themselves.
#[derive(Debug)]
struct Named {
    chain: Arc<WebPkiServerVerifier>,
    pinned: Vec<CertificateDer<'static>>,
    check_name: bool,
}

impl ServerCertVerifier for Named {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified =
            self.chain
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match verified {
            // rustls has no word of its own for an authority's certificate. webpki has looked at the time before it
            // says so (`check_issuer_independent_properties` in its verify_cert.rs), and not yet at the name.
            Err(Error::InvalidCertificate(CertificateError::Other(_)))
                if self.pinned.iter().any(|pinned| pinned == end_entity) =>
            {
                let certificate = ParsedCertificate::try_from(end_entity)?;
                if self.check_name {
                    verify_server_name(&certificate, server_name)?;
                }
                Ok(ServerCertVerified::assertion())
            }
            // The name is looked at last: all else is as it should be.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.check_name => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}

/// `ssl_cert_reqs=none`: whoever holds the key to the certificate that it shows is taken.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            certificate,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            certificate,
            signed,
            &self.0.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// An error within another.
type Inside = dyn std::error::Error + Send + Sync + 'static;

/// What an error of the connection says of TLS; nothing when it is about something else.
pub(super) fn problem(error: &(dyn std::error::Error + 'static), tls: &Tls) -> Option<TlsProblem> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<Error>() {
            return Some(of(error, tls));
        }
        // Neither of these gives the error inside it as its source, but that one's.
        let of_io = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let shared = error.downcast_ref::<Arc<Inside>>().map(|shared| &**shared);
        next = match of_io.or(shared) {
            Some(inside) => Some(inside),
            None => error.source(),
        };
    }
    None
}

fn of(error: &Error, tls: &Tls) -> TlsProblem {
    match error {
        Error::InvalidCertificate(fault) => of_certificate(fault, tls),
        // What it sent was no TLS at all.
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => TlsProblem::NotSpoken,
        Error::PeerIncompatible(_) | Error::AlertReceived(AlertDescription::ProtocolVersion) => {
            TlsProblem::NothingInCommon
        }
        Error::AlertReceived(alert) => match alert {
            AlertDescription::CertificateRequired => TlsProblem::ClientUnknown,
            // TLS 1.2 has no other word for a missing certificate.
            AlertDescription::HandshakeFailure if tls.certificate.is_none() => TlsProblem::ClientUnknown,
            AlertDescription::BadCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::AccessDenied => TlsProblem::ClientRefused,
            _ => TlsProblem::Broken,
        },
        _ => TlsProblem::Broken,
    }
}

fn of_certificate(fault: &CertificateError, tls: &Tls) -> TlsProblem {
    match fault {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsProblem::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            TlsProblem::NotYetValid
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => TlsProblem::UnknownAuthority {
            authorities: tls.ca_file.clone(),
        },
        CertificateError::NotValidForNameContext { expected, presented } => TlsProblem::OtherName {
            wanted: expected.to_str().into_owned(),
            names: presented.iter().map(|name| plain_name(name)).collect(),
        },
        CertificateError::Other(_) => TlsProblem::NoServersCertificate,
        _ => TlsProblem::CertificateUnusable,
    }
}

/// `localhost` of webpki's `DnsName("localhost")`, `127.0.0.1` of its `IpAddress(127.0.0.1)`.
fn plain_name(presented: &str) -> String {
    let inside = presented
        .split_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'));
    inside.unwrap_or(presented).trim_matches('"').to_owned()
}
