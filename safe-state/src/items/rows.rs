//! The rows of lists that a loop reads by an index. The index alone tells nothing of what it stands for, so the rows are
//! compared.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

/// The number of rows before an index that are compared.
pub(crate) const SAMPLES: usize = 8;

/// A list whose rows have indices.
pub trait Rows {
    /// The type of a row.
    type Row;

    /// Returns the row at the index; none behind the end.
    fn at(&self, index: usize) -> Option<&Self::Row>;
}

impl<T> Rows for [T] {
    type Row = T;

    fn at(&self, index: usize) -> Option<&T> {
        self.get(index)
    }
}

impl<T, const LENGTH: usize> Rows for [T; LENGTH] {
    type Row = T;

    fn at(&self, index: usize) -> Option<&T> {
        self.get(index)
    }
}

impl<T> Rows for VecDeque<T> {
    type Row = T;

    fn at(&self, index: usize) -> Option<&T> {
        self.get(index)
    }
}

impl<T> Rows for Vec<T> {
    type Row = T;

    fn at(&self, index: usize) -> Option<&T> {
        self.get(index)
    }
}

macro_rules! behind {
    ($($pointer:ty)*) => { $(
        impl<R: Rows + ?Sized> Rows for $pointer {
            type Row = R::Row;

            fn at(&self, index: usize) -> Option<&R::Row> {
                (**self).at(index)
            }
        }
    )* };
}

behind! { &R &mut R Box<R> Rc<R> Arc<R> }

/// Stands for what a loop reads by an index, in method resolution, which tries the impl with the most references first.
#[derive(Debug)]
pub struct ReadByIndex<'a, T: ?Sized>(pub &'a T);

/// Chosen for lists.
pub trait OfRows {
    /// The type of a row.
    type Row;

    /// Returns the row at the index; none behind the end.
    fn row(&self, index: usize) -> Option<&Self::Row>;
}

impl<T: Rows + ?Sized> OfRows for &ReadByIndex<'_, T> {
    type Row = T::Row;

    fn row(&self, index: usize) -> Option<&T::Row> {
        self.0.at(index)
    }
}

/// Stands for a row of what is no list.
#[derive(Debug)]
pub struct NoRow;

/// Chosen for what is no list, as far as is known.
pub trait OfNoRows {
    /// Returns none.
    fn row(&self, index: usize) -> Option<&NoRow>;
}

impl<T: ?Sized> OfNoRows for ReadByIndex<'_, T> {
    fn row(&self, _: usize) -> Option<&NoRow> {
        None
    }
}

/// Returns the index that a number is.
pub fn index_of(number: impl TryInto<usize>) -> usize {
    number.try_into().unwrap_or(usize::MAX)
}

/// Stands for what a loop goes by, in method resolution, which tries the impl with the most references first.
#[derive(Debug)]
pub struct GoesBy<'a, T>(pub &'a T);

/// Chosen for numbers.
pub trait OfNumber {
    /// Returns the index that the number is.
    fn index(&self) -> usize;
}

impl<T: Copy + TryInto<usize>> OfNumber for &GoesBy<'_, T> {
    fn index(&self) -> usize {
        index_of(*self.0)
    }
}

/// Chosen for what is no number.
pub trait OfNoNumber {
    /// Returns 0, before which there are no rows.
    fn index(&self) -> usize;
}

impl<T> OfNoNumber for GoesBy<'_, T> {
    fn index(&self) -> usize {
        0
    }
}

/// Returns the fingerprints of rows before an index, which are spread over all of them, the first and the last included;
/// none if a row has no fingerprint.
pub fn rows_before(
    index: usize,
    fingerprint: impl Fn(usize) -> Option<u32>,
) -> (usize, Option<Vec<u32>>) {
    (index, (0..SAMPLES).map(|sample| fingerprint(sampled(sample, index)?)).collect())
}

/// Returns the index of a sample among the rows before an index.
pub(crate) fn sampled(sample: usize, before: usize) -> Option<usize> {
    let last = before.checked_sub(1)?;
    let (whole, rest) = (last / (SAMPLES - 1), last % (SAMPLES - 1));
    Some(whole * sample + rest * sample / (SAMPLES - 1))
}

/// Expands to the fingerprint of the row at an index of a list; none if it has none.
#[doc(hidden)]
#[macro_export]
macro_rules! __row {
    ($list:expr, $index:expr) => {{
        #[allow(unused_imports)]
        use $crate::__private::{
            ArgumentAsPath as _, ArgumentAsText as _, ArgumentCompared as _,
            ArgumentNotCompared as _, OfNoRows as _, OfRows as _,
        };
        match (&&$crate::__private::ReadByIndex(&$list)).row($crate::__private::index_of($index)) {
            $crate::__private::Some(row) => {
                let form = $crate::__form!(row, true: . . . . . . . . . .);
                let row = $crate::__private::ArgumentOf(row, form, $crate::__private::LIMIT);
                (&&&&row).fingerprint()
            }
            $crate::__private::None => $crate::__private::None,
        }
    }};
}

/// Expands to the fingerprints of rows of a list before an index.
#[doc(hidden)]
#[macro_export]
macro_rules! __rows_before {
    ($list:expr, $index:expr) => {{
        #[allow(unused_imports)]
        use $crate::__private::{OfNoNumber as _, OfNumber as _};
        $crate::__private::rows_before((&&$crate::__private::GoesBy($index)).index(), |index| {
            $crate::__row!($list, index)
        })
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_lists_have_fingerprints() {
        let list = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(__row!(list, 1_u64), __row!(["x", "b"], 1_u8));
        assert_ne!(__row!(list, 0), __row!(list, 1));
        assert_eq!(__row!(list, 2), None);
        assert_eq!(__row!(list, -1), None);
        assert_eq!(__row!(&&list, 1), __row!(VecDeque::from(list.clone()), 1));
        assert_eq!(__row!("text", 1), None, "no list");
        assert_eq!(__row!([std::cell::Cell::new(1)], 0), None, "it may change");
    }

    #[test]
    fn the_first_and_the_last_row_are_samples() {
        assert_eq!(sampled(0, 0), None);
        for before in [1, 2, 7, 8, 9, 1000, usize::MAX] {
            let all: Vec<usize> = (0..SAMPLES).map(|it| sampled(it, before).unwrap()).collect();
            assert!(all.is_sorted() && all[0] == 0 && all[SAMPLES - 1] == before - 1, "{all:?}");
        }
    }
}
