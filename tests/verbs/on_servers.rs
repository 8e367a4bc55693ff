//! Makes a place of its own for each test, on each server.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use safe_state::backend::{MySqlBackend, ObjectStoreBackend, PostgresBackend, RedisBackend};
use safe_state_tests::servers::{mysql_url, objects_url, postgres_url, redis_url};

use crate::places::Place;

static PLACES: AtomicU32 = AtomicU32::new(0);

/// Returns a prefix that no other test has, because tests of this program, and other runs of it, share the servers.
fn prefix() -> String {
    let number = PLACES.fetch_add(1, Ordering::Relaxed);
    format!("verbs_{}_{number}", std::process::id())
}

/// Returns the URLs by which a process of its own finds a backend.
pub(crate) fn urls(_: &Path) -> Vec<String> {
    vec![postgres_url(), mysql_url(), redis_url(), objects_url(&prefix())]
}

pub(crate) fn places() -> Vec<Place> {
    let prefix = prefix();
    let postgres = PostgresBackend::new(&postgres_url()).unwrap().table_prefix(&prefix).unwrap();
    let mysql = MySqlBackend::new(&mysql_url()).unwrap().table_prefix(&prefix).unwrap();
    let redis = RedisBackend::new(&redis_url()).unwrap().key_prefix(&prefix).unwrap();
    let objects = ObjectStoreBackend::from_url(&objects_url(&prefix)).unwrap();
    vec![
        Place::new("postgres", Arc::new(postgres)),
        Place::new("mysql", Arc::new(mysql)),
        Place::new("redis", Arc::new(redis)),
        Place::new("s3", Arc::new(objects)),
    ]
}
