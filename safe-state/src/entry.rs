//! How a loop is entered: what it passes over, and how it knows its input again.

use safe_state_backends::Mark;

/// Which loop it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number {
    /// How many resumable loops are around it.
    pub(crate) depth: usize,
    /// Its place among the function's resumable loops, in the order of its text.
    pub(crate) id: u16,
}

/// What a loop passes over, and by what it knows that it is in the right place.
#[derive(Debug)]
pub(crate) struct Entry {
    /// How many items are complete.
    pub(crate) completed: u64,
    /// One of them.
    pub(crate) mark: Option<Mark>,
    /// Whether there is nothing more to do in the loop.
    pub(crate) is_closed: bool,
}

/// How the input is not the one that the checkpoint saw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum WrongInput {
    /// It has fewer items than are complete.
    TooShort,
    /// The item at that index is another one.
    OtherItem(u64),
}

impl Entry {
    /// Passes over the completed items, in one step where the iterator can: slices, ranges, `Vec`.
    pub(crate) fn skip<I: Iterator>(
        &self,
        iter: &mut I,
        fingerprint: impl FnOnce(&I::Item) -> Option<u32>,
    ) -> Result<(), WrongInput> {
        if self.is_closed {
            // The item that a `break` left the loop at has been taken too, from what the next loop
            // may go on with.
            drop(nth(iter, self.completed));
            return Ok(());
        }
        let mut left = self.completed;
        if let Some(Mark { index, fingerprint: expected }) =
            self.mark.filter(|mark| mark.index < left)
        {
            left -= index + 1;
            let item = nth(iter, index).ok_or(WrongInput::TooShort)?;
            if fingerprint(&item).is_some_and(|found| found != expected) {
                return Err(WrongInput::OtherItem(index));
            }
        }
        match left.checked_sub(1) {
            Some(last) => nth(iter, last).map(drop).ok_or(WrongInput::TooShort),
            None => Ok(()),
        }
    }
}

/// [`Iterator::nth`] for an index of any platform.
fn nth<I: Iterator>(iter: &mut I, mut index: u64) -> Option<I::Item> {
    loop {
        if let Ok(index) = usize::try_from(index) {
            return iter.nth(index);
        }
        iter.nth(usize::MAX - 1)?;
        index -= usize::MAX as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "what stands for it takes any item")]
    fn value(item: &u64) -> Option<u32> {
        u32::try_from(*item).ok()
    }

    fn skip(
        completed: u64,
        mark: Option<(u64, u32)>,
        mut input: std::ops::Range<u64>,
    ) -> Result<u64, WrongInput> {
        let mark = mark.map(|(index, fingerprint)| Mark { index, fingerprint });
        Entry { completed, mark, is_closed: false }.skip(&mut input, value).map(|()| input.start)
    }

    #[test]
    fn what_is_complete_is_passed_over() {
        assert_eq!(skip(0, None, 0..5), Ok(0));
        assert_eq!(skip(5, None, 0..5), Ok(5));
        assert_eq!(skip(1 << 40, None, 0..u64::MAX), Ok(1 << 40));
        assert_eq!(skip(3, Some((2, 2)), 0..5), Ok(3));
        assert_eq!(skip(4, Some((0, 0)), 0..5), Ok(4));
    }

    #[test]
    fn another_input_is_noticed() {
        assert_eq!(skip(6, None, 0..5), Err(WrongInput::TooShort));
        assert_eq!(skip(6, Some((5, 5)), 0..5), Err(WrongInput::TooShort));
        assert_eq!(skip(3, Some((2, 2)), 1..5), Err(WrongInput::OtherItem(2)));
    }
}
