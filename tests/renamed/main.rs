//! Tests a dependency under another name, or behind another crate's name: `crate = ..` says where it is.

use std::sync::Arc;

use carry_on::{Backend, MemoryBackend};

/// Passes the crate on, as a library would.
mod deps {
    pub(crate) mod behind {
        pub(crate) use carry_on::*;
    }
}

#[carry_on::resumable(crate = ::carry_on, name = "renamed", backend = Arc::clone(store))]
fn renamed(store: &Arc<MemoryBackend>, items: &[&str]) -> Result<u32, Box<dyn std::error::Error>> {
    for x in items {
        x.parse::<u32>()?;
    }
    Ok(1)
}

#[deps::behind::resumable(
    crate = crate::deps::behind,
    name = "behind",
    backend = Arc::clone(store),
    save_every = "1h",
    durability = "process",
    version = 2
)]
async fn behind(store: &Arc<MemoryBackend>, items: &[&str]) -> Option<u32> {
    for x in items {
        tokio::task::yield_now().await;
        x.parse::<u32>().ok()?;
    }
    Some(1)
}

struct Shop(Arc<MemoryBackend>);

impl Shop {
    #[carry_on::resumable(crate = ::carry_on, backend = Arc::clone(&self.0))]
    fn method(&self, items: &[&str]) -> bool {
        for x in items {
            assert!(!x.is_empty());
        }
        true
    }
}

#[test]
fn a_renamed_crate_is_found() {
    let store = Arc::default();
    assert!(renamed(&store, &["1", "x"]).is_err());
    let checkpoint = renamed::peek_checkpoint(&store).unwrap().unwrap();
    assert_eq!(checkpoint.progress().completed, 1);
    assert_eq!(renamed(&store, &["1", "2"]).unwrap(), 1);
    assert!(Shop(Arc::clone(&store)).method(&["a"]));
    assert!(store.list().unwrap().is_empty());
}

#[tokio::test]
async fn a_crate_behind_another_is_found() {
    let store = Arc::default();
    assert_eq!(behind(&store, &["1", "x"]).await, None);
    assert_eq!(behind::job_name(&store), "behind");
    assert!(behind::peek_checkpoint(&store).unwrap().is_some());
    assert_eq!(behind(&store, &["1", "2"]).await, Some(1));
    assert!(store.list().unwrap().is_empty());
}
