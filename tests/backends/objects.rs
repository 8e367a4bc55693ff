//! Tests checkpoints in object stores.

mod late;
mod store;
mod tls;
mod unfit;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use futures_util::future::ready;
use futures_util::{FutureExt, TryStreamExt};
use object_store::aws::AmazonS3Builder;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use safe_state::Backend;
use safe_state::backend::conformance::Subject;
use safe_state::backend::{Appended, Error, Lease, LeaseOptions, ObjectStoreBackend, from_url};
use safe_state_tests::remote::{self, told};
use safe_state_tests::servers::{self, BUCKET, objects_url, s3_url};

use store::Counting;

const WORKER: &str = env!("CARGO_BIN_EXE_worker");

fn on_s3(prefix: &str) -> ObjectStoreBackend {
    ObjectStoreBackend::from_url(&objects_url(prefix)).unwrap()
}

fn lease(backend: &ObjectStoreBackend) -> Box<dyn Lease> {
    Arc::new(backend.clone()).lease("job", LeaseOptions::default()).unwrap()
}

/// Lets the lease on a job end, as if it had not been renewed for a long time.
fn lapse(store: &dyn ObjectStore, job: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ended = runtime.block_on(async {
        let leases = store.list(None).try_filter(|object| {
            let path = object.location.as_ref();
            ready(path.contains(&format!("{job}.job/")) && path.ends_with("/lease"))
        });
        let leases: Vec<ObjectMeta> = leases.try_collect().await?;
        let last = leases.into_iter().map(|lease| lease.location).max().unwrap();
        let text = store.get(&last).await?.bytes().await?;
        let holder = text.iter().position(|byte| *byte == b' ').unwrap();
        store.put(&last, [b"0", &text[holder..]].concat().into()).await
    });
    ended.unwrap();
    // The store gives times in whole seconds.
    thread::sleep(Duration::from_millis(1100));
}

/// Returns the bucket, for requests that the backend itself never makes.
fn bucket() -> impl ObjectStore {
    let builder = AmazonS3Builder::new().with_bucket_name(BUCKET).with_endpoint(s3_url());
    builder
        .with_allow_http(true)
        .with_access_key_id("tester")
        .with_secret_access_key("hush-hush-7391")
        .build()
        .unwrap()
}

#[test]
fn a_store_of_the_users_keeps_its_promises() {
    let store = Arc::new(InMemory::new());
    let backend = ObjectStoreBackend::new(Arc::clone(&store) as _, "jobs").unwrap();
    let subject = Subject::new(move || Arc::new(backend.clone()));
    subject.lapse(move |job| lapse(&*store, job)).check();
}

#[test]
fn an_object_store_keeps_its_promises() {
    let conforming = || on_s3("conformance");
    remote::conformance(
        (module_path!(), "an_object_store_keeps_its_promises"),
        conforming,
        |job| {
            let below = PrefixStore::new(bucket(), "conformance");
            lapse(&below, job);
        },
    );
}

#[test]
fn items_side_by_side_are_done_once() {
    remote::side_by_side(&objects_url("beside"));
}

#[test]
fn a_job_goes_on_from_any_runtime() {
    remote::any_runtime(&objects_url("runtimes"));
}

#[test]
fn a_killed_process_is_followed_at_once() {
    remote::killed_process(WORKER, &objects_url("killed"));
}

#[test]
fn a_run_that_lost_its_lease_saves_nothing() {
    remote::lost_lease(WORKER, &objects_url("lost"));
}

#[test]
fn a_network_that_fails_costs_time_alone() {
    remote::troubled_network(&objects_url("troubled"));
}

#[test]
fn a_hung_server_is_given_up_in_time() {
    remote::hung_server(&objects_url("hung"));
}

#[test]
fn a_kill_at_any_instant_loses_nothing() {
    remote::kill_storm(WORKER, &objects_url("storms"));
}

#[test]
#[cfg(target_os = "linux")]
fn with_a_page_no_kill_repeats_more_than_the_item_under_way() {
    remote::paged_kill_storm(WORKER, &objects_url("paged-storms"));
}

