//! Fetches pages and writes each to a file, from a server that fails now and then. The job tries again a page that the
//! server can't give now, and gives up a page that the server doesn't have. Run again after a failure, or after a
//! crash, it goes on with the page it was at.
//!
//! ```text
//! cargo run --features tokio --example scraper -- pages                      # 20 pages, all well
//! cargo run --features tokio --example scraper -- pages --fail-every 3       # the same, with some tries more
//! cargo run --features tokio --example scraper -- pages --fail-from 8        # fails for good from request 8 on
//! cargo run --features tokio --example scraper -- pages                      # goes on there
//! cargo run --features tokio --example scraper -- pages --crash-at 5         # dies at page 5
//! cargo run --features tokio --example scraper -- pages --missing page-007   # all others
//! cargo run --features tokio --example scraper -- pages --retry              # and that one, once it is there
//! SAFE_STATE_BACKEND=sqlite:jobs.db cargo run --features tokio --example scraper -- pages
//! ```
//!
//! The example shows an async job. The attribute needs no runtime of its own, and neither its saves nor its pauses
//! block one. The user who runs it says where its checkpoint lives: the last line keeps it in a database.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, Parser};
use safe_state::{Action, Backoff, ErrorContext, resumable};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Fetches pages from a server that runs in this process.
#[derive(Parser)]
struct Options {
    /// The folder to write the pages to.
    out: PathBuf,
    /// The number of pages.
    #[arg(long, default_value_t = 20)]
    pages: usize,
    /// Fetch again the pages that were given up.
    #[arg(long)]
    retry: bool,
    #[command(flatten)]
    server: Server,
    /// Abort the process at this page, counted from 0.
    #[arg(long)]
    crash_at: Option<usize>,
}

/// The faults of the server.
#[derive(Args, Clone)]
struct Server {
    /// Answer each request whose number is a multiple of this with an error.
    #[arg(long)]
    fail_every: Option<usize>,
    /// Answer every request from this number on with an error.
    #[arg(long)]
    fail_from: Option<usize>,
    /// Answer as if this page did not exist.
    #[arg(long)]
    missing: Vec<String>,
}

/// An answer of the server that is not a page.
#[derive(Debug, thiserror::Error)]
#[error("the server says: {0}")]
struct Refused(String);

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let server = listener.local_addr()?;
    tokio::spawn(serve(listener, options.server));

    let paths: Vec<String> = (0..options.pages).map(|page| format!("page-{page:03}")).collect();
    tokio::fs::create_dir_all(&options.out).await?;
    if options.retry {
        println!("{} to be fetched again", scrape::retry_dead_letters()?);
    }
    if let Some(checkpoint) = scrape::peek_checkpoint()? {
        println!("going on after {}", checkpoint.progress());
    }
    if let Err(error) = scrape(&paths, server, &options.out, options.crash_at).await {
        if let Some(checkpoint) = scrape::peek_checkpoint()? {
            eprintln!("stopped after {}; run again to go on", checkpoint.progress());
        }
        return Err(error);
    }
    let given_up = scrape::peek_checkpoint()?;
    let given_up: Vec<_> = given_up.iter().flat_map(|it| it.dead_letters().iter()).collect();
    println!("{} pages in {}", paths.len() - given_up.len(), options.out.display());
    for letter in given_up {
        println!("given up: {}", letter.failure());
    }
    Ok(())
}

#[resumable(
    name = "scraper",
    max_attempts = 3,
    backoff = Backoff::exponential("10ms", "1s"),
    on_error = decide, fresh(server, crash_at))]
async fn scrape(
    paths: &[String],
    server: SocketAddr,
    out: &Path,
    crash_at: Option<usize>,
) -> Result<()> {
    for (index, path) in paths.iter().enumerate() {
        if crash_at == Some(index) {
            std::process::abort();
        }
        let page = get(server, path).await.with_context(|| format!("cannot fetch {path}"))?;
        write_durably(&out.join(format!("{path}.html")), &page).await?;
    }
    Ok(())
}

/// Decides what happens to a page that failed. A missing page will be missing again; any other error may pass.
fn decide(error: &ErrorContext) -> Action {
    match error.downcast_ref() {
        Some(Refused(status)) if status.contains(" 404 ") => Action::DeadLetter,
        _ => Action::Retry,
    }
}

/// Writes a page and syncs it, because the save that follows survives a power cut.
async fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = tokio::fs::File::create(path).await?;
    file.write_all(bytes).await?;
    file.sync_all().await
}

/// Returns the body of the answer to a request by HTTP/1.0, which ends where the connection ends.
async fn get(server: SocketAddr, path: &str) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    stream.write_all(format!("GET /{path} HTTP/1.0\r\n\r\n").as_bytes()).await?;
    let mut answer = BufReader::new(stream);
    let mut status = String::new();
    answer.read_line(&mut status).await?;
    if !status.contains(" 200 ") {
        return Err(Refused(status.trim_end().to_owned()).into());
    }
    let mut line = String::new();
    while answer.read_line(&mut line).await? > "\r\n".len() {
        line.clear();
    }
    let mut body = Vec::new();
    answer.read_to_end(&mut body).await?;
    Ok(body)
}

/// Answers every request with a page, or with the faults that `server` names.
async fn serve(listener: TcpListener, server: Server) -> io::Result<()> {
    for request in 1.. {
        let (stream, _) = listener.accept().await?;
        let fails = server.fail_every.is_some_and(|every| request % every == 0)
            || server.fail_from.is_some_and(|from| request >= from);
        answer(stream, fails, &server.missing).await?;
    }
    Ok(())
}

async fn answer(stream: TcpStream, fails: bool, missing: &[String]) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut request = String::new();
    stream.read_line(&mut request).await?;
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    // Closing the connection with a part of the request unread would reset it.
    while stream.read_line(&mut request).await? > "\r\n".len() {}
    let answer = if fails {
        "HTTP/1.0 503 Service Unavailable\r\n\r\n".to_owned()
    } else if missing.iter().any(|page| path.ends_with(page)) {
        "HTTP/1.0 404 Not Found\r\n\r\n".to_owned()
    } else {
        format!("HTTP/1.0 200 OK\r\n\r\n<h1>{path}</h1>\n")
    };
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}
