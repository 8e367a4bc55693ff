//! Provides a client that sends what it is told to send, `Host` included.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// A time that is longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The answer to a request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut of_name = self.headers.iter().filter(|(it, _)| it == name);
        of_name.next().map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Sends a request with these headers, and the length of its body.
pub(crate) fn ask(to: SocketAddr, line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let (status, headers, mut rest) = begin(to, line, headers, body);
    let mut body = String::new();
    while let Some(part) = rest.part() {
        body += &part;
    }
    Answer { status, headers, body }
}

/// A stream of events, one after another.
pub(crate) struct Events {
    rest: Rest,
    read: String,
}

impl Events {
    pub(crate) fn of(to: SocketAddr, path: &str) -> Self {
        let host = to.to_string();
        let (status, headers, rest) = begin(to, &format!("GET {path}"), &[("Host", &host)], "");
        assert_eq!(status, 200, "{headers:?}");
        assert!(headers.iter().any(|(_, value)| value == "text/event-stream"), "{headers:?}");
        Events { rest, read: String::new() }
    }

    /// Returns the name and the data of the next event.
    pub(crate) fn next(&mut self) -> (String, Value) {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let line = |name: &str| event.lines().find_map(|it| it.strip_prefix(name));
                let named = line("event: ").zip(line("data: "));
                let named = named
                    .map(|(name, data)| (name.to_owned(), serde_json::from_str(data).unwrap()));
                self.read = rest.to_owned();
                if let Some(event) = named {
                    return event;
                }
                continue;
            }
            self.read += &self.rest.part().expect("the stream goes on");
        }
    }
}

type Begun = (u16, Vec<(String, String)>, Rest);

/// The part of an answer that has not been read.
struct Rest {
    reader: BufReader<TcpStream>,
    is_chunked: bool,
    left: usize,
}

impl Rest {
    fn part(&mut self) -> Option<String> {
        if self.is_chunked {
            let mut size = String::new();
            self.reader.read_line(&mut size).unwrap();
            self.left = usize::from_str_radix(size.trim(), 16).unwrap();
        }
        if self.left == 0 {
            return None;
        }
        let mut bytes = vec![0; std::mem::take(&mut self.left)];
        self.reader.read_exact(&mut bytes).unwrap();
        if self.is_chunked {
            self.reader.read_exact(&mut [0; 2]).unwrap();
        }
        Some(String::from_utf8(bytes).unwrap())
    }
}

fn begin(to: SocketAddr, line: &str, headers: &[(&str, &str)], body: &str) -> Begun {
    let mut stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut request = format!("{line} HTTP/1.1\r\nConnection: close\r\n");
    for (name, value) in headers {
        request.extend([name, ": ", value, "\r\n"]);
    }
    if !body.is_empty() || line.starts_with("POST") {
        request.extend(["Content-Length: ", &body.len().to_string(), "\r\n"]);
    }
    write!(stream, "{request}\r\n{body}").unwrap();
    let mut reader = BufReader::new(stream);
    let mut read = || {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    let status = read().split(' ').nth(1).unwrap().parse().unwrap();
    let mut found = Vec::new();
    loop {
        let line = read();
        let Some((name, value)) = line.split_once(':') else { break };
        found.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let of = |name: &str| found.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str());
    let is_chunked = of("transfer-encoding") == Some("chunked");
    let left = of("content-length").map_or(0, |it| it.parse().unwrap());
    (status, found, Rest { reader, is_chunked, left })
}
