//! Reads certificates and keys from the files that are named.

use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, pem};

use crate::connect_options::RootCertificates;
use crate::error::{Error, ErrorKind};

/// The authorities that are known, and their certificates as they are.
pub(super) struct Roots {
    pub(super) store: Arc<RootCertStore>,
    pub(super) certificates: Vec<CertificateDer<'static>>,
}

pub(super) fn roots(options: Option<&RootCertificates>) -> Result<Roots, Error> {
    let (certificates, place) = match options {
        Some(RootCertificates::File(path)) => {
            (read::<CertificateDer<'static>>(path, "root certificate")?, path.display().to_string())
        }
        Some(RootCertificates::System) => {
            let found = rustls_native_certs::load_native_certs();
            (found.certs, "the operating system".to_owned())
        }
        None => {
            return Err(Error::new(
                ErrorKind::Config,
                "the server's certificate is to be verified, and no authority is known",
            )
            .with_hint("sslrootcert=FILE, or sslrootcert=system for those that everybody trusts")
            .with_hint("or put the authority's certificate into ~/.postgresql/root.crt"));
        }
    };
    let mut store = RootCertStore::empty();
    let (added, _) = store.add_parsable_certificates(certificates.iter().cloned());
    if added == 0 {
        let message = format!("there is no certificate of an authority in {place}");
        return Err(Error::new(ErrorKind::Config, message)
            .with_hint("sslrootcert=FILE   # in PEM, as -----BEGIN CERTIFICATE-----"));
    }
    Ok(Roots { store: Arc::new(store), certificates })
}

/// The certificates that count no more.
pub(super) fn revoked(
    path: Option<&Path>,
) -> Result<Vec<CertificateRevocationListDer<'static>>, Error> {
    path.map_or(Ok(Vec::new()), |it| read(it, "revocation list"))
}

type ClientCertificate = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// What we show of ourselves.
pub(super) fn client_certificate(
    certificate: &Path,
    key: Option<&Path>,
) -> Result<ClientCertificate, Error> {
    let key = key.ok_or_else(|| {
        let message =
            format!("there is no private key for the certificate {}", certificate.display());
        Error::new(ErrorKind::Config, message)
            .with_state("nothing was changed")
            .with_hint("name it as sslkey=FILE, or put it into ~/.postgresql/postgresql.key")
    })?;
    let chain = read(certificate, "certificate")?;
    refuse_open(key)?;
    let key_der = PrivateKeyDer::from_pem_file(key).map_err(|it| {
        unreadable("private key", key, &it).with_hint(format!(
            "openssl pkey -in {} -out FILE   # takes its passphrase away",
            key.display()
        ))
    })?;
    Ok((chain, key_der))
}

/// As with libpq: a key that others may read is none. One of root's may be read by its group.
fn refuse_open(key: &Path) -> Result<(), Error> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let Ok(file) = std::fs::metadata(key) else { return Ok(()) };
        let open = if file.uid() == 0 { 0o037 } else { 0o077 };
        if file.mode() & open != 0 {
            let shown = key.display();
            let message = format!("the private key {shown} may be read by others");
            return Err(Error::new(ErrorKind::Config, message)
                .with_state("nothing was changed")
                .with_hint(format!("chmod 600 {shown}")));
        }
    }
    Ok(())
}

fn read<T: PemObject>(path: &Path, what: &str) -> Result<Vec<T>, Error> {
    let items = T::pem_file_iter(path).map_err(|it| unreadable(what, path, &it))?;
    let items: Result<Vec<T>, pem::Error> = items.collect();
    let items = items.map_err(|it| unreadable(what, path, &it))?;
    if items.is_empty() {
        return Err(unreadable(what, path, &pem::Error::NoItemsFound));
    }
    Ok(items)
}

/// The parser's own words may hold a part of the file: it is a key, perhaps.
fn unreadable(what: &str, path: &Path, error: &pem::Error) -> Error {
    let reason = match error {
        pem::Error::Io(error) => error.to_string(),
        pem::Error::NoItemsFound => "it has none in PEM, or one with a passphrase".to_owned(),
        _ => "it is not PEM".to_owned(),
    };
    Error::new(ErrorKind::Config, format!("cannot read the {what} {}", path.display()))
        .with_source(std::io::Error::other(reason))
        .with_state("nothing was changed")
}
