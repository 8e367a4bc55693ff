//! Tests attacks: text that would run, another origin that would read or press, a frame around the page.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use serde_json::Value;

use crate::served::Jobs;

use super::Browser;

const HOSTILE: &str = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>\u{202e}\"'>&#/job/../%2e%2e?token=x";

/// Starts a server of another origin, which answers with `page`.
fn elsewhere(page: String) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            // The browser may have closed the connection.
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{page}",
                page.len()
            );
        }
    });
    address
}

#[test]
fn hostile_names_and_messages_are_text() {
    let jobs = Jobs::new();
    jobs.fail(HOSTILE, 3, HOSTILE);
    let served = jobs.serve(&[]);
    let mut browser = Browser::start();
    browser.open(&served.link);
    browser.wait_for_text("tbody th", "<img src=x onerror=");
    // Characters that turn the direction of text are shown by their names.
    browser.wait_for_text("tbody th", "\\u{202e}");
    browser.click("tbody th a");
    browser.wait_for_text("h1", "<script>document.title='run'</script>");
    browser.wait_for_text(".message", "<img src=x onerror=");
    browser.click("[data-verb=clear]");
    browser.wait_for_text("dialog h2", "<img src=x onerror=");
    browser.click("#ask-no");
    browser.click("details > summary");
    browser.wait_for_text("pre", "<img src=x onerror=");
    for inside in ["main img", "main script", "dialog img", "[onerror]"] {
        assert_eq!(
            browser.run(&format!("return document.querySelectorAll('{inside}').length")),
            0,
            "{inside}"
        );
    }
    assert!(browser.title().starts_with("<img src=x"), "{}", browser.title());
    browser.click("[data-verb=pause]");
    browser.wait_for_text(".head", "asked to pause");
    assert_eq!(jobs.json(&["peek", HOSTILE])["asked"], "pause");
    // Even if text got into the page as a script, the policy forbids it to run.
    let script = "const it = document.createElement('script'); it.textContent = \"document.title = 'run'\"; document.body.append(it);
        const image = document.createElement('img'); image.setAttribute('onerror', \"document.title = 'run'\"); image.src = 'x'; document.body.append(image);";
    assert_eq!(browser.errors(), [""; 0]);
    browser.run(script);
    browser.wait("a refusal", || {
        browser.errors().iter().any(|it| it.contains("Content Security Policy")).then_some(())
    });
    assert_ne!(browser.title(), "run");
}

#[test]
fn another_origin_neither_reads_nor_presses_nor_frames() {
    let jobs = Jobs::new();
    jobs.fail("mail", 3, "no");
    let served = jobs.serve(&[]);
    let (host, token) = (served.host(), served.token());
    let page = format!("<iframe id=f src=\"http://{host}/\"></iframe><script>
        const tries = {{
            reads: () => fetch('http://{host}/api/jobs').then((it) => it.text()),
            posts: () => fetch('http://{host}/api/do', {{ method: 'POST', headers: {{ 'content-type': 'application/json', 'x-safe-state-token': '{token}' }}, body: '{{\"verb\":\"pause\",\"job\":\"mail\"}}' }}).then((it) => it.text()),
            sends: () => fetch('http://{host}/api/do', {{ method: 'POST', mode: 'no-cors', body: '{{\"verb\":\"pause\",\"job\":\"mail\"}}' }}).then((it) => it.text()),
            hears: () => new Promise((yes, no) => {{ const it = new EventSource('http://{host}/api/jobs/events'); it.onmessage = yes; it.addEventListener('window', yes); it.onerror = no; }}),
            frames: () => new Promise((yes, no) => setTimeout(() => {{ try {{ document.getElementById('f').contentDocument.body ? no() : yes('') }} catch {{ no() }} }}, 0)),
        }};
        const told = {{}};
        Promise.all(Object.entries(tries).map(([name, it]) => it().then((text) => told[name] = text ? 'got ' + text : 'nothing', () => told[name] = 'refused'))).then(() => window.told = told);
    </script>");
    let address = elsewhere(page);
    let mut browser = Browser::start();
    browser.open(&format!("http://{address}/"));
    let told = browser.wait("the tries", || {
        let told = browser.run("return window.told ?? null");
        (!told.is_null()).then_some(told)
    });
    for (what, expected) in
        [("reads", "refused"), ("posts", "refused"), ("sends", "refused"), ("hears", "refused")]
    {
        assert_eq!(told[what], expected, "{told}");
    }
    browser.wait("that the frame is refused", || {
        browser
            .errors()
            .iter()
            .any(|it| it.contains("frame-ancestors") || it.contains("X-Frame-Options"))
            .then_some(())
    });
    assert_eq!(jobs.json(&["peek", "mail"])["asked"], Value::Null);
    // By another name that leads here, the server is not reached at all.
    browser.open(&format!("http://jobs.localhost:{}/", served.address.port()));
    browser.wait_for_text("body", "this server has another name");
}
