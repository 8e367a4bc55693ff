//! The jobs that a store knows, by the names under which it holds something.

use crate::format::{self, request, sealed};
use crate::name::REQUEST;
use crate::{Error, name};

/// The jobs that a store knows.
#[doc(hidden)]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The jobs that have a checkpoint, sorted.
    pub jobs: Vec<String>,
    /// The jobs to whose runs there is a request, sorted, whether they have a checkpoint or not.
    pub asked: Vec<String>,
}

impl Listing {
    /// Creates the listing of a store that holds something under each of the encoded names. A name that was cut is read from what
    /// is stored under it, which `load` returns.
    ///
    /// # Errors
    ///
    /// The error of `load`.
    pub fn of<'a>(
        encoded: impl IntoIterator<Item = &'a str>,
        load: impl Fn(&str) -> Result<Option<Vec<u8>>, Error>,
    ) -> Result<Listing, Error> {
        let mut listing = Listing::default();
        let of_request = name::encode(REQUEST);
        for stem in encoded {
            if !stem.starts_with(&of_request) {
                listing.jobs.extend(job(stem, || load(stem))?);
            } else if let Some(name) = name::decode(stem) {
                listing.asked.extend(name.strip_prefix(REQUEST).map(str::to_owned));
            } else {
                let bytes = load(stem)?.unwrap_or_default();
                listing
                    .asked
                    .extend(request::decode(&bytes).ok().map(|(_, job, _)| job.to_owned()));
            }
        }
        listing.jobs.sort_unstable();
        listing.asked.sort_unstable();
        Ok(listing)
    }

    /// Returns the jobs to whose runs there is a request, and that have no checkpoint.
    pub fn not_begun(&self) -> impl Iterator<Item = &String> {
        self.asked.iter().filter(|job| self.jobs.binary_search(job).is_err())
    }
}

/// Returns the job whose encoded name is `stem`; `None` for a reserved name. If the stem ends in a hash, the name is read from
/// the checkpoint.
fn job(
    stem: &str,
    checkpoint: impl FnOnce() -> Result<Option<Vec<u8>>, Error>,
) -> Result<Option<String>, Error> {
    if let Some(job) = name::decode(stem) {
        return Ok((!name::is_reserved(&job)).then_some(job));
    }
    let bytes = checkpoint()?.unwrap_or_default();
    let checkpoint = format::decode(&bytes).ok();
    Ok(checkpoint.map(|checkpoint| checkpoint.job).or_else(|| sealed::name(&bytes)))
}