#[test]
fn two_that_fight_for_a_job_never_hold_it_at_once() {
    remote::fight(WORKER, &objects_url("storms"));
}

#[test]
fn a_partition_storm_loses_and_repeats_nothing() {
    remote::partition_storm(&objects_url("storm"));
}

#[test]
fn a_save_is_one_object_and_loading_takes_few() {
    let store = Arc::new(Counting::default());
    let backend = ObjectStoreBackend::new(Arc::clone(&store) as _, "").unwrap();
    let mut lease = lease(&backend);
    lease.save(&vec![7; 100_000]).unwrap();
    let mut appended = 0;
    loop {
        store.take();
        if lease.append(b"record").unwrap() == Appended::No {
            break;
        }
        appended += 1;
        assert_eq!(store.take(), "put 8 bytes; ", "a record is all that is sent");
    }
    assert_eq!(appended, 200);
    assert_eq!(store.len(), 202, "the snapshot, the records, and the lease");
    let loaded = backend.load("job").unwrap().unwrap();
    assert_eq!(loaded.len(), 100_000 + 200 * 6);
    lease.save(b"whole").unwrap();
    assert_eq!(store.len(), 2);
    drop(lease);
    assert_eq!(backend.load("job").unwrap().as_deref(), Some(&b"whole"[..]));
}

/// Another run that waits for the job writes the clock to learn whether the lease has ended. If it is killed then, its clock stays.
#[test]
fn a_run_that_waits_takes_nothing_from_the_holder() {
    let store = Arc::new(Counting::default());
    let time = Duration::from_millis(600);
    let backend = ObjectStoreBackend::new(Arc::clone(&store) as _, "").unwrap().lease_time(time);
    let mut held = lease(&backend);
    held.save(b"state").unwrap();
    let other = Arc::new(backend.clone()).lease("job", LeaseOptions::default()).err();
    assert!(matches!(other, Some(Error::Held { .. })), "{other:?}");
    let clock = Path::from("job.job/clock");
    store.put(&clock, "tick".into()).now_or_never().unwrap().unwrap();
    // One of the saves renews the lease.
    for _ in 0..10 {
        thread::sleep(time / 20);
        held.save(b"more").unwrap();
    }
    assert_eq!(backend.load("job").unwrap().as_deref(), Some(&b"more"[..]));
}

#[test]
fn what_a_finished_job_leaves_is_little_and_does_not_add_up() {
    let store = Arc::new(Counting::default());
    let backend = ObjectStoreBackend::new(Arc::clone(&store) as _, "").unwrap();
    for run in 0..5 {
        let mut lease = lease(&backend);
        lease.save(b"state").unwrap();
        lease.append(b"record").unwrap();
        lease.delete().unwrap();
        drop(lease);
        assert!(!backend.exists("job").unwrap());
        assert_eq!(backend.list().unwrap(), [""; 0]);
        // The store keeps the lease and the mark of the deletion; after a second run, also the seal on the run before.
        assert_eq!(store.len(), if run == 0 { 2 } else { 3 });
    }
}

#[test]
fn what_is_wrong_is_told_and_no_secret() {
    for (url, why) in [
        (objects_url("secret").replacen(BUCKET, "no-such-bucket", 1), "NoSuchBucket"),
        (servers::at(&objects_url("secret"), "127.0.0.1:1".parse().unwrap()), "127.0.0.1:1"),
    ] {
        let backend = from_url(&url).unwrap();
        let error = told(&backend.load("job").unwrap_err());
        assert!(error.contains(why), "{error}");
        assert!(!error.contains("hush-hush"), "{error}");
    }
    for (url, why) in [
        ("s3://bucket/a?colour=blue&token=hush-hush", "there is no option `colour`"),
        ("s3://bucket/a//b?token=hush-hush", "empty path segment"),
        ("s3:?token=hush-hush", "it names no bucket"),
    ] {
        let error = from_url(url).err().unwrap().to_string();
        assert!(error.contains(why) && !error.contains("hush-hush"), "{error}");
    }
    let shown = format!("{:?}", on_s3("shown"));
    assert!(shown.contains("s3://safe-state/shown") && !shown.contains("hush-hush"), "{shown}");
}
