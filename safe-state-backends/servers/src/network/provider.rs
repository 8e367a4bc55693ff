//! The setup of `rustls` for drivers that use it.

use rustls::crypto::{CryptoProvider, ring};

/// Sets the cryptography of `rustls`, unless the program has set it. A driver that makes its own configuration panics if none
/// is set, or if the features of other crates offer more than one.
pub(crate) fn provide() {
    if CryptoProvider::get_default().is_none() {
        // Another thread may have set it first.
        let _ = ring::default_provider().install_default();
    }
}
