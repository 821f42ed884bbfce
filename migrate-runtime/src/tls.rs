//! Encrypted connections: rustls, with libpq's rules for certificates.
//!
//! Without the feature `tls` there are none, and whoever asks for one is refused.

#[cfg(feature = "tls")]
mod certificates;
#[cfg(feature = "tls")]
mod verifier;

#[cfg(feature = "tls")]
pub(crate) use encrypted::{Connector, connector, hint};
#[cfg(not(feature = "tls"))]
pub(crate) use plain::{Connector, connector, hint};

#[cfg(feature = "tls")]
mod encrypted {
    use std::sync::Arc;

    use rustls::client::danger::ServerCertVerifier;
    use rustls::crypto::ring;
    use rustls::{CertificateError, ClientConfig};
    use tokio_postgres_rustls::MakeRustlsConnect;

    use super::certificates::{client_certificate, revoked, roots};
    use super::verifier::Verifier;
    use crate::connect_options::{TlsMode, TlsOptions, TlsVersion};
    use crate::error::{Error, ErrorKind};

    /// What encrypts a connection.
    pub(crate) type Connector = MakeRustlsConnect;

    /// Reads the certificates. Where nothing is to be encrypted, none.
    pub(crate) fn connector(options: &TlsOptions) -> Result<Connector, Error> {
        let provider = Arc::new(ring::default_provider());
        let wanted = options.mode != TlsMode::Disable;
        let verifier = match options.mode {
            TlsMode::VerifyCa | TlsMode::VerifyFull => {
                let revoked = revoked(options.revoked.as_deref())?;
                let names = options.mode == TlsMode::VerifyFull;
                Verifier::new(&provider, roots(options.root.as_ref())?, revoked, names)?
            }
            _ => Verifier::of_nobody(&provider),
        };
        let verifier: Arc<dyn ServerCertVerifier> = Arc::new(verifier);
        let versions: Vec<_> = [
            (TlsVersion::V1_2, &rustls::version::TLS12),
            (TlsVersion::V1_3, &rustls::version::TLS13),
        ]
        .into_iter()
        .filter(|(it, _)| options.oldest.is_none_or(|oldest| *it >= oldest))
        .filter(|(it, _)| options.newest.is_none_or(|newest| *it <= newest))
        .map(|(_, version)| version)
        .collect();
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&versions)
            .map_err(|it| refused("TLS cannot be set up", it))?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut config = match &options.certificate {
            Some(certificate) if wanted => {
                let (chain, key) = client_certificate(certificate, options.key.as_deref())?;
                builder.with_client_auth_cert(chain, key).map_err(|it| {
                    refused(format!("the certificate {} and its key", certificate.display()), it)
                })?
            }
            _ => builder.with_no_client_auth(),
        };
        config.enable_sni = !options.hide_name;
        if options.direct {
            config.alpn_protocols = vec![b"postgresql".to_vec()];
        }
        Ok(MakeRustlsConnect::new(config))
    }

    pub(super) fn refused(what: impl Into<String>, source: rustls::Error) -> Error {
        Error::new(ErrorKind::Config, what).with_source(source)
    }

    /// The way out, where a connection failed over its encryption.
    pub(crate) fn hint(error: &postgres::Error) -> Option<&'static str> {
        let inner = std::error::Error::source(error)?;
        let inner = match inner.downcast_ref::<std::io::Error>() {
            Some(io) => io.get_ref()?,
            None => {
                return Some(NO_TLS).filter(|_| inner.to_string().contains("does not support TLS"));
            }
        };
        let rustls::Error::InvalidCertificate(error) = inner.downcast_ref()? else { return None };
        Some(match error {
            CertificateError::UnknownIssuer => {
                "sslrootcert=FILE   # with the certificate of the authority that signed the server's"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "host=NAME hostaddr=ADDRESS   # the name that the certificate is for, and where the server is"
            }
            _ => return None,
        })
    }

    const NO_TLS: &str =
        "sslmode=disable   # without encryption: over a network that is trusted alone";
}

#[cfg(not(feature = "tls"))]
mod plain {
    use crate::connect_options::{TlsMode, TlsOptions};
    use crate::error::{Error, ErrorKind};

    /// What encrypts no connection.
    pub(crate) type Connector = tokio_postgres::NoTls;

    pub(crate) fn connector(options: &TlsOptions) -> Result<Connector, Error> {
        if options.mode < TlsMode::Require {
            return Ok(tokio_postgres::NoTls);
        }
        let message = "this program was built without TLS, and the connection is to be encrypted";
        Err(Error::new(ErrorKind::Config, message)
            .with_hint("build it with the feature `tls` of migrate-runtime"))
    }

    pub(crate) fn hint(_: &postgres::Error) -> Option<&'static str> {
        None
    }
}
