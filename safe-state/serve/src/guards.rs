//! The checks that every request passes: it was meant for this server, and no other page has sent it.
//!
//! A name that an attacker owns may lead here by DNS, and then the attacker's page has the same origin as this one. So
//! the `Host` has to be one of ours. A page of another origin may send requests without reading the answers. So an
//! `Origin` has to be ours, and a request that changes something needs a header that only our page sends, with a token
//! in it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{HOST, HeaderName, HeaderValue, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// The headers that are sent with every answer.
const HEADERS: [(&str, &str); 8] = [
    (
        "content-security-policy",
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
    ),
    ("x-frame-options", "DENY"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    ("cache-control", "no-store"),
];

/// The names under which a request may come.
#[derive(Clone, Debug)]
pub(crate) struct Guards {
    address: SocketAddr,
    /// The names, in lower case, with their ports where a port was given.
    hosts: Arc<[String]>,
}

impl Guards {
    pub(crate) fn new(address: SocketAddr, hosts: &[String]) -> Self {
        Guards { address, hosts: hosts.iter().map(|host| host.to_lowercase()).collect() }
    }

    /// Returns whether `host` is a name of this server. It comes from a `Host`, or stands behind the `http://` of an
    /// `Origin`.
    fn is_ours(&self, host: &str) -> bool {
        let host = host.to_lowercase();
        if self.hosts.contains(&host) {
            return true;
        }
        let (name, port) = split(&host);
        // A name without a port stands for any port.
        if self.hosts.iter().any(|own| own == name) {
            return true;
        }
        if port.unwrap_or(80) != self.address.port() {
            return false;
        }
        let ip: Option<IpAddr> = name.trim_start_matches('[').trim_end_matches(']').parse().ok();
        match (self.address.ip(), ip) {
            (own, Some(ip)) if own == ip => true,
            // An address in numbers does not come from DNS.
            (own, Some(_)) => own.is_unspecified(),
            (own, None) => name == "localhost" && (own.is_loopback() || own.is_unspecified()),
        }
    }

    fn check(&self, headers: &HeaderMap) -> Result<(), (StatusCode, &'static str)> {
        let mut hosts = headers.get_all(HOST).iter();
        let host = hosts.next().filter(|_| hosts.next().is_none()).and_then(|it| it.to_str().ok());
        if !host.is_some_and(|host| self.is_ours(host)) {
            let why = "this server has another name: allow this one by `--host`\n";
            return Err((StatusCode::MISDIRECTED_REQUEST, why));
        }
        for origin in headers.get_all(ORIGIN) {
            let origin = origin.to_str().unwrap_or_default();
            let host = ["http://", "https://"].iter().find_map(|it| origin.strip_prefix(it));
            if !host.is_some_and(|host| self.is_ours(host)) {
                return Err((StatusCode::FORBIDDEN, "another page has sent this\n"));
            }
        }
        Ok(())
    }
}

/// Splits a host into a name and a port, also for an address in brackets.
fn split(host: &str) -> (&str, Option<u16>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (host, None),
        },
        _ => (host, None),
    }
}

/// Passes on a request that was meant for this server, and adds headers that limit what the browser does with the
/// answer.
pub(crate) async fn guard(State(guards): State<Guards>, request: Request, next: Next) -> Response {
    let mut response = match guards.check(request.headers()) {
        Ok(()) => next.run(request).await,
        Err((status, why)) => (status, why).into_response(),
    };
    add_headers(&mut response);
    response
}

/// Adds the headers, except those that the route has set, which may be stricter.
fn add_headers(response: &mut Response<Body>) {
    for (name, value) in HEADERS {
        let name = HeaderName::from_static(name);
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guards(address: &str, hosts: &[&str]) -> Guards {
        let hosts: Vec<String> = hosts.iter().map(|it| (*it).to_owned()).collect();
        Guards::new(address.parse().unwrap(), &hosts)
    }

    #[test]
    fn a_request_reaches_the_server_only_by_its_own_names() {
        let local = guards("127.0.0.1:8080", &["Jobs.example.org", "other.example.org:90"]);
        for host in [
            "127.0.0.1:8080",
            "localhost:8080",
            "LOCALHOST:8080",
            "jobs.example.org",
            "jobs.example.org:443",
            "other.example.org:90",
        ] {
            assert!(local.is_ours(host), "{host}");
        }
        for host in [
            "",
            "127.0.0.1",
            "127.0.0.1:80",
            "127.0.0.2:8080",
            "localhost",
            "localhost:81",
            "evil.example:8080",
            "other.example.org:91",
            "localhost.evil.example:8080",
            "127.0.0.1:8080@evil.example",
            "127.0.0.1:8080:8080",
            "0:8080",
            "[::1]:8080",
        ] {
            assert!(!local.is_ours(host), "{host}");
        }
    }

    #[test]
    fn a_server_that_listens_on_all_addresses_takes_any_number() {
        let open = guards("0.0.0.0:80", &[]);
        for host in ["192.0.2.7", "192.0.2.7:80", "localhost"] {
            assert!(open.is_ours(host), "{host}");
        }
        assert!(!open.is_ours("evil.example") && !open.is_ours("192.0.2.7:81"));
        let six = guards("[::1]:8080", &[]);
        assert!(
            six.is_ours("[::1]:8080")
                && six.is_ours("localhost:8080")
                && !six.is_ours("[::2]:8080")
        );
    }
}
