//! Tests who is let in, and what a user is told who is not let in.

use std::env;
use std::fs;
use std::time::{Duration, Instant};

use safe_state::Backend;
use safe_state::backend::redis_driver::{Client, TlsCertificates};
use safe_state::backend::{RedisBackend, from_url};
use safe_state_tests::remote::told;
use safe_state_tests::{Alone, servers};

/// Returns the error of a backend that cannot be used.
fn refusal(url: &str) -> String {
    let backend = from_url(url).unwrap();
    let began = Instant::now();
    let error = told(&backend.load("job").unwrap_err());
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    error
}

#[test]
fn who_is_not_let_in_is_told_why_and_no_password() {
    let address = servers::address(&servers::redis_url());
    let cases = [
        (format!("redis://default:wrong-word@{address}/0"), "authentication failed"),
        (format!("redis://{address}/0"), "NOAUTH"),
        ("redis://default:wrong-word@127.0.0.1:1/0".to_owned(), "refused"),
        ("redis://default:wrong-word@no-such-host.invalid/0".to_owned(), "no-such-host.invalid"),
    ];
    for (url, why) in cases {
        let error = refusal(&url);
        assert!(error.to_lowercase().contains(&why.to_lowercase()), "{error}");
        assert!(!error.contains("wrong-word"), "{error}");
    }
}

#[test]
fn tls_trusts_whom_the_program_does() {
    let root_cert = Some(fs::read(servers::authority()).unwrap());
    let certificates = TlsCertificates { client_tls: None, root_cert };
    let client = Client::build_with_tls(servers::redis_tls_url(), certificates).unwrap();
    let backend = RedisBackend::from_client(client).key_prefix("tls").unwrap();
    backend.save("job", b"state").unwrap();
    assert_eq!(backend.load("job").unwrap().as_deref(), Some(&b"state"[..]));
    backend.delete("job").unwrap();
}

#[test]
fn tls_trusts_nobody_else() {
    let began = Instant::now();
    let error = refusal(&servers::redis_tls_url());
    assert!(error.contains("refused") && error.contains("UnknownIssuer"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(10), "a certificate does not get better");
}

#[test]
fn tls_trusts_whom_the_system_does() {
    if env::var_os("SAFE_STATE_TEST_TRUSTS").is_some() {
        let backend = from_url(&servers::redis_tls_url()).unwrap();
        backend.save("by-tls", b"state").unwrap();
        return backend.delete("by-tls").unwrap();
    }
    Alone::new(module_path!(), "tls_trusts_whom_the_system_does")
        .passes(&[("SAFE_STATE_TEST_TRUSTS", &""), ("SSL_CERT_FILE", &servers::authority())]);
}
