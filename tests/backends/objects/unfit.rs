//! Tests stores that accept the requests of an object store, and can't hold a lease.

use std::sync::Arc;
use std::time::{Duration, Instant};

use object_store::ObjectStoreExt;
use object_store::path::Path;

use safe_state::backend::{Error, LeaseOptions, ObjectStoreBackend, from_url};
use safe_state::{Backend, Job};
use safe_state_tests::remote::told;
use safe_state_tests::servers::{BUCKET, deaf_objects_url, objects_url};

use crate::objects::lease;
use crate::objects::store::{Counting, Lack};

fn refused(backend: Arc<dyn Backend>) -> String {
    let refused = backend.lease("job", LeaseOptions::default());
    told(&refused.err().expect("it gave a lease"))
}

#[test]
fn a_store_that_ignores_conditions_is_refused_by_name() {
    for prefix in ["", "a", "a/b"] {
        let url = deaf_objects_url(&format!("unfit/{prefix}"));
        for _ in 0..2 {
            let error = refused(from_url(&url).unwrap());
            assert!(
                error.contains("If-None-Match") && error.contains("s3://safe-state/unfit"),
                "{error}"
            );
        }
    }
}

#[test]
fn runs_on_a_store_that_ignores_conditions_do_nothing() {
    let url = deaf_objects_url("unfit-runs");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let job = Job::new("job").backend(url.as_str());
                let ran = job.run(0..3, |_| panic!("it ran")) as Result<(), safe_state::Error>;
                assert!(told(&ran.unwrap_err()).contains("If-None-Match"));
            });
        }
    });
}

#[test]
fn what_else_a_store_lacks_is_named() {
    for (lack, text) in [
        (Lack::Conditions, "ignores `If-None-Match: *`"),
        (Lack::OneStep, "several requests at a time created one object"),
        (Lack::Lists, "does not list at once what was created"),
        (Lack::ReadBack, "does not give back what was created"),
    ] {
        let store = Arc::new(Counting::default());
        store.lack(lack);
        let backend = ObjectStoreBackend::new(Arc::clone(&store) as _, "").unwrap();
        let error = refused(Arc::new(backend));
        assert!(error.contains("counting/") && error.contains(text), "{error}");
    }
}

/// A test that failed, or was not finished, counts for no process that comes next, or meanwhile.
#[test]
fn a_store_that_has_not_passed_is_tested_by_each_process() {
    let store = Arc::new(Counting::default());
    let backend = || Arc::new(ObjectStoreBackend::new(Arc::clone(&store) as _, "").unwrap());
    store.lack(Lack::OneStep);
    for _ in 0..2 {
        let error = refused(backend());
        assert!(error.contains("several requests at a time"), "{error}");
    }
    store.lack(Lack::Nothing);
    drop(lease(&backend()));
    smol::block_on(store.delete(&Path::from("conditions-hold"))).unwrap();
    store.lack(Lack::OneStep);
    let error = refused(backend());
    assert!(error.contains("several requests at a time"), "{error}");
}

#[test]
fn a_store_is_tried_once_in_a_process_and_by_one_request_in_the_next() {
    let store = Arc::new(Counting::default());
    let backend = || ObjectStoreBackend::new(Arc::clone(&store) as _, "").unwrap();
    let trials = |backend: &ObjectStoreBackend| {
        store.take();
        drop(lease(backend));
        store.take().matches("trial").count()
    };
    let first = backend();
    // The first creates one object twice, three others eight times, and the mark.
    assert_eq!([trials(&first), trials(&first), trials(&backend())], [27, 0, 1]);
}

/// A bucket that does not exist, or that we may not use, is told at once and in one sentence.
#[test]
fn what_will_be_refused_again_is_told_once_and_at_once() {
    for (url, status) in [
        (objects_url("gone").replacen(BUCKET, "no-such-bucket", 1), "NoSuchBucket"),
        (deaf_objects_url("forbidden"), "AccessDenied"),
        (deaf_objects_url("malformed"), "InvalidArgument"),
    ] {
        let began = Instant::now();
        let backend = from_url(&url).unwrap();
        let errors: [Error; 3] = [
            backend.load("job").unwrap_err(),
            backend.save("job", b"a").unwrap_err(),
            Arc::clone(&backend).lease("job", LeaseOptions::default()).err().unwrap(),
        ];
        for error in errors {
            let text = told(&error);
            assert_eq!(text.matches(&format!("<Code>{status}")).count(), 1, "{text}");
            assert!(text.contains("refused") && !text.contains("until the time"), "{text}");
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    }
}
