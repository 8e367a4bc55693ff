//! The settings of a job whose loops many workers share.

use std::ops::Range;
use std::sync::Arc;

use safe_state_backends::Cut;
use safe_state_base::engine;

/// The number of slices of a loop, if the job names none.
const SLICES: u32 = 256;
/// The largest number of slices of a loop.
const MOST_SLICES: u32 = 65_536;

/// The terms on which many workers share the loops of a job.
#[derive(Clone)]
pub(crate) struct SharedTerms {
    slices: Slicing,
    /// The submission that the workers belong to: a worker of another submission begins a finished job anew.
    submission: Option<String>,
    pub(crate) on_idle: OnIdle,
}

/// The choice of a worker while other workers have all that is left of a loop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnIdle {
    /// The worker waits until all slices are finished, and goes on behind the loop.
    #[default]
    Wait,
    /// The worker ends with [`Error::Stopped`](crate::Error::Stopped).
    Leave,
}

/// The way in which a loop is cut into slices.
#[derive(Clone, Debug, PartialEq)]
pub struct Slicing(Way);

#[derive(Clone, Debug, PartialEq)]
enum Way {
    /// A number of slices.
    Count(u32),
    /// Ranges of indices, one for each slice.
    Ranges(Arc<[Range<u64>]>),
}

/// A type that tells how a loop is cut into slices: their number, or the ranges of indices that they have.
#[diagnostic::on_unimplemented(
    message = "a loop can't be cut into slices by this",
    label = "a number of slices is a `u32`, and ranges are `Range<u64>` or `Range<usize>`, in a `Vec` or a slice"
)]
pub trait Slices {
    /// Returns how the loop is cut.
    fn slicing(self) -> Slicing;
}

impl Slices for u32 {
    fn slicing(self) -> Slicing {
        Slicing(Way::Count(self.clamp(1, MOST_SLICES)))
    }
}

macro_rules! ranges {
    ($($index:ty)*) => { $(
        impl Slices for &[Range<$index>] {
            fn slicing(self) -> Slicing {
                let wide = |at: $index| at as u64;
                Slicing(Way::Ranges(self.iter().map(|it| wide(it.start)..wide(it.end)).collect()))
            }
        }

        impl Slices for &Vec<Range<$index>> {
            fn slicing(self) -> Slicing {
                self.as_slice().slicing()
            }
        }

        impl Slices for Vec<Range<$index>> {
            fn slicing(self) -> Slicing {
                self.as_slice().slicing()
            }
        }
    )* };
}

ranges! { u64 usize }

/// The cut of a loop's input into slices, which all workers have to agree on.
#[derive(Clone, Debug)]
pub(crate) struct Cutting {
    pub(crate) total: u64,
    pub(crate) count: u32,
    pub(crate) cut: Cut,
    /// A checksum of the keys that does not depend on their order, if items are known by key.
    pub(crate) keys: Option<u32>,
}

impl Cutting {
    /// Cuts an input by index into slices of about the same length. No slice is empty, except the only one of an empty
    /// input.
    pub(crate) fn by_index(total: u64, wanted: u32) -> Self {
        Cutting { total, count: at_most(wanted, total), cut: Cut::Index, keys: None }
    }
}

fn at_most(wanted: u32, total: u64) -> u32 {
    wanted.min(u32::try_from(total).unwrap_or(u32::MAX).max(1))
}

impl SharedTerms {
    /// Returns how to cut an input of `total` items that are known by index.
    ///
    /// # Errors
    ///
    /// The reason why the ranges do not fit the input.
    pub(crate) fn cut(&self, total: u64) -> Result<Cutting, String> {
        match &self.slices.0 {
            Way::Count(wanted) => Ok(Cutting::by_index(total, *wanted)),
            Way::Ranges(ranges) => {
                let starts = starts(ranges, total)?;
                let count = u32::try_from(starts.len()).ok().filter(|count| *count <= MOST_SLICES);
                let count = count.ok_or("there are more than 65536 of them")?;
                Ok(Cutting { total, count, cut: Cut::Splits(starts), keys: None })
            }
        }
    }

    /// Returns how to cut an input of `total` items that are known by key, whose keys have the checksum `keys`.
    ///
    /// # Errors
    ///
    /// The job names ranges, which cannot cut items that are known by key.
    pub(crate) fn cut_by_key(&self, total: u64, keys: u32) -> Result<Cutting, String> {
        match &self.slices.0 {
            Way::Count(wanted) => {
                let count = at_most(*wanted, total);
                Ok(Cutting { total, count, cut: Cut::Key, keys: Some(keys) })
            }
            Way::Ranges(_) => {
                Err("items that are known by `key` are in no ranges; give a number of slices"
                    .to_owned())
            }
        }
    }

    /// Sets how a loop is cut into slices.
    pub(super) fn set_slices(&mut self, slices: impl Slices) {
        self.slices = slices.slicing();
    }

    /// Sets the submission that the workers belong to.
    pub(super) fn set_submission(&mut self, submission: String) {
        self.submission = Some(submission);
    }
}

impl Default for SharedTerms {
    fn default() -> Self {
        SharedTerms { slices: SLICES.slicing(), submission: None, on_idle: OnIdle::Wait }
    }
}

impl SharedTerms {
    /// Returns the submission that the workers belong to, from the program, else from the batch system that started
    /// them.
    pub(crate) fn submission(&self) -> Option<String> {
        self.submission.clone().or_else(engine::submission)
    }
}

/// Returns where the ranges begin. They must follow one another and cover an input of `total` items without a gap.
fn starts(ranges: &[Range<u64>], total: u64) -> Result<Vec<u64>, String> {
    let mut next = 0;
    for range in ranges {
        if range.start != next || range.end < range.start {
            return Err(format!(
                "{}..{} does not begin where the one before it ends, at {next}",
                range.start, range.end
            ));
        }
        next = range.end;
    }
    if next != total {
        return Err(format!("they end at {next}, and the input has {total} items"));
    }
    let starts: Vec<u64> = ranges.iter().map(|range| range.start).collect();
    Ok(if starts.is_empty() { vec![0] } else { starts })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_lie_one_behind_the_other() {
        let mut terms = SharedTerms::default();
        let mut cut = |ranges: Vec<Range<u64>>, total| {
            terms.set_slices(ranges);
            terms.cut(total).map(|cutting| cutting.cut)
        };
        assert_eq!(cut(vec![0..3, 3..3, 3..10], 10), Ok(Cut::Splits(vec![0, 3, 3])));
        assert_eq!(cut(Vec::new(), 0), Ok(Cut::Splits(vec![0])));
        assert!(cut(vec![0..3, 4..10], 10).unwrap_err().starts_with("4..10 does not begin"));
        assert!(cut(vec![0..2, 2..3], 10).unwrap_err().contains("end at 3, and the input has 10"));
    }
}
