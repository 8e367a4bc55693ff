//! Provides an API that sends the mail of each key once, and does not always answer.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

/// A server that carries out every request, and leaves every third unanswered.
pub(crate) struct Api {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
pub(crate) struct State {
    /// The number of requests with each key.
    pub(crate) requests: BTreeMap<String, u32>,
    /// The address and the text of each mail that was sent.
    pub(crate) sent: Vec<(String, String)>,
    /// The addresses that the API refuses.
    pub(crate) refused: Vec<&'static str>,
}

impl Api {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, state) = (listener.local_addr().unwrap(), Arc::default());
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                // A client that was killed has closed its connection.
                let _ = stream.and_then(|stream| serve(stream, &shared, number % 3 == 2));
            }
        });
        Api { address, state }
    }

    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>, drops_reply: bool) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = || {
        let mut line = String::new();
        stream.read_line(&mut line).map(|_| line.trim_end().to_owned())
    };
    let request = line()?;
    let address = request.split(['/', ' ']).nth(3).unwrap_or_default().to_owned();
    let key = line()?.replace("Idempotency-Key: ", "");
    let length = line()?.replace("Content-Length: ", "").parse().map_err(io::Error::other)?;
    line()?;
    let mut text = vec![0; length];
    stream.read_exact(&mut text)?;
    let text = String::from_utf8(text).map_err(io::Error::other)?;
    let status = state.lock().unwrap().take(key, address, text);
    if drops_reply { Ok(()) } else { write!(stream.get_mut(), "HTTP/1.0 {status}\r\n\r\n") }
}

impl State {
    fn take(&mut self, key: String, address: String, text: String) -> &'static str {
        if self.refused.contains(&address.as_str()) {
            return "422 No Such Mailbox";
        }
        let times = self.requests.entry(key).or_default();
        *times += 1;
        if *times == 1 {
            self.sent.push((address, text));
        }
        "200 OK"
    }
}
