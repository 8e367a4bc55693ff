//! Tests of leases, fences and troubles, on a server that fails when told to.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::NetworkBackend;
use super::fake::{Fault, Server};
use safe_state_backends::Process;
use safe_state_backends::{
    Appended, Backend, Checkpoint, Completed, Cut, Error, Head, Lease, LeaseOptions, SharedJob,
    Slices, begun_slices,
};

const JOB: &str = "job";
/// The lease time: long enough for a thread on a busy machine to renew it in time.
const LEASE: Duration = Duration::from_secs(2);

fn backend(server: &Server) -> Arc<NetworkBackend<Server>> {
    let backend = NetworkBackend::on(server.clone());
    Arc::new(backend.lease_time(LEASE).retry_time(Duration::from_secs(5)))
}

fn try_lease(server: &Server) -> Result<Box<dyn Lease>, Error> {
    backend(server).lease(JOB, LeaseOptions::default())
}

fn lease(server: &Server) -> Box<dyn Lease> {
    try_lease(server).unwrap()
}

fn loaded(server: &Server) -> Option<Vec<u8>> {
    backend(server).load(JOB).unwrap()
}

fn is_held(server: &Server) -> bool {
    matches!(try_lease(server), Err(Error::Held { .. }))
}

#[test]
fn an_append_of_unknown_outcome_asks_for_a_whole_save() {
    for fault in [Fault::Before, Fault::After] {
        let server = Server::default();
        let mut lease = lease(&server);
        lease.save(b"a").unwrap();
        assert_eq!(lease.append(b"b").unwrap(), Appended::Yes);
        server.disturb("append", fault, 1);
        assert_eq!(lease.append(b"c").unwrap(), Appended::No);
        assert_eq!(lease.append(b"c").unwrap(), Appended::No, "nothing is known of what is there");
        lease.save(b"abc").unwrap();
        assert_eq!(lease.append(b"d").unwrap(), Appended::Yes);
        assert_eq!(loaded(&server).as_deref(), Some(&b"abcd"[..]));
    }
}

#[test]
fn what_an_earlier_connection_asked_for_does_nothing_when_it_arrives() {
    let server = Server::default();
    let mut lease = lease(&server);
    lease.save(b"a").unwrap();
    server.disturb("append", Fault::Late, 1);
    assert_eq!(lease.append(b"b").unwrap(), Appended::No);
    lease.save(b"ab").unwrap();
    server.deliver();
    assert_eq!(loaded(&server).as_deref(), Some(&b"ab"[..]));
    server.disturb("save", Fault::Late, 1);
    lease.save(b"old").unwrap();
    lease.save(b"new").unwrap();
    server.deliver();
    assert_eq!(loaded(&server).as_deref(), Some(&b"new"[..]));
}

#[test]
fn the_first_append_on_a_new_connection_asks_for_a_whole_save() {
    let server = Server::default();
    let mut lease = lease(&server);
    lease.save(b"a").unwrap();
    server.disturb("renew", Fault::Before, 1);
    thread::sleep(LEASE * 2 / 3);
    assert_eq!(lease.append(b"b").unwrap(), Appended::No);
    lease.save(b"ab").unwrap();
    assert_eq!(lease.append(b"c").unwrap(), Appended::Yes);
}

#[test]
fn a_lease_taken_up_again_whose_answer_was_lost_is_ours() {
    let server = Server::default();
    let mut lease = lease(&server);
    server.disturb("save", Fault::Before, 1);
    server.disturb("resume", Fault::After, 2);
    lease.save(b"a").unwrap();
    assert_eq!(loaded(&server).as_deref(), Some(&b"a"[..]));
}

#[test]
fn what_may_pass_is_tried_again_on_a_new_connection() {
    for fault in [Fault::Before, Fault::After] {
        let server = Server::default();
        let mut lease = lease(&server);
        server.disturb("save", fault, 2);
        lease.save(b"a").unwrap();
        assert_eq!(server.connections(), 3);
        server.disturb("connect", fault, 2);
        server.disturb("delete", fault, 1);
        lease.delete().unwrap();
        assert_eq!(loaded(&server), None);
    }
}

#[test]
fn a_lease_whose_answer_was_lost_is_ours() {
    let server = Server::default();
    server.disturb("acquire", Fault::After, 2);
    lease(&server).save(b"a").unwrap();
    assert_eq!(loaded(&server).as_deref(), Some(&b"a"[..]));
}

