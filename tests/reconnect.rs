//! Handles that are rebuilt on resume: files that continue where they were, sockets, and types of
//! other crates.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use safe_state::reconnect::{Reconnect, ReconnectError, ReconnectRegistry};
use safe_state::{Error, resumable};

#[resumable(name = "convert", state_dir = dir, carry(total), reconnect(out), save_every = every)]
fn convert(
    dir: &Path,
    lines: &[&str],
    every: u64,
    fail_at: &Cell<Option<usize>>,
) -> anyhow::Result<u64> {
    let mut out = BufWriter::new(File::create(dir.join("out.csv"))?);
    let mut total = 0;
    for (at, line) in lines.iter().enumerate() {
        writeln!(out, "{at},{}", line.to_uppercase())?;
        total += line.len() as u64;
        if fail_at.get() == Some(at) {
            out.flush()?;
            anyhow::bail!("line {at}");
        }
    }
    out.flush()?;
    Ok(total)
}

#[test]
fn an_output_file_holds_each_items_output_once() {
    let lines: Vec<&str> = "the quick brown fox jumps over the lazy dog".split(' ').collect();
    let dir = tempfile::tempdir().unwrap();
    let expected = convert(dir.path(), &lines, 1, &Cell::new(None)).unwrap();
    let whole = fs::read_to_string(dir.path().join("out.csv")).unwrap();
    for every in [1, 2, 4] {
        for fail_at in 0..lines.len() {
            let dir = tempfile::tempdir().unwrap();
            let stop = Cell::new(Some(fail_at));
            convert(dir.path(), &lines, every, &stop).unwrap_err();
            convert(dir.path(), &lines, every, &stop).unwrap_err();
            stop.set(None);
            assert_eq!(convert(dir.path(), &lines, every, &stop).unwrap(), expected);
            assert_eq!(
                fs::read_to_string(dir.path().join("out.csv")).unwrap(),
                whole,
                "{every} {fail_at}"
            );
        }
    }
}

#[resumable(name = "reader", state_dir = dir, reconnect(input), carry(seen))]
fn read_in_pairs(dir: &Path, count: usize, fail_at: Option<usize>) -> anyhow::Result<Vec<String>> {
    let mut input = BufReader::new(File::open(dir.join("input"))?);
    let mut seen = Vec::new();
    for at in 0..count {
        let mut line = String::new();
        input.read_line(&mut line)?;
        seen.push(line.trim().to_owned());
        anyhow::ensure!(fail_at != Some(at), "stopped");
    }
    Ok(seen)
}

#[test]
fn an_input_file_is_read_on() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("input"), "a\nb\nc\nd\n").unwrap();
    read_in_pairs(dir.path(), 4, Some(2)).unwrap_err();
    assert_eq!(read_in_pairs(dir.path(), 4, None).unwrap(), ["a", "b", "c", "d"]);
}

/// One line done, and the file then treated by `meanwhile`.
fn refused(meanwhile: impl FnOnce(&Path)) -> String {
    let dir = tempfile::tempdir().unwrap();
    let lines = ["one", "two", "three"];
    convert(dir.path(), &lines, 1, &Cell::new(Some(1))).unwrap_err();
    meanwhile(&dir.path().join("out.csv"));
    let error = convert(dir.path(), &lines, 1, &Cell::new(None)).unwrap_err();
    format!("{error:#}")
}

#[test]
fn a_file_that_is_not_what_it_was_is_refused() {
    let gone = refused(|file| fs::remove_file(file).unwrap());
    assert!(gone.contains("in job `convert`, `out` cannot be reconnected; put it back"), "{gone}");
    let shorter = refused(|file| fs::write(file, "").unwrap());
    assert!(shorter.contains("has 0 bytes, but had 6 when the progress was saved"), "{shorter}");
}

#[resumable(name = "deleted", state_dir = dir, reconnect(out))]
fn to_a_deleted_file(dir: &Path, items: &[u8]) -> anyhow::Result<()> {
    let mut out = {
        let out = File::create(dir.join("gone"))?;
        fs::remove_file(dir.join("gone"))?;
        out
    };
    for item in items {
        panic!("item {item} has no file to be written to");
    }
    Ok(())
}

#[resumable(name = "pipe", state_dir = dir, reconnect(out))]
fn to_a_pipe(dir: &Path, items: &[u8], fifo: &Path) -> anyhow::Result<()> {
    let mut out = File::options().read(true).write(true).open(fifo)?;
    for item in items {
        out.write_all(&[*item])?;
    }
    Ok(())
}

