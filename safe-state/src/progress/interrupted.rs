//! Items that were left in the middle of an inner loop, and that another now comes before.

use safe_state_backends::LoopProgress;

use crate::Error;
use crate::run::Run;

impl Run {
    /// Only one item's progress of an inner loop is stored. If that item is not complete, and the
    /// input of the outer loop, which knows items by key, gives another before it, its inner items
    /// are done again: which is no harm, unless carried values have them already.
    pub(crate) fn check_left_behind(
        &self,
        stored: Option<&LoopProgress>,
        within: &[u64],
    ) -> Result<(), Error> {
        let Some(stored) = stored else { return Ok(()) };
        let around = self.position.open.iter().zip(stored.within()).zip(within);
        let is_left =
            around.into_iter().any(|((open, item), now)| item != now && open.has_left(*item));
        if is_left { self.left_behind(stored) } else { Ok(()) }
    }

    /// The same of an outer loop that knows items by cursor, as soon as it gives the other item: which
    /// items are complete by then it could not tell later.
    pub(crate) fn check_ousted(&self, depth: usize) -> Result<(), Error> {
        let (Some(store), Some(open)) = (self.store(), self.position.open.get(depth)) else {
            return Ok(());
        };
        let is_inner = |stored: &&LoopProgress| match stored.within().split_at_checked(depth) {
            Some((around, [item, ..])) => {
                open.has_ousted(*item) && around == self.position.within(depth)
            }
            _ => false,
        };
        store.checkpoint().loops().filter(is_inner).try_for_each(|stored| self.left_behind(stored))
    }

    /// What is complete of the loop inside an item that another has come before is done again.
    fn left_behind(&self, stored: &LoopProgress) -> Result<(), Error> {
        if stored.completed().is_empty() {
            return Ok(());
        }
        if self.position.carries {
            return Err(Error::LeftBehind { job: self.events.job().to_owned() });
        }
        self.events.inner_items_again(stored.completed().len());
        Ok(())
    }
}