#[test]
fn tries_come_to_an_end() {
    let server = Server::default();
    let limit = Duration::from_millis(200);
    let backend = Arc::new(NetworkBackend::on(server.clone()).retry_time(limit));
    let mut lease = Arc::clone(&backend).lease(JOB, LeaseOptions::default()).unwrap();
    server.disturb("connect", Fault::Before, 1000);
    server.disturb("save", Fault::Before, 1);
    let began = Instant::now();
    let error = lease.save(b"a").unwrap_err();
    let took = began.elapsed();
    assert!(limit <= took && took < Duration::from_secs(60), "{took:?}");
    assert_eq!(error.to_string(), "saving failed for job `job`");
    let place = std::error::Error::source(&error).unwrap();
    assert_eq!(place.to_string(), "`fake://server` was tried until the time for it was up");
    assert_eq!(place.source().unwrap().to_string(), "the connection broke");
    backend.load(JOB).unwrap_err();
    assert!(matches!(backend.lease(JOB, LeaseOptions::default()), Err(Error::Backend { .. })));
}

#[test]
fn what_lasts_is_told_at_once() {
    let server = Server::default();
    let mut lease = lease(&server);
    server.disturb("save", Fault::Refusal, 1);
    let error = lease.save(b"a").unwrap_err();
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "`fake://server` refused");
    lease.save(b"a").unwrap();
}

#[test]
fn an_idle_lease_is_renewed() {
    let server = Server::default();
    let mut lease = lease(&server);
    server.disturb("renew", Fault::Before, 1);
    let began = Instant::now();
    while began.elapsed() < 2 * LEASE {
        assert!(is_held(&server));
        thread::sleep(LEASE / 10);
    }
    lease.save(b"a").unwrap();
}

#[test]
fn a_lease_that_ended_unnoticed_is_taken_up_again() {
    let server = Server::default();
    let mut lease = lease(&server);
    lease.save(b"a").unwrap();
    server.end_lease(JOB);
    assert_eq!(lease.append(b"b").unwrap(), Appended::Yes);
    assert!(is_held(&server));
}

#[test]
fn a_lease_taken_over_saves_nothing() {
    let server = Server::default();
    let mut zombie = lease(&server);
    zombie.save(b"old").unwrap();
    server.end_lease(JOB);
    let mut heir = lease(&server);
    heir.save(b"new").unwrap();
    let holder = |lost: Result<(), Error>| match lost.unwrap_err() {
        Error::LeaseLost { holder: Some(holder), .. } => holder.pid(),
        error => panic!("{error}"),
    };
    assert_eq!(holder(zombie.append(b"er").map(drop)), std::process::id());
    assert_eq!(holder(zombie.save(b"old")), std::process::id());
    assert_eq!(holder(zombie.delete()), std::process::id());
    assert_eq!(loaded(&server).as_deref(), Some(&b"new"[..]));
    let connections = server.connections();
    drop(zombie);
    assert_eq!(server.connections(), connections, "there was nothing to give back");
    assert!(is_held(&server), "the zombie gave back what it had not");
    heir.delete().unwrap();
    drop(heir);
    assert!(!is_held(&server));
}

#[test]
fn a_zombie_is_one_after_the_job_was_finished_and_begun_again() {
    let server = Server::default();
    let mut zombie = lease(&server);
    zombie.save(b"old").unwrap();
    server.end_lease(JOB);
    lease(&server).delete().unwrap();
    assert!(matches!(zombie.append(b"er"), Err(Error::LeaseLost { .. })));
    let _next = lease(&server);
    assert!(matches!(zombie.save(b"old"), Err(Error::LeaseLost { .. })));
    assert_eq!(loaded(&server), None);
}

#[test]
fn a_holder_of_this_machine_that_has_ended_is_followed_at_once() {
    let Some(process) = Process::this() else { panic!("there is no /proc") };
    let pid = std::process::id();
    let server = Server::default();
    server.hold(JOB, &format!("{pid} 0 here {process}#0"));
    assert!(is_held(&server));
    server.hold(JOB, &format!("{pid} 0 here {process}1#0"));
    assert!(is_held(&server), "it may be of a machine that this one is a copy of");
    let left = format!("/dev/shm/safe-state-{}1-{pid}", process.place());
    std::fs::write(&left, b"").unwrap();
    assert!(!is_held(&server), "it had our number, but began at another time");
    server.hold(JOB, &format!("{pid} 0 here {process}1#0"));
    assert!(!is_held(&server), "who asked before may have ended before it had the lease");
    std::fs::remove_file(&left).unwrap();
    server.hold(JOB, &format!("{pid} 0 elsewhere another{process}1#0"));
    assert!(is_held(&server), "nothing is known of other machines");
}

#[test]
fn a_panic_of_the_driver_is_the_runs() {
    let server = Server::default();
    let mut lease = lease(&server);
    server.disturb("save", Fault::Panic, 1);
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| lease.save(b"a")));
    assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"the driver panicked"));
}

