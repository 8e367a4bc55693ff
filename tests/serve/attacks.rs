//! Tests that a visitor without the token changes nothing, and that no other page gets at anything.

use serde_json::{Value, json};

use crate::http::ask;
use crate::served::{Jobs, command};

const PAUSE: &str = r#"{"verb":"pause","job":"mail"}"#;

fn jobs() -> Jobs {
    let jobs = Jobs::new();
    jobs.fail("mail", 3, "no");
    jobs
}

#[track_caller]
fn is_untouched(jobs: &Jobs) {
    assert_eq!(jobs.json(&["peek", "mail"])["asked"], Value::Null);
}

#[test]
fn a_button_needs_the_token() {
    let jobs = jobs();
    let served = jobs.serve(&[]);
    let last = if served.token().ends_with('0') { '1' } else { '0' };
    let almost = format!("{}{last}", &served.token()[..31]);
    let other = jobs.serve(&[]);
    for token in [None, Some(""), Some("0"), Some(almost.as_str()), Some(other.token())] {
        assert_eq!(served.post(&[], token, PAUSE).status, 403, "{token:?}");
        is_untouched(&jobs);
    }
    assert_eq!(served.get("/api/page").json()["token"], false);
    assert_eq!(served.post(&[], Some(served.token()), PAUSE).status, 200);
    assert_eq!(jobs.json(&["peek", "mail"])["asked"], "pause");
}

#[test]
fn a_page_that_only_reads_has_no_buttons_and_no_token() {
    let jobs = jobs();
    let served = jobs.serve(&["--read-only"]);
    assert!(!served.link.contains("token"), "{}", served.link);
    for token in [None, Some(""), Some("0")] {
        assert_eq!(served.post(&[], token, PAUSE).status, 403);
    }
    is_untouched(&jobs);
    assert_eq!(served.get("/api/page").json()["read_only"], true);
}

#[test]
fn another_name_or_another_origin_is_turned_away() {
    let jobs = jobs();
    let served = jobs.serve(&["--host", "jobs.example.org"]);
    let (own, token) = (served.host(), Some(served.token().to_owned()));
    let port = served.address.port();
    // These names stand for names of another site whose DNS entry leads here.
    for host in ["evil.example", &format!("evil.example:{port}"), "127.0.0.1", ""] {
        for path in ["/", "/api/jobs", "/api/job?job=mail", "/api/jobs/events", "/style.css"] {
            let answer = ask(served.address, &format!("GET {path}"), &[("Host", host)], "");
            assert_eq!(answer.status, 421, "{host} {path}");
            assert!(!answer.body.contains("mail"), "{answer:?}");
        }
        assert_eq!(served.post(&[("Host", host)], token.as_deref(), PAUSE).status, 421);
    }
    assert_eq!(ask(served.address, "GET /", &[], "").status, 421);
    assert_eq!(
        ask(served.address, "GET /", &[("Host", &own), ("Host", "evil.example")], "").status,
        421
    );
    for origin in ["http://evil.example", "null", "http://127.0.0.1:1", "file://", ""] {
        let answer = served.post(&[("Origin", origin)], token.as_deref(), PAUSE);
        assert_eq!(answer.status, 403, "{origin}");
        let read = [("Host", own.as_str()), ("Origin", origin)];
        assert_eq!(ask(served.address, "GET /api/jobs", &read, "").status, 403, "{origin}");
    }
    is_untouched(&jobs);
    for host in [own.as_str(), &format!("localhost:{port}"), "jobs.example.org"] {
        assert_eq!(
            ask(served.address, "GET /api/jobs", &[("Host", host)], "").status,
            200,
            "{host}"
        );
        let origin = format!("http://{host}");
        let headers = [("Host", host), ("Origin", origin.as_str())];
        assert_eq!(served.post(&headers, token.as_deref(), PAUSE).status, 200, "{host}");
    }
}

