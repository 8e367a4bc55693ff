//! Tests servers and networks that fail in mid-job.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use safe_state::backend::{Backend, LeaseOptions};
use safe_state::{Error, Job};

use super::{LONG, backend, told};
use crate::servers::{self, Kind, Server};
use crate::{Proxy, Ran};

const ITEMS: u64 = 6;

/// Runs a job of [`ITEMS`] items, each of which has its `trouble`.
fn run(backend: &Arc<dyn Backend>, mut trouble: impl FnMut(u64)) {
    let ran = Ran::default();
    let job = Job::new("trouble").backend(Arc::clone(backend));
    let done = job.run(0..ITEMS, |item| {
        ran.note(item);
        trouble(item);
        let stored = job.peek_checkpoint()?;
        assert_eq!(stored.map(|stored| stored.progress().completed), Some(item));
        Ok::<_, Error>(())
    });
    done.unwrap();
    assert_eq!(ran.take(), (0..ITEMS).collect::<Vec<_>>());
    assert_eq!(job.peek_checkpoint().unwrap(), None);
}

/// Checks that a server that is killed and comes back in mid-job costs time alone.
pub fn troubled_server(kind: Kind) {
    let mut server = Server::start(kind);
    let backend = backend(&server.url(), LONG);
    run(&backend, |item| {
        if item % 2 == 1 {
            server.restart();
        }
    });
    server.kill();
    let began = Instant::now();
    let gone = backend.load("trouble").unwrap_err();
    assert!(told(&gone).contains("until the time for it was up"), "{}", told(&gone));
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
}

/// Checks that connections that break, stall, or end on one side in mid-job cost time alone.
pub fn troubled_network(url: &str) {
    let proxy = Proxy::to(servers::address(url));
    let backend = backend(&servers::at(url, proxy.address()), LONG);
    let later = Duration::from_millis(300);
    run(&backend, |item| {
        match item {
            0 => proxy.cut(),
            1 => proxy.half_close(),
            2 => proxy.delay(Duration::from_millis(20)),
            3 => proxy.delay(Duration::MAX),
            _ => {}
        }
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(later);
                proxy.restore();
            });
        });
    });
}

/// Checks that a silent server is given up in time: on a connection that exists, and on one that is to be made.
pub fn hung_server(url: &str) {
    let proxy = Proxy::to(servers::address(url));
    let backend = backend(&servers::at(url, proxy.address()), LONG);
    let mut lease = Arc::clone(&backend).lease("hung", LeaseOptions::default()).unwrap();
    lease.save(b"a").unwrap();
    proxy.delay(Duration::MAX);
    let began = Instant::now();
    // A statement and a connection take a second each, and the retries take the rest of 20 seconds.
    lease.append(b"b").unwrap();
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    let silence = backend.load("hung").unwrap_err();
    assert!(told(&silence).contains("no answer within 1s"), "{}", told(&silence));
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    let silence = lease.save(b"ab").unwrap_err();
    assert!(told(&silence).contains("no answer within 1s"), "{}", told(&silence));
    assert!(began.elapsed() < Duration::from_secs(120), "{:?}", began.elapsed());
    proxy.restore();
    lease.save(b"abc").unwrap();
    // The record that was held back has arrived by now, and did nothing.
    thread::sleep(Duration::from_millis(200));
    assert_eq!(backend.load("hung").unwrap().as_deref(), Some(&b"abc"[..]));
    lease.delete().unwrap();
}
