//! The jobs in a browser: how far they are, how fast, what went wrong, and buttons for what the command can.
//!
//! `safe-state serve` starts it; its options, and who may reach it, are in the project's
//! [`docs/guide/serve.md`](https://github.com/safe-state/safe-state/blob/main/docs/guide/serve.md). A program can start it on
//! a thread of its own:
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
//! It reads what is stored, as `safe-state list` and `peek` do, and takes nothing from a job's own path.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(missing_docs)]

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

pub use export::export;
use guards::Guards;
use jobs::Jobs;
use routes::Desk;
use token::Token;
use who::Who;

/// Where it listens, and what it lets be done.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// The address; by default a free port of this machine alone.
    pub listen: SocketAddr,
    /// Other names that this machine is called by, as in `jobs.example.org` or `jobs.example.org:8080`. A browser that was
    /// sent here under any other name is turned away.
    pub hosts: Vec<String>,
    /// The header in which a proxy says who has logged in, to be kept with what they press. Only of a proxy that lets no
    /// request bring its own.
    pub user_header: Option<String>,
    /// Whether there are no buttons at all.
    pub read_only: bool,
    /// What the jobs' place is called on the page.
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

/// Why the page can't be shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address is taken, or is none of this machine.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// It is no name of a header.
    #[error("`{0}` is no name of a header")]
    Header(String),
    /// There is no randomness for a token.
    #[error("the operating system gives no randomness for a token")]
    Token(#[source] getrandom::Error),
    /// It can't begin or go on to answer.
    #[error("cannot answer requests")]
    Serve(#[source] io::Error),
    /// What is stored can't be read.
    #[error(transparent)]
    Backend(#[from] safe_state_backends::Error),
    /// A job that is to be exported has no checkpoint.
    #[error("there is no checkpoint of job `{job}`")]
    NoSuchJob {
        /// Its name.
        job: String,
    },
    /// A file of an export can't be written.
    #[error("cannot write `{path}`")]
    Write {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A page that listens, and answers once it [runs](Server::run).
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    backend: Shared,
    options: Options,
    token: Token,
    who: Who,
}

/// A backend prints as nothing.
#[derive(Clone)]
struct Shared(Arc<dyn Backend>);

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("..")
    }
}

impl Server {
    /// Listens, and makes a token.
    ///
    /// # Errors
    ///
    /// The address can't be listened on, the header has no name of one, or there is no randomness.
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

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What to open in a browser, for a job or for all of them; with the token that buttons need, if there are any. The
    /// part behind `#` is sent to nobody.
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

    /// Answers until the process ends.
    ///
    /// # Errors
    ///
    /// The operating system gives no thread, or no connections any more.
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

/// How many backends' calls may be under way at a time.
const BLOCKING: usize = 4;

/// What a browser on this machine calls the address: one that stands for all addresses is none to go to.
fn reached_at(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(it) if it.ip().is_unspecified() => (Ipv4Addr::LOCALHOST, it.port()).into(),
        SocketAddr::V6(it) if it.ip().is_unspecified() => {
            (std::net::Ipv6Addr::LOCALHOST, it.port()).into()
        }
        other => other,
    }
}

/// A name as a part of a URL.
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
