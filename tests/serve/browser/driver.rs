//! Runs a browser of its own for a test.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::http::ask;

/// The time after which a test counts as hanging.
const LATE: Duration = Duration::from_secs(90);
const PAUSE: Duration = Duration::from_millis(20);

/// A browser, which is closed when it is dropped.
pub(crate) struct Browser {
    driver: Child,
    address: SocketAddr,
    session: String,
    /// The folder of the browser's profile, which is new and empty.
    profile: tempfile::TempDir,
}

impl Browser {
    pub(crate) fn start() -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut command = Command::new("chromedriver");
        let mut driver = command.arg("--port=0").stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines().map(Result::unwrap);
        let port = lines.find_map(|line| {
            let port = line.split("started successfully on port ").nth(1)?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        // The rest of the driver's output is read, so that the driver does not wait for a reader.
        thread::spawn(move || lines.for_each(drop));
        let address = (Ipv4Addr::LOCALHOST, port.unwrap()).into();
        let mut browser = Browser { driver, address, session: String::new(), profile };
        let folder = format!("--user-data-dir={}", browser.profile.path().display());
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--lang=en-GB",
            &folder,
        ];
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let begun = browser.call("POST", "/session", &capabilities);
        begun["sessionId"].as_str().unwrap().clone_into(&mut browser.session);
        browser
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let host = self.address.to_string();
        let headers = [("Host", host.as_str()), ("Content-Type", "application/json")];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = ask(self.address, &format!("{method} {path}"), &headers, &body);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()["value"].take()
    }

    fn of_session(&self, path: &str, body: &Value) -> Value {
        let method = if body.is_null() { "GET" } else { "POST" };
        self.call(method, &format!("/session/{}{path}", self.session), body)
    }

    pub(crate) fn open(&mut self, url: &str) {
        self.of_session("/url", &json!({ "url": url }));
    }

    pub(crate) fn title(&self) -> String {
        self.of_session("/title", &Value::Null).as_str().unwrap().to_owned()
    }

    pub(crate) fn url(&self) -> String {
        self.of_session("/url", &Value::Null).as_str().unwrap().to_owned()
    }

    /// Runs a script, and returns its value.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.of_session("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Waits for the first element that is visible and not empty, and returns its text.
    pub(crate) fn wait_for(&self, selector: &str) -> String {
        let script = format!(
            "return [...document.querySelectorAll({})].map((it) => it.checkVisibility() ? it.innerText.trim() : '').find(Boolean) ?? null",
            json!(selector)
        );
        self.wait(selector, || self.run(&script).as_str().map(str::to_owned))
    }

    /// Waits until an element shows `text`.
    pub(crate) fn wait_for_text(&self, selector: &str, text: &str) {
        let script = format!(
            "return [...document.querySelectorAll({})].some((it) => it.checkVisibility() && it.innerText.includes({}))",
            json!(selector),
            json!(text)
        );
        self.wait(&format!("`{text}` in {selector}"), || (self.run(&script) == true).then_some(()));
    }

    pub(crate) fn wait<T>(&self, what: &str, found: impl Fn() -> Option<T>) -> T {
        let began = Instant::now();
        loop {
            if let Some(found) = found() {
                return found;
            }
            let page = || self.run("return document.body.innerText");
            assert!(
                began.elapsed() < LATE,
                "{what} does not come: {}, {:?}",
                page(),
                self.errors()
            );
            thread::sleep(PAUSE);
        }
    }

    pub(crate) fn count(&self, selector: &str) -> u64 {
        let script = format!(
            "return [...document.querySelectorAll({})].filter((it) => it.checkVisibility()).length",
            json!(selector)
        );
        self.run(&script).as_u64().unwrap()
    }

    /// Clicks as a user does, on an element that exists and can be seen.
    pub(crate) fn click(&self, selector: &str) {
        let found = self.wait(selector, || {
            let body = json!({ "using": "css selector", "value": selector });
            let found = self.of_session("/elements", &body);
            let first = found.as_array().unwrap().first()?;
            first.as_object().unwrap().values().next().map(|it| it.as_str().unwrap().to_owned())
        });
        self.of_session(&format!("/element/{found}/click"), &json!({}));
    }

    /// Types the keys into the element that has the focus.
    pub(crate) fn keys(&self, keys: &str) {
        let actions: Vec<Value> = keys
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key })))
            .collect();
        let body = json!({ "actions": [{ "type": "key", "id": "keys", "actions": actions }] });
        self.of_session("/actions", &body);
    }

    /// Sets the size of the window, as of a phone or of a desk, and the colour scheme.
    pub(crate) fn resize(&self, width: u32, height: u32, is_dark: bool) {
        let set = |command: &str, parameters: Value| {
            self.of_session("/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }));
        };
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        set("Emulation.setDeviceMetricsOverride", size);
        let scheme = if is_dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        set("Emulation.setEmulatedMedia", features);
    }

    /// Writes a picture of the page to a PNG file.
    pub(crate) fn picture(&self, path: &Path) {
        let picture = self.of_session("/screenshot", &Value::Null);
        fs::write(path, from_base64(picture.as_str().unwrap())).unwrap();
    }

    /// Returns the errors that the browser has logged.
    pub(crate) fn errors(&self) -> Vec<String> {
        let log = self.of_session("/se/log", &json!({ "type": "browser" }));
        let severe = log.as_array().unwrap().iter().filter(|it| it["level"] == "SEVERE");
        severe.map(|it| it["message"].as_str().unwrap().to_owned()).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let host = self.address.to_string();
        if !self.session.is_empty() && !thread::panicking() {
            let line = format!("DELETE /session/{}", self.session);
            ask(self.address, &line, &[("Host", &host)], "");
        } else if !self.session.is_empty() {
            // Ending the session also ends its browser.
            let line = format!("DELETE /session/{}", self.session);
            let _ = std::panic::catch_unwind(|| ask(self.address, &line, &[("Host", &host)], ""));
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn from_base64(text: &str) -> Vec<u8> {
    let value = |digit: u8| match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let digits: Vec<u8> = text.bytes().filter(|it| *it != b'=').map(value).collect();
    let mut bytes = Vec::new();
    for four in digits.chunks(4) {
        let joined = four.iter().fold(0_u32, |sum, digit| sum << 6 | u32::from(*digit))
            << (6 * (4 - four.len()));
        bytes.extend(&joined.to_be_bytes()[1..four.len()]);
    }
    bytes
}
