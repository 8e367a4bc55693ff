//! Tests that a checkpoint that is too large is neither loaded nor saved, on any backend.

use safe_state::Backend;
use safe_state::backend::network::{Connect, NetworkBackend};
use safe_state::backend::{
    Appended, LeaseOptions, MySqlBackend, ObjectStoreBackend, PostgresBackend, RedisBackend,
};
use safe_state_tests::remote::told;
use safe_state_tests::servers::{mysql_url, objects_url, postgres_url, redis_url};

fn is_limited<C: Connect>(all: &NetworkBackend<C>) {
    let limited = all.clone().max_checkpoint(1000);
    let refused = |error| {
        let text = told(&error);
        assert!(text.contains("a checkpoint may have 1000"), "{text}");
        assert!(
            text.contains("SAFE_STATE_MAX_CHECKPOINT") && text.contains("max_checkpoint"),
            "{text}"
        );
    };
    all.save("size", &[7; 1001]).unwrap();
    refused(limited.load("size").unwrap_err());
    let arc = std::sync::Arc::new(limited.clone());
    let mut lease = std::sync::Arc::clone(&arc).lease("size", LeaseOptions::default()).unwrap();
    refused(lease.load(&*arc, "size").unwrap_err());
    refused(lease.save(&[8; 1001]).unwrap_err());
    lease.save(&[8; 900]).unwrap();
    assert_eq!(lease.append(&[9; 100]).unwrap(), Appended::Yes);
    assert_eq!(lease.append(&[9]).unwrap(), Appended::No, "it could not be loaded");
    drop(lease);
    assert_eq!(limited.load("size").unwrap().unwrap().len(), 1000);
    all.delete("size").unwrap();
}

#[test]
fn a_checkpoint_that_is_too_large_is_refused_everywhere() {
    is_limited(&PostgresBackend::new(&postgres_url()).unwrap());
    is_limited(&MySqlBackend::new(&mysql_url()).unwrap());
    is_limited(&RedisBackend::new(&redis_url()).unwrap());
    is_limited(&ObjectStoreBackend::from_url(&objects_url("size")).unwrap());
}
