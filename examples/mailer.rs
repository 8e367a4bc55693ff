//! Sends mails by an API that knows idempotency keys. Each mail goes out once, however often the reply is lost, the
//! program dies, or the API is down.
//!
//! ```text
//! cargo run --example mailer -- mails.txt --api 127.0.0.1:8025
//! cargo run --example mailer -- mails.txt --api 127.0.0.1:8025 --crash-at 5   # dies with mail 5 sent
//! cargo run --example mailer -- mails.txt --api 127.0.0.1:8025                # goes on there
//! cargo run --example mailer -- mails.txt --api 127.0.0.1:8025 --retry        # those that were refused
//! ```
//!
//! `mails.txt` has a line for each mail: its id, the address, and the text. The id is the key by which the job knows
//! the mail again. The API is told the id too, so a request that was carried out, but not answered, can be made again.
//! Mails that the API refuses for good become dead letters.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Parser;
use safe_state::{Action, Backoff, ErrorContext, resumable};

/// Sends mails.
#[derive(Parser)]
struct Options {
    /// A file with a line for each mail: `ID ADDRESS TEXT`.
    mails: PathBuf,
    /// The host and port of the API.
    #[arg(long)]
    api: String,
    /// Try again the mails that were given up.
    #[arg(long)]
    retry: bool,
    /// Abort the process once the mail with this id has been sent.
    #[arg(long)]
    crash_at: Option<String>,
}

struct Mail {
    id: String,
    address: String,
    text: String,
}

/// An answer of the API that is not `200 OK`.
#[derive(Debug, thiserror::Error)]
#[error("the API says: {0} {1}")]
struct Refused(u16, String);

fn main() -> Result<()> {
    let options = Options::parse();
    let mails = read(&options.mails)?;
    if options.retry {
        println!("{} to be tried again", send_all::retry_dead_letters()?);
    }
    send_all(&mails, &options.api, options.crash_at.as_deref())?;
    let Some(checkpoint) = send_all::peek_checkpoint()? else {
        println!("all {} sent", mails.len());
        return Ok(());
    };
    for letter in checkpoint.dead_letters() {
        println!("given up: {}", letter.failure());
    }
    Ok(())
}

#[resumable(
    name = "mailer",
    key = |mail| &mail.id,
    max_attempts = 5,
    backoff = Backoff::exponential("20ms", "1s"),
    on_error = decide,
    capture(to = %mail.address), fresh(api, crash_at))]
fn send_all(mails: &[Mail], api: &str, crash_at: Option<&str>) -> Result<()> {
    for mail in mails {
        send(api, mail).with_context(|| format!("cannot send {}", mail.id))?;
        if crash_at == Some(&mail.id) {
            std::process::abort();
        }
    }
    Ok(())
}

/// Decides what happens to a mail that failed. The API will refuse again what it refuses; any other error may pass.
fn decide(error: &ErrorContext) -> Action {
    match error.downcast_ref() {
        Some(Refused(400..500, _)) => Action::DeadLetter,
        _ => Action::Retry,
    }
}

/// Posts a mail under its key, by HTTP/1.0.
fn send(api: &str, Mail { id, address, text }: &Mail) -> Result<()> {
    let mut stream = TcpStream::connect(api)?;
    let length = text.len();
    write!(
        stream,
        "POST /mails/{address} HTTP/1.0\r\nIdempotency-Key: {id}\r\nContent-Length: {length}\r\n\r\n{text}"
    )?;
    let mut status = String::new();
    BufReader::new(stream).read_line(&mut status)?;
    let mut words = status.trim_end().splitn(3, ' ').skip(1);
    // Without an answer, the API may have sent the mail all the same.
    let code = words.next().context("the API has not answered")?;
    match code.parse()? {
        200 => Ok(()),
        code => Err(Refused(code, words.collect()).into()),
    }
}

fn read(path: &PathBuf) -> Result<Vec<Mail>> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    text.lines().map(|line| parse(line).with_context(|| format!("no mail: {line}"))).collect()
}

fn parse(line: &str) -> Option<Mail> {
    let mut parts = line.splitn(3, ' ').map(str::to_owned);
    Some(Mail { id: parts.next()?, address: parts.next()?, text: parts.next()? })
}
