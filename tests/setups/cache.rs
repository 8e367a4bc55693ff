//! Tests a store of objects behind a proxy that answers from a cache.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use safe_state::backend::{Appended, Backend, Error, LeaseOptions, ObjectStoreBackend};
use safe_state_tests::remote::told;
use safe_state_tests::servers::{Kind, Server, address, at, objects_url, s3_url};

use crate::{goes_on, held, lease};

#[test]
fn an_outdated_lease_is_no_lease_that_has_ended() {
    let proxy = Server::start_as("nginx", Kind::Redis, &[&address(&s3_url()).port()]);
    let url = at(&objects_url("cached"), proxy.address());
    let backend = || -> Arc<dyn Backend> {
        let backend = ObjectStoreBackend::from_url(&url).unwrap();
        Arc::new(backend.lease_time(Duration::from_secs(2)))
    };
    let mut run = lease(&backend(), "renewed");
    run.save(b"a").unwrap();
    // The cache has the lease as it is now, and gives that for an hour.
    assert!(backend().holder("renewed").unwrap().is_some());
    thread::sleep(Duration::from_secs(5));
    assert!(backend().holder("renewed").unwrap().is_some());
    let second = backend().lease("renewed", LeaseOptions::default());
    assert!(matches!(second, Err(Error::Held { .. })));
    assert_eq!(run.append(b"b").unwrap(), Appended::Yes);

    let refused = told(&run.save(&vec![7; 2 << 20]).unwrap_err());
    assert!(refused.contains("client_max_body_size") && !refused.contains('\n'), "{refused}");
    drop(run);
    assert_eq!(held(&backend(), "renewed").unwrap(), b"ab");
    goes_on(&backend(), "given back");
}