#[test]
fn what_a_form_can_send_is_refused() {
    let jobs = jobs();
    let served = jobs.serve(&[]);
    let (host, token) = (served.host(), served.token());
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
    {
        let headers =
            [("Host", host.as_str()), ("Content-Type", kind), ("X-Safe-State-Token", token)];
        assert_eq!(ask(served.address, "POST /api/do", &headers, PAUSE).status, 415, "{kind}");
    }
    for body in [
        "",
        "{}",
        "[]",
        r#"{"verb":"pause"}"#,
        r#"{"verb":1,"job":"mail"}"#,
        r#"{"verb":"pause","job":"mail","x":1}"#,
    ] {
        let status = served.post(&[], Some(token), body).status;
        assert!((400..=422).contains(&status), "{status}: {body}");
    }
    let long = json!({ "verb": "pause", "job": "x".repeat(100_000) }).to_string();
    assert_eq!(served.post(&[], Some(token), &long).status, 413);
    assert_eq!(served.get("/api/do").status, 405);
    for verb in ["", "delete", "Pause"] {
        assert_eq!(served.press(verb, "mail").status, 404);
    }
    assert_eq!(served.press("clear", "safe-state/request/mail").status, 404);
    is_untouched(&jobs);
}

#[test]
fn every_answer_says_what_a_browser_may_do_with_it() {
    let jobs = jobs();
    let served = jobs.serve(&[]);
    for path in [
        "/",
        "/style.css",
        "/page.js",
        "/uPlot.iife.min.js",
        "/api/page",
        "/api/jobs",
        "/api/job?job=mail",
        "/no/such",
        "/report?job=mail",
    ] {
        let answer = served.get(path);
        let policy = answer.header("content-security-policy").unwrap_or_default();
        assert!(
            policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"),
            "{path}: {policy}"
        );
        assert!(
            policy.starts_with("default-src 'self'; ") || path.starts_with("/report"),
            "{path}: {policy}"
        );
        for (name, value) in [
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}");
        }
        // No header invites another origin to read the answer.
        assert!(
            answer.headers.iter().all(|(name, _)| !name.starts_with("access-control")),
            "{path}"
        );
    }
    // An answer that turns a request away has the headers as well.
    let turned = ask(served.address, "GET /", &[("Host", "evil.example")], "");
    assert_eq!(turned.header("x-frame-options"), Some("DENY"));
}

#[test]
fn the_page_has_no_inline_script_and_loads_nothing_from_elsewhere() {
    let jobs = jobs();
    let page = jobs.serve(&[]).get("/").body;
    for tag in page.split('<').skip(1) {
        let is_script = tag.starts_with("script");
        assert!(
            !is_script
                || tag.contains("src=\"") && tag.ends_with("></script>")
                || !tag.contains("></"),
            "{tag}"
        );
        assert!(!tag.starts_with("style"), "{tag}");
        for part in [
            " style=",
            " onclick=",
            " onload=",
            "javascript:",
            "src=\"http",
            "href=\"http",
            "src=\"//",
        ] {
            assert!(!tag.contains(part), "{tag}");
        }
    }
    for script in page.split("<script").skip(1) {
        assert!(script.contains(" defer></script>"), "{script}");
    }
}

#[test]
fn the_token_is_in_the_part_that_is_sent_to_nobody_and_on_no_command_line() {
    let jobs = jobs();
    let served = jobs.serve(&[]);
    let (url, mark) = served.link.split_once('#').unwrap();
    assert!(!url.contains("token") && mark.starts_with("token="), "{}", served.link);
    let line = std::fs::read_to_string(format!("/proc/{}/cmdline", served.pid())).unwrap();
    assert!(!line.contains(served.token()));
    let of_job = jobs.serve(&["tenant/7 <b>"]);
    let mark = of_job.link.split_once('#').unwrap().1;
    assert!(mark.starts_with("/job/tenant%2F7%20%3Cb%3E?token="), "{mark}");
}

#[test]
fn an_address_that_is_taken_is_told() {
    let jobs = jobs();
    let served = jobs.serve(&[]);
    let told = command(jobs.dir()).args(["serve", "--listen", &served.host()]).output().unwrap();
    let err = String::from_utf8(told.stderr).unwrap();
    assert!(
        !told.status.success() && err.contains(&format!("cannot listen on {}", served.host())),
        "{err}"
    );
}
