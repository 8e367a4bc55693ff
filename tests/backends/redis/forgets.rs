//! Tests a server that forgets: restarted, flushed, short of memory.

use std::cell::RefCell;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use safe_state::backend::{Appended, Error, RedisBackend};
use safe_state::{Backend, Job};
use safe_state_tests::remote::told;
use safe_state_tests::servers::{self, Kind, Server};
use safe_state_tests::{Proxy, Ran, Worker};

use crate::redis::{WORKER, any, by, lease, tell};

fn server() -> (RefCell<Server>, Arc<dyn Backend>) {
    let server = Server::start(Kind::Redis);
    let backend = any(RedisBackend::new(&server.url()).unwrap());
    (RefCell::new(server), backend)
}

/// Runs a job of five items, with `trouble` in the middle. Checks that the job ends well, that each item runs once, and
/// that all that was saved after the trouble is in the store.
fn survives(backend: &Arc<dyn Backend>, name: &str, trouble: impl Fn()) {
    let ran = Ran::default();
    let job = Job::new(name).backend(Arc::clone(backend));
    let done = job.run(0..5, |item| {
        ran.note(item);
        match item {
            2 => trouble(),
            4 => assert_eq!(job.peek_checkpoint()?.unwrap().progress().completed, 4),
            _ => {}
        }
        Ok::<_, safe_state::Error>(())
    });
    done.unwrap();
    assert_eq!(ran.take(), [0, 1, 2, 3, 4]);
    assert!(!backend.exists(name).unwrap());
}

#[test]
fn a_server_that_restarts_with_what_it_had_is_waited_for() {
    let (server, backend) = server();
    survives(&backend, "restarted", || server.borrow_mut().restart());
}

#[test]
fn a_server_that_restarts_with_nothing_is_told_all_again() {
    let (server, backend) = server();
    tell(&server.borrow().url(), &["CONFIG", "SET", "appendonly", "no"]);
    survives(&backend, "emptied", || server.borrow_mut().restart());
}

#[test]
fn a_server_that_restarts_with_an_older_state_is_told_all_again() {
    let (server, backend) = server();
    let (job, ran) = (Job::new("set-back").backend(Arc::clone(&backend)), Ran::default());
    let run = |fails: bool, trouble: &dyn Fn()| {
        job.run(0..4, |item| {
            ran.note(item);
            anyhow::ensure!(!fails || item < 1, "asked to fail");
            match item {
                2 => trouble(),
                3 => assert_eq!(job.peek_checkpoint()?.unwrap().progress().completed, 3),
                _ => {}
            }
            Ok(())
        })
    };
    run(true, &|| ()).unwrap_err();
    // From here on, the server writes nothing to the file that it reads when it starts.
    tell(&server.borrow().url(), &["CONFIG", "SET", "appendonly", "no"]);
    run(false, &|| server.borrow_mut().restart()).unwrap();
    assert_eq!(ran.take(), [0, 1, 1, 2, 3]);
}

#[test]
fn what_is_flushed_or_evicted_under_a_run_is_saved_again() {
    let (server, backend) = server();
    let url = server.borrow().url();
    for lost in [
        &["FLUSHALL"][..],
        &["DEL", "{safe_state}:lease:lost"],
        &["DEL", "{safe_state}:checkpoint:lost"],
    ] {
        survives(&backend, "lost", || tell(&url, lost));
    }
}

#[test]
fn a_record_is_not_put_behind_an_older_state() {
    let (server, _) = server();
    let url = server.borrow().url();
    let backend = by(&url, "older");
    let mut lease = lease(&backend);
    lease.save(b"newer").unwrap();
    tell(&url, &["DEL", "{older}:lease:job"]);
    tell(&url, &["LSET", "{older}:checkpoint:job", "0", "older"]);
    assert_eq!(lease.append(b"record").unwrap(), Appended::No);
}

#[test]
fn a_run_that_was_cut_off_too_long_is_no_match_for_a_flush() {
    let server = Server::start(Kind::Redis);
    let proxy = Proxy::to(server.address());
    let url = servers::at(&server.url(), proxy.address());
    let backend = by(&url, "flushed").lease_time(Duration::from_millis(300));
    let mut lease = lease(&backend);
    lease.save(b"state").unwrap();
    proxy.cut();
    thread::sleep(Duration::from_millis(400));
    tell(&server.url(), &["FLUSHALL"]);
    proxy.restore();
    let error = lease.save(b"state").unwrap_err();
    assert!(told(&error).contains("the server has forgotten the lease"), "{}", told(&error));
    assert_eq!(backend.load("job").unwrap(), None);
}

#[test]
fn a_run_that_was_paused_too_long_does_not_undo_a_flush() {
    let server = Server::start(Kind::Redis);
    let lease = Duration::from_secs(1);
    let worker = Worker::holding_on(WORKER, &server.url(), "paused", lease);
    worker.send("STOP");
    thread::sleep(2 * lease);
    tell(&server.url(), &["FLUSHALL"]);
    worker.send("CONT");
    let said = worker.fails();
    assert!(said.contains("the server has forgotten the lease"), "{said}");
    let backend = RedisBackend::new(&server.url()).unwrap();
    assert_eq!(backend.load("paused").unwrap(), None);
}

#[test]
fn an_epoch_comes_once_whatever_is_flushed() {
    let (server, _) = server();
    let url = server.borrow().url();
    let backend = by(&url, "epochs");
    // An epoch that only counted leases would begin anew after the flush, below the zombie's.
    (0..3).for_each(|_| drop(lease(&backend)));
    let mut zombie = lease(&backend);
    tell(&url, &["FLUSHALL"]);
    let mut heir = lease(&backend);
    heir.save(b"new").unwrap();
    assert!(matches!(zombie.save(b"old"), Err(Error::LeaseLost { holder: Some(_), .. })));
    drop(zombie);
    heir.append(b"er").unwrap();
    assert_eq!(backend.load("job").unwrap().as_deref(), Some(&b"newer"[..]));
}

#[test]
fn a_full_memory_is_told_and_what_was_saved_is_there() {
    let (server, _) = server();
    let url = server.borrow().url();
    let backend = by(&url, "full");
    let mut lease = lease(&backend);
    lease.save(b"old").unwrap();
    tell(&url, &["CONFIG", "SET", "maxmemory", "1"]);
    for tried in [lease.append(b"er").map(drop), lease.save(b"new")] {
        let error = told(&tried.unwrap_err());
        assert!(error.contains("maxmemory"), "{error}");
    }
    assert_eq!(backend.load("job").unwrap().as_deref(), Some(&b"old"[..]));
    tell(&url, &["CONFIG", "SET", "maxmemory", "0"]);
    lease.save(b"new").unwrap();
    assert_eq!(lease.append(b"er").unwrap(), Appended::Yes);
}
