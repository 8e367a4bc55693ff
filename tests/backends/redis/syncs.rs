//! Tests that a save waits for the sync. Redis 7.2 and later tell when they have synced; Debian's is older, so these
//! tests pretend to be a server.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use safe_state::backend::{Appended, Lease, LeaseOptions, RedisBackend};
use safe_state::{Backend, Durability};

use safe_state_tests::remote::told;

/// A pretended server that grants every lease and every claim, and gives a fixed answer to `WAITAOF`.
struct Pretended {
    url: String,
    /// The `WAITAOF` commands that the server received.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Pretended {
    fn answering(waited: &'static str) -> Self {
        Pretended::set_to("everysec", waited)
    }

    /// `syncs` is the server's `appendfsync`.
    fn set_to(syncs: &'static str, waited: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&asked);
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, notes) = (client.unwrap(), Arc::clone(&notes));
                thread::spawn(move || serve(&client, syncs, waited, &notes));
            }
        });
        Pretended { url, asked }
    }

    fn lease(&self, durability: Durability) -> Box<dyn Lease> {
        let backend = RedisBackend::new(&self.url).unwrap().retry_time(Duration::from_millis(500));
        Arc::new(backend).lease("job", LeaseOptions::new(durability)).unwrap()
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

fn serve(mut client: &TcpStream, syncs: &str, waited: &str, notes: &Mutex<Vec<String>>) {
    let set = format!("*2\r\n$11\r\nappendfsync\r\n${}\r\n{syncs}\r\n", syncs.len());
    let mut commands = BufReader::new(client);
    while let Some(command) = next(&mut commands) {
        let answer = match command.first().map(String::as_str) {
            Some("EVALSHA") => "*3\r\n$4\r\ndone\r\n$1\r\n1\r\n$-1\r\n",
            Some("CONFIG") => &set,
            Some("HGET") => "$1\r\n1\r\n",
            Some("WAITAOF") => {
                notes.lock().unwrap().push(command.join(" "));
                waited
            }
            _ => "+OK\r\n",
        };
        client.write_all(answer.as_bytes()).unwrap();
    }
}

/// Returns the words of the next command; `None` if no more commands come.
fn next(commands: &mut impl BufRead) -> Option<Vec<String>> {
    let mut line = String::new();
    commands.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let words = line.trim_end().strip_prefix('*')?.parse().ok()?;
    let mut word = || {
        let mut length = String::new();
        commands.read_line(&mut length).ok()?;
        let mut word = vec![0; length.trim_end().strip_prefix('$')?.parse::<usize>().ok()? + 2];
        commands.read_exact(&mut word).ok()?;
        Some(String::from_utf8_lossy(&word).trim_end().to_owned())
    };
    (0..words).map(|_: usize| word()).collect()
}

#[test]
fn a_save_waits_until_it_is_synced() {
    let server = Pretended::answering("*2\r\n:1\r\n:0\r\n");
    let mut lease = server.lease(Durability::Power);
    lease.save(b"state").unwrap();
    assert_eq!(lease.append(b"record").unwrap(), Appended::Yes);
    lease.delete().unwrap();
    assert_eq!(server.asked(), ["WAITAOF 1 0 15000"; 3]);
}

#[test]
fn what_need_not_survive_the_power_is_not_waited_for() {
    let server = Pretended::answering("*2\r\n:1\r\n:0\r\n");
    let mut lease = server.lease(Durability::Process);
    lease.save(b"state").unwrap();
    assert_eq!(lease.append(b"record").unwrap(), Appended::Yes);
    assert_eq!(server.asked(), [""; 0]);
}

#[test]
fn a_save_that_is_not_synced_is_an_error() {
    let server = Pretended::answering("*2\r\n:0\r\n:0\r\n");
    let mut lease = server.lease(Durability::Power);
    let error = told(&lease.save(b"state").unwrap_err());
    assert!(error.contains("did not sync in time"), "{error}");
    assert!(server.asked().len() > 1, "it was tried again");
}

#[test]
fn a_server_that_never_syncs_is_not_waited_for() {
    let server = Pretended::set_to("no", "*2\r\n:0\r\n:0\r\n");
    let mut lease = server.lease(Durability::Power);
    lease.save(b"state").unwrap();
    assert_eq!(lease.append(b"record").unwrap(), Appended::Yes);
    assert_eq!(server.asked(), [""; 0]);
}

#[test]
fn a_server_that_cannot_tell_is_asked_once() {
    let server = Pretended::answering("-ERR unknown command 'WAITAOF'\r\n");
    let mut lease = server.lease(Durability::Power);
    lease.save(b"state").unwrap();
    assert_eq!(lease.append(b"record").unwrap(), Appended::Yes);
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn a_right_that_is_missing_is_no_server_that_cannot_tell() {
    let server =
        Pretended::answering("-NOPERM User me has no permissions to run the 'waitaof' command\r\n");
    let mut lease = server.lease(Durability::Power);
    for _ in 0..2 {
        let error = told(&lease.save(b"state").unwrap_err());
        assert!(error.contains("no permissions to run the 'waitaof' command"), "{error}");
    }
}

#[test]
fn a_server_that_is_a_replica_by_now_is_tried_again() {
    let server = Pretended::answering("-ERR WAITAOF cannot be used with replica instances.\r\n");
    let mut lease = server.lease(Durability::Power);
    let error = told(&lease.save(b"state").unwrap_err());
    assert!(error.contains("replica instances") && error.contains("until the time"), "{error}");
    assert!(server.asked().len() > 1, "it was tried again");
}
