//! The test of a store: whether it creates an object only where none is, as a lease needs.

use std::hash::{BuildHasher, Hasher, RandomState};

use ::object_store::path::Path;

use super::layout::Layout;
use super::requests::{Created, Requests};
use crate::network::Trouble;
use safe_state_backends::escape::Line;

/// The number of requests that create one object at a time, when the store is tested, and the number of such objects. The first
/// may find the connections still being made.
const CONTENDERS: usize = 8;
const CONTESTS: usize = 3;

/// The content of the objects by which the store is tested.
const CONDITIONS: &[u8] =
    b"safe-state has found out here that this store creates no object that is there\n";

/// The error of a store that can't hold a lease.
#[derive(Debug, thiserror::Error)]
#[error(
    "{place} {lack}, so two runs of a job could both begin; use a store that does (S3, R2, Google Cloud Storage, \
     Azure Blob Storage, Ceph's gateway), a newer release of this one, or another backend", place = Line(place)
)]
struct Unfit {
    place: String,
    lack: Lack,
}

/// The ability that the store lacks.
#[derive(Debug, thiserror::Error)]
pub(super) enum Lack {
    #[error("ignores `If-None-Match: *`: it created an object that was there")]
    Conditions,
    #[error("heeds `If-None-Match: *` too late: several requests at a time created one object")]
    OneStep,
    #[error("does not list at once what was created")]
    Lists,
    #[error("does not give back what was created")]
    ReadBack,
}

/// Tests the store, unless it has the mark of a run that has tested it to the end.
pub(super) fn prove(requests: &Requests, layout: &Layout, place: &str) -> Result<(), Trouble> {
    let (path, mark) = (layout.conditions(), layout.conditions_hold());
    let (created, is_marked) = requests.create_and_look(&path, CONDITIONS, &mark)?;
    if created == Created::Yes || !is_marked {
        test(requests, layout, place, &path)?;
        requests.put(&mark, CONDITIONS)?;
    }
    Ok(())
}

/// Creates an object that exists, which the store has to refuse; and others by several requests at a time, of which it has
/// to refuse all but one. A store that looks first, and writes then, creates an object for several.
fn test(requests: &Requests, layout: &Layout, place: &str, existing: &Path) -> Result<(), Trouble> {
    if requests.create(existing, CONDITIONS)? == Created::Yes {
        return Err(unfit(place, Lack::Conditions));
    }
    for _ in 0..CONTESTS {
        let path = layout.contested(RandomState::new().build_hasher().finish());
        let created = requests.contest(&path, CONDITIONS, CONTENDERS)?;
        requests.delete(vec![path])?;
        if created > 1 {
            return Err(unfit(place, Lack::OneStep));
        }
    }
    Ok(())
}

/// Returns the trouble of a store that can't hold a lease.
pub(super) fn unfit(place: &str, lack: Lack) -> Trouble {
    Trouble::permanent(Unfit { place: place.to_owned(), lack })
}
