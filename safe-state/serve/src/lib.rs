//! A page with the jobs in a browser: their progress, their speed, their trouble, and buttons for what the command can
//! do.
//!
//! `safe-state serve` starts the page. Its options, and who may reach it, are in the project's
//! [`docs/guide/serve.md`](https://safe-state.github.io/safe-state/guide/serve.html). A program can start
//! the page on a thread of its own:
//!
//! ```no_run
//! use std::sync::Arc;
//! use safe_state::FileBackend;
//! use safe_state::serve::{Options, Server};
//!
//! let server = Server::bind(Arc::new(FileBackend::new(".safe_state")), Options::default())?;
//! println!("the jobs are at {}", server.link(None));
//! std::thread::spawn(|| server.run());
//! # Ok::<(), safe_state::serve::Error>(())
//! ```
//!
//! The page reads what is stored, as `safe-state list` and `peek` do, and takes no part in the running of a job.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(missing_docs)]

mod desk;
mod detail;
mod export;
mod files;
mod guards;
mod jobs;
mod known;
mod looking;
mod memory;
mod pace;
mod routes;
mod stream;
mod token;
mod verbs;
mod who;
mod window;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;

use axum::http::HeaderName;
use safe_state_backends::Backend;

use desk::Desk;
pub use export::export;
use guards::Guards;
use jobs::Jobs;
use token::Token;
use who::Who;

/// The options of a server: where it listens, and what it allows.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// The address to listen on. The default is a free port that only this machine can reach.
    pub listen: SocketAddr,
    /// Other names of this machine, as `jobs.example.org` or `jobs.example.org:8080`. A browser that comes with any
    /// other name is turned away.
    pub hosts: Vec<String>,
    /// The header in which a proxy names the user who has logged in; the name is kept with the buttons that the user
    /// presses. Set this only behind a proxy that removes the header from the requests of its clients.
    pub user_header: Option<String>,
    /// Whether the page has no buttons at all.
    pub read_only: bool,
    /// The name of the jobs' place on the page.
    pub place: String,
}

impl Default for Options {
    fn default() -> Self {
        let listen = (Ipv4Addr::LOCALHOST, 0).into();
        Options {
            listen,
            hosts: Vec::new(),
            user_header: None,
            read_only: false,
            place: String::new(),
        }
    }
}

/// The reason why the page cannot be shown or exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address is in use, or does not belong to this machine.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The text is not a valid name of a header.
    #[error("`{0}` is no name of a header")]
    Header(String),
    /// The operating system gives no randomness for a token.
    #[error("the operating system gives no randomness for a token")]
    Token(#[source] getrandom::Error),
    /// The server cannot begin to answer, or cannot go on.
    #[error("cannot answer requests")]
    Serve(#[source] io::Error),
    /// The backend cannot be read.
    #[error(transparent)]
    Backend(#[from] safe_state_backends::Error),
    /// A job that is to be exported has no checkpoint.
    #[error("there is no checkpoint of job `{job}`")]
    NoSuchJob {
        /// The job's name.
        job: String,
    },
    /// A file of an export can't be written.
    #[error("cannot write `{path}`")]
    Write {
        /// The path of the file.
        path: std::path::PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
}

/// A server that listens, and answers once it [runs](Server::run).
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    backend: Shared,
    options: Options,
    token: Token,
    who: Who,
}

/// A backend, whose `Debug` prints only dots.
#[derive(Clone)]
struct Shared(Arc<dyn Backend>);

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("..")
    }
}

impl Server {
    /// Listens on the address, and makes a token.
    ///
    /// # Errors
    ///
    /// The address cannot be listened on, the header's name is not valid, or the system gives no randomness.
    pub fn bind(backend: Arc<dyn Backend>, options: Options) -> Result<Server, Error> {
        let address = options.listen;
        let listen = |source| Error::Listen { address, source };
        let listener = TcpListener::bind(address).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let token = Token::new().map_err(Error::Token)?;
        let header = options
            .user_header
            .as_ref()
            .map(|name| name.parse::<HeaderName>().map_err(|_| Error::Header(name.clone())));
        let who = Who::new(address, header.transpose()?);
        Ok(Server { listener, address, backend: Shared(backend), options, token, who })
    }

    /// Returns the address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the link to open in a browser, for one job or for all jobs. The link has the token that buttons need,
    /// unless the page has no buttons. Browsers do not send the part behind `#`.
    pub fn link(&self, job: Option<&str>) -> String {
        let page = job.map_or_else(String::new, |job| format!("/job/{}", encoded(job)));
        let token = if self.options.read_only {
            String::new()
        } else {
            format!("token={}", self.token.text())
        };
        let mark = if page.is_empty() && token.is_empty() { "" } else { "#" };
        let and = if page.is_empty() || token.is_empty() { "" } else { "?" };
        format!("http://{}/{mark}{page}{and}{token}", reached_at(self.address))
    }

    /// Answers requests until the process ends.
    ///
    /// # Errors
    ///
    /// The operating system gives no thread, or no more connections.
    pub fn run(self) -> Result<(), Error> {
        let Server { listener, address, backend: Shared(backend), options, token, who } = self;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .max_blocking_threads(BLOCKING)
            .build()
            .map_err(Error::Serve)?;
        let jobs = Arc::new(Jobs::new(backend));
        looking::start(&jobs).map_err(Error::Serve)?;
        let guards = Guards::new(address, &options.hosts);
        let token = (!options.read_only).then_some(token);
        let routes = routes::all(Desk::new(jobs, token, who, options.place), guards);
        let serving = async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let routes = routes.into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(listener, routes).await
        };
        runtime.block_on(serving).map_err(Error::Serve)
    }
}

/// The most calls of the backend that are under way at a time.
const BLOCKING: usize = 4;

/// Returns the address for a browser on this machine. An address that stands for all addresses becomes the loopback
/// address.
fn reached_at(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(it) if it.ip().is_unspecified() => (Ipv4Addr::LOCALHOST, it.port()).into(),
        SocketAddr::V6(it) if it.ip().is_unspecified() => {
            (std::net::Ipv6Addr::LOCALHOST, it.port()).into()
        }
        other => other,
    }
}

/// Encodes a name as a part of a URL.
fn encoded(name: &str) -> String {
    let mut text = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push('%');
            text.extend([byte >> 4, byte & 15].map(digit));
        }
    }
    text
}

fn digit(four_bits: u8) -> char {
    char::from_digit(u32::from(four_bits), 16).unwrap_or('0').to_ascii_uppercase()
}
