//! Compares the rows that a loop reads by a carried index with those of the run before.

use super::stages::Stages;
use crate::Error;
use crate::items::rows::sampled;

/// Checks that the rows before an index have the fingerprints that were saved under the name `name`.
pub(super) fn check(
    stages: &mut Stages,
    name: &str,
    number: (usize, u16),
    (index, fingerprints): (usize, Option<Vec<u32>>),
) -> Result<(), Error> {
    if stages.session.terms.accepts {
        return Ok(());
    }
    let before: Option<Vec<u32>> = stages.values(|values| values.last_in(name, number))?;
    let Some((before, now)) = before.zip(fingerprints) else { return Ok(()) };
    let Some(sample) = before.iter().zip(&now).position(|(before, now)| before != now) else {
        return Ok(());
    };
    let index = sampled(sample, index).unwrap_or_default() as u64;
    Err(Error::InputChanged { job: stages.observer.job().to_owned(), index })
}
