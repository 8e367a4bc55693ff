//! Tests handles that are rebuilt on resume: files that continue where they were, sockets, and types of other crates.

use std::cell::Cell;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, LineWriter, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use safe_state::reconnect::{Reconnect, ReconnectError, ReconnectRegistry};
use safe_state::{Error, resumable};
use safe_state_backends::format::Change;
use safe_state_backends::{CarriedChange, FileBackend, LeaseOptions, Store};

#[resumable(name = "convert", state_dir = dir, carry(total), reconnect(out), save_every = every, fresh(fail_at))]
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

#[resumable(name = "lines", state_dir = dir, reconnect(out), fresh(fail_at))]
fn in_lines(dir: &Path, items: &[u32], fail_at: &Cell<Option<u32>>) -> anyhow::Result<()> {
    let mut out = LineWriter::new(File::create(dir.join("lines"))?);
    for item in items {
        write!(out, "{item} ")?;
        anyhow::ensure!(fail_at.get() != Some(*item), "asked to fail");
        if item % 3 == 2 {
            writeln!(out)?;
        }
    }
    Ok(())
}

/// At the end of most items, the writer holds back a part of a line.
#[test]
fn a_file_that_is_written_in_lines_goes_on_within_a_line() {
    for fail_at in 0..8 {
        let dir = tempfile::tempdir().unwrap();
        let stop = Cell::new(Some(fail_at));
        in_lines(dir.path(), &[0, 1, 2, 3, 4, 5, 6, 7], &stop).unwrap_err();
        stop.set(None);
        in_lines(dir.path(), &[0, 1, 2, 3, 4, 5, 6, 7], &stop).unwrap();
        let written = fs::read_to_string(dir.path().join("lines")).unwrap();
        assert_eq!(written, "0 1 2 \n3 4 5 \n6 7 ", "{fail_at}");
    }
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

#[resumable(name = "reader", state_dir = dir, reconnect(input), carry(seen), fresh(fail_at))]
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

/// Completes one line, calls `meanwhile` on the file, and returns why the next run is refused.
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

/// Changes the saved state of `out`, with all checksums right, as anybody can who may write the file.
fn craft(dir: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let backend = Arc::new(FileBackend::new(dir));
    let opening = Store::open(backend, "convert", LeaseOptions::default()).unwrap();
    let found = opening.found().unwrap().clone();
    let stored = found.carried_value("out").unwrap();
    let mut bytes = stored.bytes_of::<BufWriter<File>>("out").unwrap().to_vec();
    change(&mut bytes);
    let crafted = CarriedChange::of_bytes::<BufWriter<File>>("out", Vec::new(), bytes, None);
    let mut store = opening.begin(found).unwrap();
    store.save(Change { carried: crafted.into_iter().collect(), ..Change::default() }).unwrap();
}

fn point_at_the_victim(bytes: &mut [u8]) {
    let at = bytes.windows(7).position(|part| part == b"out.csv").unwrap();
    bytes[at..at + 7].copy_from_slice(b"vic.csv");
}

#[test]
fn a_file_that_the_job_has_not_opened_is_not_reopened() {
    let crafts: [fn(&mut Vec<u8>); 3] = [
        |bytes| point_at_the_victim(bytes),
        // The state has no seal, as in an earlier release.
        |bytes| {
            point_at_the_victim(bytes);
            bytes.truncate(bytes.len() - 20);
        },
        // The state has the seal of another store.
        |bytes| {
            let seal = bytes.len() - 16;
            point_at_the_victim(bytes);
            bytes[seal..].fill(7);
        },
    ];
    for craft_it in crafts {
        let dir = tempfile::tempdir().unwrap();
        let victim = dir.path().join("vic.csv");
        fs::write(&victim, "PRECIOUS AND LONG").unwrap();
        convert(dir.path(), &["one", "two"], 1, &Cell::new(Some(1))).unwrap_err();
        craft(dir.path(), craft_it);
        let error = convert(dir.path(), &["one", "two"], 1, &Cell::new(None)).unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains("nothing says that the job has opened `"), "{error}");
        assert!(error.contains("vic.csv") && error.contains("`$SAFE_STATE_REOPEN`"), "{error}");
        assert_eq!(fs::read(&victim).unwrap(), b"PRECIOUS AND LONG");
    }
}

