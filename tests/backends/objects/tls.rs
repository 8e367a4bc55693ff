//! Tests stores that are reached by HTTPS.

use std::env;

use safe_state::backend::from_url;
use safe_state_tests::Alone;
use safe_state_tests::remote::told;
use safe_state_tests::servers::{authority, objects_tls_url};

#[test]
fn an_authority_that_the_system_trusts_is_trusted() {
    if env::var_os("SAFE_STATE_TEST_TRUSTS").is_some() {
        let backend = from_url(&objects_tls_url("tls")).unwrap();
        backend.save("job", b"state").unwrap();
        assert_eq!(backend.load("job").unwrap().as_deref(), Some(&b"state"[..]));
        return backend.delete("job").unwrap();
    }
    Alone::new(module_path!(), "an_authority_that_the_system_trusts_is_trusted")
        .passes(&[("SAFE_STATE_TEST_TRUSTS", &""), ("SSL_CERT_FILE", &authority())]);
}

#[test]
fn an_authority_that_the_system_does_not_trust_is_refused() {
    let backend = from_url(&objects_tls_url("tls")).unwrap();
    let error = told(&backend.load("job").unwrap_err());
    assert!(error.contains("UnknownIssuer"), "{error}");
    assert!(!error.contains("hush-hush"), "{error}");
}
