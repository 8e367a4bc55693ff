//! A network that fails, and runs that lose their lease by it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use safe_state::backend::network::Timeouts;
use safe_state::backend::{Appended, Error, LeaseOptions, RedisBackend};
use safe_state::{Backend, Job};
use safe_state_tests::servers::{self, Kind, Server};
use safe_state_tests::{Proxy, Ran};

use crate::job::{survives, told, turns_of_others};
use crate::{again, any, by, lease, tell};

fn through(proxy: &Proxy, prefix: &str) -> RedisBackend {
    by(&servers::at(&servers::redis_url(), proxy.address()), prefix)
}

fn proxy() -> Proxy {
    Proxy::to(servers::address(&servers::redis_url()))
}

#[test]
fn an_executor_is_not_blocked_by_a_slow_server() {
    let proxy = proxy();
    proxy.delay(Duration::from_millis(50));
    let turns = turns_of_others(&any(through(&proxy, "slow")));
    assert!(turns > 100, "{turns}");
}

#[test]
fn a_connection_that_breaks_is_made_anew() {
    for (name, trouble) in [
        ("cut", Proxy::cut as fn(&Proxy)),
        ("half-closed", Proxy::half_close),
        ("silent", |proxy| proxy.delay(Duration::MAX)),
    ] {
        let proxy = proxy();
        let short =
            Timeouts { connect: Duration::from_millis(500), statement: Duration::from_millis(500) };
        let backend = any(through(&proxy, name).timeouts(short));
        thread::scope(|scope| {
            survives(&backend, name, || {
                trouble(&proxy);
                scope.spawn(|| {
                    thread::sleep(Duration::from_millis(700));
                    proxy.restore();
                });
            });
        });
    }
}

#[test]
fn a_server_that_stays_away_ends_the_run_in_time() {
    let mut server = Server::start(Kind::Redis);
    let backend = RedisBackend::new(&server.url()).unwrap().retry_time(Duration::from_secs(1));
    let ran = Ran::default();
    let job = Job::new("left").backend(any(backend));
    let began = Instant::now();
    let left = job.run(0..5, |item| {
        ran.note(item);
        if item == 2 {
            server.kill();
        }
        Ok::<_, safe_state::Error>(())
    });
    let error = told(&left.unwrap_err());
    assert!(error.contains("was tried until the time for it was up"), "{error}");
    assert!(!error.contains(password()), "{error}");
    assert_eq!(ran.take(), [0, 1, 2], "no more is done than could be saved");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    server.restart();
    assert_eq!(job.peek_checkpoint().unwrap().unwrap().progress().completed, 2);
}

fn password() -> &'static str {
    static PASSWORD: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    PASSWORD.get_or_init(|| servers::redis_url().split([':', '@']).nth(2).unwrap().to_owned())
}

#[test]
fn who_was_paused_too_long_saves_nothing_more() {
    const TEST: &str = "network::who_was_paused_too_long_saves_nothing_more";
    let Some(zombie) = Zombie::start(TEST, &servers::redis_url()) else { return };
    let backend = zombie.backend.clone();
    let mut heir = loop {
        match Arc::new(backend.clone()).lease("job", LeaseOptions::default()) {
            Err(Error::Held { .. }) => assert!(zombie.began.elapsed() < Duration::from_secs(10)),
            taken => break taken.unwrap(),
        }
        thread::sleep(Duration::from_millis(20));
    };
    heir.save(b"new").unwrap();
    let said = zombie.go_on();
    let by = format!("pid {} on host", std::process::id());
    assert!(said.contains("taken over") && said.contains(&by), "{said}");
    assert_eq!(heir.append(b"er").unwrap(), Appended::Yes);
    assert_eq!(backend.load("job").unwrap().as_deref(), Some(&b"newer"[..]));
    heir.delete().unwrap();
}

#[test]
fn who_was_paused_too_long_does_not_undo_a_flush() {
    const TEST: &str = "network::who_was_paused_too_long_does_not_undo_a_flush";
    let server = Server::start(Kind::Redis);
    let Some(zombie) = Zombie::start(TEST, &server.url()) else { return };
    let backend = zombie.backend.clone();
    thread::sleep(2 * PAUSED);
    tell(&server.url(), &["FLUSHALL"]);
    let said = zombie.go_on();
    assert!(said.contains("the server has forgotten the lease"), "{said}");
    assert_eq!(backend.load("job").unwrap(), None);
}

/// How long a lease lasts of one who is paused.
const PAUSED: Duration = Duration::from_millis(500);

/// Where a process is told which server to hold a lease on.
const ZOMBIE: &str = "SAFE_STATE_TEST_ZOMBIE";

/// A process that holds a lease, and is paused.
struct Zombie {
    process: Child,
    said: BufReader<ChildStdout>,
    backend: RedisBackend,
    began: Instant,
}

impl Zombie {
    /// Runs a test again, to be the process; that one gets none.
    fn start(test: &str, url: &str) -> Option<Self> {
        if let Ok(url) = std::env::var(ZOMBIE) {
            be_one(&by(&url, "paused").lease_time(PAUSED));
            return None;
        }
        let mut process = again(test)
            .env(ZOMBIE, url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("holding") {
            line.clear();
            assert_ne!(said.read_line(&mut line).unwrap(), 0, "it has ended");
        }
        let backend = by(url, "paused").lease_time(PAUSED);
        let zombie = Zombie { process, said, backend, began: Instant::now() };
        zombie.signal("STOP");
        Some(zombie)
    }

    /// What it says after the pause.
    fn go_on(mut self) -> String {
        self.signal("CONT");
        drop(self.process.stdin.take());
        let mut said = String::new();
        self.said.read_to_string(&mut said).unwrap();
        assert!(self.process.wait().unwrap().success(), "{said}");
        said
    }

    fn signal(&self, signal: &str) {
        let kill = format!("kill -s {signal} {}", self.process.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }
}

fn be_one(backend: &RedisBackend) {
    let mut lease = lease(backend);
    lease.save(b"old").unwrap();
    println!("holding");
    std::io::stdin().read_to_string(&mut String::new()).unwrap();
    println!("{}", told(&lease.save(b"older").unwrap_err()));
    assert_ne!(lease.append(b"er").ok(), Some(Appended::Yes));
}

impl Drop for Zombie {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
