//! The certificate authorities to trust, as a database URL says.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use safe_state_backends::escape::Line;

use super::Trouble;
use super::ssl::Ssl;

/// Loads the certificates of the authorities to trust.
pub(crate) fn authorities(ssl: &Ssl) -> Result<Vec<CertificateDer<'static>>, Trouble> {
    let Some(path) = &ssl.authorities else {
        let found = rustls_native_certs::load_native_certs();
        return match (found.certs, found.errors.into_iter().next()) {
            (none, Some(error)) if none.is_empty() => Err(Trouble::permanent(error)),
            (certificates, _) => Ok(certificates),
        };
    };
    let unreadable = |source| {
        let path = path.display().to_string();
        Trouble::permanent(Unreadable { path, source })
    };
    let certificates = CertificateDer::pem_file_iter(path).map_err(unreadable)?;
    certificates.collect::<Result<_, _>>().map_err(unreadable)
}

#[derive(Debug, thiserror::Error)]
#[error("cannot read certificates from `{path}`", path = Line(path))]
struct Unreadable {
    path: String,
    source: rustls::pki_types::pem::Error,
}