#[test]
fn what_is_asked_of_a_run_comes_by_its_leases_connection() {
    let server = Server::default();
    let (backend, mut lease) = (backend(&server), lease(&server));
    lease.save(b"a").unwrap();
    let load = |lease: &mut Box<dyn Lease>| lease.load_other(&*backend, "other").unwrap();
    assert_eq!(load(&mut lease), None);
    assert_eq!((lease.append(b"b").unwrap(), server.connections()), (Appended::Yes, 1));
    server.disturb("load", Fault::Before, 1);
    lease.load_other(&*backend, "other").unwrap_err();
    assert_eq!(load(&mut lease), None);
    assert_eq!(server.connections(), 2, "where the lease's is broken, another is asked");
    assert_eq!(lease.append(b"c").unwrap(), Appended::No);
    lease.save(b"abc").unwrap();
    assert_eq!(loaded(&server).as_deref(), Some(&b"abc"[..]));
}

#[test]
fn slices_that_have_not_begun_are_not_looked_for_one_by_one() {
    let server = Server::default();
    let there: Arc<dyn Backend> = backend(&server);
    let job = SharedJob::new(Arc::clone(&there), JOB, LeaseOptions::default()).unwrap();
    let mut head = Head::new(JOB);
    let finished = Completed::default();
    head.cut(Slices { loop_id: 0, count: 256, cut: Cut::Index, finished }, Some(1000)).unwrap();
    job.change(|_| Ok::<_, Error>((Some(head.clone()), ()))).unwrap();
    let slice = job.claim(0, 7).unwrap().begin(Checkpoint::new(job.slice_name(0, 7), None));
    let before = server.connections();
    let begun = begun_slices(&*there, JOB, &head).unwrap();
    assert_eq!(begun.iter().map(|it| it.slice).collect::<Vec<_>>(), [7]);
    assert!(server.connections() - before < 5, "{}", server.connections() - before);
    drop(slice);
}

#[test]
fn an_empty_name_is_refused() {
    let refused = backend(&Server::default()).lease("", LeaseOptions::default());
    assert!(matches!(refused, Err(Error::EmptyName)));
}

#[test]
fn a_network_backend_keeps_the_promises_of_every_backend() {
    let server = Server::default();
    let at = server.clone();
    let subject = safe_state_backends::conformance::Subject::new(move || {
        Arc::new(NetworkBackend::on(at.clone()))
    });
    subject.lapse(move |job| server.end_lease(job)).check();
}

/// Returns a server whose connections can have several leases, and its backend.
fn keeping() -> (Server, Arc<NetworkBackend<Server>>) {
    let server = Server::default();
    server.keep_connections();
    let there = backend(&server);
    (server, there)
}

fn take(backend: &Arc<NetworkBackend<Server>>, job: &str) -> Result<Box<dyn Lease>, Error> {
    Arc::clone(backend).lease(job, LeaseOptions::default())
}

#[test]
fn leases_one_after_another_and_questions_between_them_have_one_connection() {
    let (server, there) = keeping();
    for job in ["a", "b", "a", "c"] {
        let mut lease = take(&there, job).unwrap();
        lease.save(b"a").unwrap();
        assert_eq!(lease.append(b"b").unwrap(), Appended::Yes);
        drop(lease);
        assert!(there.exists(job).unwrap());
    }
    let _first = take(&there, "a").unwrap();
    assert!(matches!(take(&there, "a"), Err(Error::Held { .. })));
    assert!(there.exists("a").unwrap());
    assert_eq!(server.connections(), 2, "the second one is for what happens beside a lease");
}

/// With no time for a second attempt, all that helps is a new connection.
#[test]
fn an_idle_connection_that_was_cut_is_no_trouble() {
    let (server, there) = keeping();
    let there = Arc::new((*there).clone().retry_time(Duration::ZERO));
    for (connections, fault) in [(2, Fault::Before), (3, Fault::Refusal), (4, Fault::After)] {
        drop(take(&there, JOB).unwrap());
        server.disturb("acquire", fault, 1);
        take(&there, JOB).unwrap().save(b"a").unwrap();
        assert_eq!(server.connections(), connections);
    }
}

#[test]
fn idle_connections_are_few_and_are_closed() {
    let (server, there) = keeping();
    let before = server.handles();
    let leases: Vec<_> = (0..5).map(|job| take(&there, &job.to_string()).unwrap()).collect();
    assert_eq!(server.handles(), before + 5);
    drop(leases);
    assert!(server.handles() <= before + 2, "{}", server.handles());
    let began = Instant::now();
    while server.handles() > before {
        assert!(began.elapsed() < Duration::from_secs(60), "they stay open");
        thread::sleep(Duration::from_millis(20));
    }
    // Once all are closed, the next one is kept again; and the end of the backend closes it at once.
    drop(take(&there, JOB).unwrap());
    assert_eq!((server.connections(), server.handles()), (6, before + 1));
    drop(there);
    assert_eq!(server.handles(), 1);
}

#[test]
fn other_settings_have_connections_of_their_own() {
    let (server, there) = keeping();
    drop(take(&there, JOB).unwrap());
    let other = Arc::new((*there).clone().max_checkpoint(10));
    drop(take(&other, JOB).unwrap());
    assert_eq!(server.connections(), 2);
}
