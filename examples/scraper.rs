//! Fetches pages and writes each to a file, from a server that fails now and then: run again after
//! a failure, or after a crash, it goes on with the page it was at.
//!
//! ```text
//! cargo run --example scraper -- pages                      # 20 pages, all well
//! cargo run --example scraper -- pages --fail-every 8       # fails at the 8th request
//! cargo run --example scraper -- pages                      # goes on there
//! cargo run --example scraper -- pages --crash-at 5         # dies at the 5th page
//! SAFE_STATE_BACKEND=sqlite:jobs.db cargo run --example scraper -- pages
//! ```
//!
//! It shows an async job. The attribute needs no runtime of its own, and its saves block none. Where
//! its checkpoint lives is for whoever runs it to say: the last line keeps it in a database.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Parser;
use safe_state::resumable;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Fetches pages from a server of its own.
#[derive(Parser)]
struct Options {
    /// Where the pages go.
    out: PathBuf,
    /// How many there are.
    #[arg(long, default_value_t = 20)]
    pages: usize,
    /// The server answers every request of that number with an error.
    #[arg(long)]
    fail_every: Option<usize>,
    /// Abort the process at that page, counted from 0.
    #[arg(long)]
    crash_at: Option<usize>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let server = listener.local_addr()?;
    tokio::spawn(serve(listener, options.fail_every));

    let paths: Vec<String> = (0..options.pages).map(|page| format!("page-{page:03}")).collect();
    tokio::fs::create_dir_all(&options.out).await?;
    if let Some(checkpoint) = scrape::peek_checkpoint()? {
        println!("going on after {}", checkpoint.progress());
    }
    if let Err(error) = scrape(&paths, server, &options.out, options.crash_at).await {
        if let Some(checkpoint) = scrape::peek_checkpoint()? {
            eprintln!("stopped after {}; run again to go on", checkpoint.progress());
        }
        return Err(error);
    }
    println!("{} pages in {}", paths.len(), options.out.display());
    Ok(())
}

#[resumable(name = "scraper")]
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

/// The save that follows survives a power cut, so the page has to.
async fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = tokio::fs::File::create(path).await?;
    file.write_all(bytes).await?;
    file.sync_all().await
}

/// The body of the answer to a request by HTTP/1.0, which ends where the connection does.
async fn get(server: SocketAddr, path: &str) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    stream.write_all(format!("GET /{path} HTTP/1.0\r\n\r\n").as_bytes()).await?;
    let mut answer = BufReader::new(stream);
    let mut status = String::new();
    answer.read_line(&mut status).await?;
    if !status.contains(" 200 ") {
        bail!("the server says: {}", status.trim_end());
    }
    let mut line = String::new();
    while answer.read_line(&mut line).await? > "\r\n".len() {
        line.clear();
    }
    let mut body = Vec::new();
    answer.read_to_end(&mut body).await?;
    Ok(body)
}

/// Answers every request with a page, or now and then with an error.
async fn serve(listener: TcpListener, fail_every: Option<usize>) -> io::Result<()> {
    for request in 1.. {
        let (stream, _) = listener.accept().await?;
        let fails = fail_every.is_some_and(|every| request % every == 0);
        answer(stream, fails).await?;
    }
    Ok(())
}

async fn answer(stream: TcpStream, fails: bool) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut request = String::new();
    stream.read_line(&mut request).await?;
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    // Closing with some of the request unread would reset the connection.
    while stream.read_line(&mut request).await? > "\r\n".len() {}
    let answer = if fails {
        "HTTP/1.0 503 Service Unavailable\r\n\r\n".to_owned()
    } else {
        format!("HTTP/1.0 200 OK\r\n\r\n<h1>{path}</h1>\n")
    };
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}
