//! Whether a server's certificate counts, by libpq's rules.
//!
//! They are wider than those of rustls in two ways that certificates made by hand rely on: the server's own
//! certificate may be the one that is trusted, and one that lists no names at all is for its common name.
//! Source: <https://www.postgresql.org/docs/18/libpq-ssl.html>.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error as TlsError, SignatureScheme};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::certificates::Roots;
use super::encrypted::refused;
use crate::error::Error;

/// Decides about a server's certificate.
#[derive(Debug)]
pub(super) struct Verifier {
    provider: Arc<CryptoProvider>,
    /// Nothing where whoever answers is believed.
    chain: Option<Chain>,
    /// Whether it has to be for the host that was asked for.
    names: bool,
}

#[derive(Debug)]
struct Chain {
    authorities: Arc<WebPkiServerVerifier>,
    trusted: Vec<CertificateDer<'static>>,
}

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

impl Verifier {
    /// Believes whoever answers; only that it has the key of its certificate is certain.
    pub(super) fn of_nobody(provider: &Arc<CryptoProvider>) -> Verifier {
        Verifier { provider: Arc::clone(provider), chain: None, names: false }
    }

    pub(super) fn new(
        provider: &Arc<CryptoProvider>,
        roots: Roots,
        revoked: Vec<CertificateRevocationListDer<'static>>,
        names: bool,
    ) -> Result<Verifier, Error> {
        let builder =
            WebPkiServerVerifier::builder_with_provider(roots.store, Arc::clone(provider));
        // As with libpq: where there are lists, every authority needs one that has not expired.
        let has_lists = !revoked.is_empty();
        let builder = if has_lists {
            builder.with_crls(revoked).enforce_revocation_expiration()
        } else {
            builder
        };
        let authorities = builder.build().map_err(|it| {
            refused(
                "the server's certificate cannot be verified",
                TlsError::General(it.to_string()),
            )
        })?;
        // No list says anything about a certificate that nobody has signed.
        let trusted = if has_lists { Vec::new() } else { roots.certificates };
        let chain = Some(Chain { authorities, trusted });
        Ok(Verifier { provider: Arc::clone(provider), chain, names })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let Some(Chain { authorities, trusted }) = &self.chain else {
            return Ok(ServerCertVerified::assertion());
        };
        let named = if trusted.iter().any(|it| **it == **end_entity) {
            verify_dates(end_entity, now)?;
            ParsedCertificate::try_from(end_entity)
                .and_then(|it| verify_server_name(&it, server_name))
        } else {
            // The name comes last: an error about it says that all else is well.
            let verified = authorities.verify_server_cert(
                end_entity,
                intermediates,
                server_name,
                ocsp_response,
                now,
            );
            match verified {
                Err(error) if !is_about_name(&error) => return Err(error),
                verified => verified.map(|_| ()),
            }
        };
        match named {
            Err(error) if self.names && !has_common_name(end_entity, server_name) => Err(error),
            _ => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn is_about_name(error: &TlsError) -> bool {
    matches!(
        error,
        TlsError::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
        )
    )
}

fn parse(certificate: &CertificateDer<'_>) -> Result<Certificate, TlsError> {
    Certificate::from_der(certificate)
        .map_err(|_| TlsError::InvalidCertificate(CertificateError::BadEncoding))
}

/// What nobody else has signed is good as long as it says itself.
fn verify_dates(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), TlsError> {
    let validity = parse(certificate)?.tbs_certificate.validity;
    let now = now.as_secs();
    if now < validity.not_before.to_unix_duration().as_secs() {
        return Err(TlsError::InvalidCertificate(CertificateError::NotValidYet));
    }
    if now > validity.not_after.to_unix_duration().as_secs() {
        return Err(TlsError::InvalidCertificate(CertificateError::Expired));
    }
    Ok(())
}

/// Whether a certificate that lists no names has this one as its common name.
fn has_common_name(certificate: &CertificateDer<'_>, host: &ServerName<'_>) -> bool {
    let Ok(certificate) = parse(certificate) else { return false };
    let certificate = certificate.tbs_certificate;
    match certificate.get::<SubjectAltName>() {
        Ok(Some((_, SubjectAltName(names)))) => {
            let is_name = |it: &GeneralName| {
                matches!(it, GeneralName::DnsName(_) | GeneralName::IpAddress(_))
            };
            if names.iter().any(is_name) {
                return false;
            }
        }
        Ok(None) => {}
        Err(_) => return false,
    }
    let mut attributes = certificate.subject.0.iter().flat_map(|it| it.0.iter());
    let name = attributes.find(|it| it.oid == COMMON_NAME).map(|it| it.value.value());
    let name = name.and_then(|it| std::str::from_utf8(it).ok());
    name.is_some_and(|it| is_for(it, &host.to_str()))
}

/// Whether a name of a certificate is for a host; a star stands for its first part.
fn is_for(name: &str, host: &str) -> bool {
    if name.eq_ignore_ascii_case(host) {
        return true;
    }
    let Some(domain) = name.strip_prefix("*.") else { return false };
    // An address has no parts.
    let is_address = host.parse::<std::net::IpAddr>().is_ok();
    host.split_once('.').is_some_and(|(first, rest)| {
        !first.is_empty() && !is_address && rest.eq_ignore_ascii_case(domain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_one_part() {
        assert!(is_for("DB.example.com", "db.example.com"));
        assert!(is_for("*.example.com", "db.example.com"));
        assert!(!is_for("*.example.com", "a.db.example.com"));
        assert!(!is_for("*.example.com", "example.com"));
        assert!(!is_for("*.0.0.1", "127.0.0.1"));
        assert!(!is_for("db.example.com", "db"));
    }
}