#[test]
fn what_cannot_be_opened_again_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let error = format!("{:#}", to_a_deleted_file(dir.path(), &[1]).unwrap_err());
    assert!(error.contains("has been deleted or replaced"), "{error}");
    assert!(error.contains("`fresh(out)`") && !error.contains("clear"), "{error}");
    let fifo = dir.path().join("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let error = format!("{:#}", to_a_pipe(dir.path(), &[1], &fifo).unwrap_err());
    assert!(error.contains("`out` cannot be reconnected"), "{error}");
}

#[resumable(name = "full", state_dir = dir, reconnect(out), durability = "process")]
fn to_a_full_disk(dir: &Path, items: &[u8], full_at: u8) -> Result<(), Error> {
    let mut out = FullDisk(full_at == 0);
    for item in items {
        out.0 = *item == full_at;
    }
    Ok(())
}

/// A handle whose disk may be full.
struct FullDisk(bool);

impl Reconnect for FullDisk {
    type Meta = ();

    fn extract(&mut self) -> Result<(), ReconnectError> {
        if self.0 { Err(ReconnectError::new("no space left")) } else { Ok(()) }
    }

    fn reconnect((): ()) -> Result<Self, ReconnectError> {
        Err(ReconnectError::new("it is gone"))
    }
}

#[test]
fn the_advice_fits_what_has_gone_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let said = |full_at| to_a_full_disk(dir.path(), &[1, 2, 3], full_at).unwrap_err().to_string();
    let before = said(0);
    assert!(before.contains("before it is used") && !before.contains("clear"), "{before}");
    let full = said(2);
    assert!(full.contains("mend the cause and run it again") && !full.contains("clear"), "{full}");
    let again = said(2);
    assert!(again.contains("put it back as it was, or clear the checkpoint"), "{again}");
}

#[resumable(name = "tcp", state_dir = dir, reconnect(stream))]
fn send(dir: &Path, items: &[u8], stream: &mut TcpStream, fail: bool) -> anyhow::Result<()> {
    for item in items {
        anyhow::ensure!(!fail || *item != 3, "stopped");
        stream.write_all(&[*item])?;
    }
    Ok(())
}

#[test]
fn a_socket_is_connected_again() {
    let dir = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let received = std::thread::spawn(move || {
        listener
            .incoming()
            .take(3)
            .map(|stream| {
                let mut bytes = Vec::new();
                stream.unwrap().read_to_end(&mut bytes).unwrap();
                bytes
            })
            .collect::<Vec<_>>()
    });
    send(dir.path(), &[1, 2, 3, 4], &mut TcpStream::connect(address).unwrap(), true).unwrap_err();
    send(dir.path(), &[1, 2, 3, 4], &mut TcpStream::connect(address).unwrap(), false).unwrap();
    assert_eq!(received.join().unwrap(), [vec![1, 2], vec![], vec![3, 4]]);
}

/// Of another crate, for all that this one may do with it.
struct Client {
    url: String,
    opened: u32,
}

#[resumable(name = "client", state_dir = dir, reconnect(client), registry = registry)]
fn call(
    dir: &Path,
    items: &[u8],
    registry: &ReconnectRegistry,
    fail: bool,
) -> anyhow::Result<(String, u32)> {
    let mut client: Client = Client { url: "first".to_owned(), opened: 1 };
    for item in items {
        anyhow::ensure!(!fail || *item != 2, "stopped");
        client.url.push('!');
    }
    Ok((client.url, client.opened))
}

#[test]
fn a_type_of_another_crate_is_rebuilt_by_the_registry() {
    let dir = tempfile::tempdir().unwrap();
    let empty = ReconnectRegistry::default();
    let error = format!("{:#}", call(dir.path(), &[1, 2, 3], &empty, false).unwrap_err());
    assert!(error.contains("nothing is known of how to rebuild a `reconnect::Client`"), "{error}");
    assert!(
        error.contains("register_reconnector::<reconnect::Client, _>(extract, reconnect)"),
        "{error}"
    );

    let registry = ReconnectRegistry::default();
    registry.register::<Client, _>(
        |client| Ok((client.url.clone(), client.opened)),
        |(url, opened): (String, u32)| {
            if url.is_empty() {
                return Err(ReconnectError::new("no url"));
            }
            Ok(Client { url, opened: opened + 1 })
        },
    );
    call(dir.path(), &[1, 2, 3], &registry, true).unwrap_err();
    assert_eq!(call(dir.path(), &[1, 2, 3], &registry, false).unwrap(), ("first!!!".to_owned(), 2));
}