#[test]
fn a_file_is_not_reopened_through_a_link() {
    let files: [fn(&Path); 2] = [
        |dir| {
            fs::remove_file(dir.join("job/out.csv")).unwrap();
            symlink("../victim/out.csv", dir.join("job/out.csv")).unwrap();
        },
        |dir| {
            fs::rename(dir.join("job"), dir.join("moved")).unwrap();
            symlink("victim", dir.join("job")).unwrap();
            for file in fs::read_dir(dir.join("moved")).unwrap() {
                let name = file.unwrap().file_name();
                if name != "out.csv" {
                    fs::rename(dir.join("moved").join(&name), dir.join("victim").join(&name))
                        .unwrap();
                }
            }
        },
    ];
    for lay in files {
        let dir = tempfile::tempdir().unwrap();
        let [job, victim] = ["job", "victim"].map(|name| dir.path().join(name));
        fs::create_dir(&job).unwrap();
        fs::create_dir(&victim).unwrap();
        fs::write(victim.join("out.csv"), "PRECIOUS AND LONG").unwrap();
        convert(&job, &["one", "two"], 1, &Cell::new(Some(1))).unwrap_err();
        lay(dir.path());
        let error = convert(&job, &["one", "two"], 1, &Cell::new(None)).unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains("`out` cannot be reconnected"), "{error}");
        assert_eq!(fs::read(victim.join("out.csv")).unwrap(), b"PRECIOUS AND LONG", "{error}");
    }
}

#[test]
fn a_path_need_not_be_text() {
    let dir = tempfile::tempdir().unwrap();
    let odd = dir.path().join(OsStr::from_bytes(b"caf\xe9"));
    fs::create_dir(&odd).unwrap();
    let stop = Cell::new(Some(1));
    convert(&odd, &["one", "two"], 1, &stop).unwrap_err();
    stop.set(None);
    convert(&odd, &["one", "two"], 1, &stop).unwrap();
    assert_eq!(fs::read_to_string(odd.join("out.csv")).unwrap(), "0,ONE\n1,TWO\n");
}

#[resumable(name = "odd-path", state_dir = dir, carry(last))]
fn carries_a_path(dir: &Path, items: &[&Path]) -> anyhow::Result<()> {
    let mut last = std::path::PathBuf::new();
    for item in items {
        last = item.to_path_buf();
    }
    Ok(())
}

#[test]
fn a_value_that_cannot_be_saved_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let path = Path::new(OsStr::from_bytes(b"caf\xe9"));
    let error = format!("{:#}", carries_a_path(dir.path(), &[path]).unwrap_err());
    assert!(error.contains("path contains invalid UTF-8 characters"), "{error}");
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
    assert!(error.contains("`fresh(..)`") && !error.contains("clear"), "{error}");
    let fifo = dir.path().join("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let error = format!("{:#}", to_a_pipe(dir.path(), &[1], &fifo).unwrap_err());
    assert!(error.contains("`out` cannot be reconnected"), "{error}");
    assert!(!error.contains("clear"), "nothing is stored yet: {error}");
}

#[resumable(name = "full", state_dir = dir, reconnect(out), durability = "process", fresh(full_at))]
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
    assert!(
        before.contains("open it as something that can be opened again")
            && !before.contains("clear"),
        "{before}"
    );
    let full = said(2);
    assert!(
        full.contains("see to the reason, and run the job again") && !full.contains("clear"),
        "{full}"
    );
    let again = said(2);
    assert!(again.contains("put it back as it was, resume anyway"), "{again}");
}

#[resumable(name = "tcp", state_dir = dir, reconnect(stream), fresh(fail))]
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

/// A type that stands for one of another crate, because it does not implement `Reconnect`.
struct Client {
    url: String,
    opened: u32,
}

#[resumable(name = "client", state_dir = dir, reconnect(client), registry = registry, fresh(fail))]
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
    assert!(
        error.contains("nothing is known of how to rebuild a `loops::reconnect::Client`"),
        "{error}"
    );
    assert!(
        error.contains("register_reconnector::<loops::reconnect::Client, _>(extract, reconnect)"),
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
