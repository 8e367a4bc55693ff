//! Tests jobs that many workers share. Each worker returns what one worker returns alone, however often workers are
//! killed.

mod again;
mod agreeing;
mod beside;
mod clocks;
mod cuts;
mod done;
mod hooked;
mod limits;
mod loops;
mod moving;
mod read;
mod servers;
mod shown;
mod steering;
mod storm;
mod work;
mod workers;

use std::sync::{Arc, Mutex};

use safe_state::backend::Backend;
use safe_state::{Job, MemoryBackend};

/// The state that the workers of a test share.
#[derive(Clone, Default)]
struct World {
    backend: Arc<MemoryBackend>,
    done: Arc<Mutex<Vec<u64>>>,
    /// The items that fail.
    bad: Arc<Mutex<Vec<u64>>>,
}

impl World {
    fn backend(&self) -> Arc<MemoryBackend> {
        Arc::clone(&self.backend)
    }

    fn act(&self, item: u64) -> anyhow::Result<()> {
        anyhow::ensure!(!self.bad.lock().unwrap().contains(&item), "item {item} is bad");
        self.done.lock().unwrap().push(item);
        Ok(())
    }

    fn fails(&self, items: &[u64]) {
        *self.bad.lock().unwrap() = items.to_vec();
    }

    /// Returns the items that were done since the last call, in the order of the input.
    fn done(&self) -> Vec<u64> {
        let mut done = std::mem::take(&mut *self.done.lock().unwrap());
        done.sort_unstable();
        done
    }

    fn job(&self, name: &str) -> Job {
        Job::new(name).backend(self.backend())
    }

    fn listed(&self) -> Vec<String> {
        self.backend.list().unwrap()
    }
}
