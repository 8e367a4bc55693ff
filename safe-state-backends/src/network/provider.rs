//! What drivers that speak TLS by `rustls` need.

use rustls::crypto::{CryptoProvider, ring};

/// Sets what `rustls` computes with, unless the program has: a driver that makes its own configuration
/// panics if there is none, or, by the features of other crates, more than one to choose from.
pub(crate) fn provide() {
    if CryptoProvider::get_default().is_none() {
        // Another thread may have been faster.
        let _ = ring::default_provider().install_default();
    }
}
