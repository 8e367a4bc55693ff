//! Implements a backend with four methods, here on a directory of plain files. A mounted volume, or anything with a
//! `get` and a `put`, would do the same.
//!
//! ```text
//! cargo run --example own_backend -- true     # fails at the third item
//! cargo run --example own_backend -- false    # goes on there
//! ```
//!
//! The backend has no lease, so nothing keeps a second run of the job out. It can't append, so each save writes the
//! whole checkpoint. `Backend::lease` and `Backend::append` are there to be added.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use safe_state::backend::Error;
use safe_state::{Backend, resumable};

struct Shelf(PathBuf);

impl Backend for Shelf {
    fn load(&self, job: &str) -> Result<Option<Vec<u8>>, Error> {
        match fs::read(self.0.join(job)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            read => read.map(Some).map_err(failed("loading", job)),
        }
    }

    fn save(&self, job: &str, checkpoint: &[u8]) -> Result<(), Error> {
        let written = fs::write(self.0.join("new"), checkpoint);
        written
            .and_then(|()| fs::rename(self.0.join("new"), self.0.join(job)))
            .map_err(failed("saving", job))
    }

    fn delete(&self, job: &str) -> Result<(), Error> {
        match fs::remove_file(self.0.join(job)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed.map_err(failed("deleting", job)),
        }
    }

    fn exists(&self, job: &str) -> Result<bool, Error> {
        Ok(self.load(job)?.is_some())
    }
}

fn failed(action: &'static str, job: &str) -> impl FnOnce(std::io::Error) -> Error {
    let job = job.to_owned();
    move |error| Error::Backend { action, job, source: error.into() }
}

#[resumable(name = "count", backend = Shelf(".".into()), fresh(fails))]
fn count(fails: bool) -> anyhow::Result<()> {
    for item in 0..5 {
        anyhow::ensure!(!fails || item < 2, "asked to fail at item {item}");
        println!("item {item}");
    }
    Ok(())
}

fn main() -> anyhow::Result<()> {
    count(std::env::args().nth(1).is_some_and(|fails| fails == "true"))
}
