//! Tests of what a stored value is read back as: by the same program, and by one whose types have changed.

mod changed;
mod evolved;
mod kinds;
mod model;
mod read_back;
mod renamed;

use std::sync::Arc;

use safe_state_backends::format::Change;
use safe_state_backends::{
    Backend, Carried, Carry, Checkpoint, LeaseOptions, MemoryBackend, Store,
};

/// The stored values of a job.
struct Values {
    backend: Arc<MemoryBackend>,
    store: Store,
}

impl Values {
    fn new() -> Self {
        let backend = Arc::new(MemoryBackend::default());
        let opening =
            Store::open(Arc::clone(&backend) as _, "job", LeaseOptions::default()).unwrap();
        let store = opening.begin(Checkpoint::new("job", None)).unwrap();
        Values { backend, store }
    }

    /// Saves a value if it has changed, or returns why it is refused.
    fn save<T: Carry>(&mut self, name: &str, value: &T) -> Result<(), String> {
        let stored = self.store.checkpoint().carried_value(name);
        let change = value.change(name, Vec::new(), stored).map_err(|error| error.to_string())?;
        let Some(change) = change else { return Ok(()) };
        let change = Change { carried: vec![change], ..Change::default() };
        self.store.save(change).map_err(|error| error.to_string())
    }

    /// Returns the values for another process, which knows only what is stored.
    fn resume(self) -> Self {
        let Values { backend, store } = self;
        drop(store);
        let opening =
            Store::open(Arc::clone(&backend) as _, "job", LeaseOptions::default()).unwrap();
        let found = opening.found().unwrap().clone();
        Values { store: opening.begin(found).unwrap(), backend }
    }

    /// Returns the value as it is stored.
    fn stored(&self, name: &str) -> Carried {
        let bytes = self.backend.load("job").unwrap().unwrap();
        Checkpoint::decode(&bytes).unwrap().carried_value(name).unwrap().clone()
    }
}
