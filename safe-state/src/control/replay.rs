//! The progress of the replay of a failed item.

/// Whether a run is the replay of an item, and whether it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replay {
    /// The run is no replay.
    No,
    /// The run is a replay, and ends with the item at this index.
    Until(u64),
    /// The replayed item is complete.
    Done,
}

impl Replay {
    /// Ends the replay if the complete item, at `index`, is its last.
    #[inline]
    pub(super) fn completed(&mut self, index: Option<u64>) {
        if let Replay::Until(last) = *self
            && index == Some(last)
        {
            *self = Replay::Done;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_ends_with_its_item() {
        let mut replay = Replay::Until(7);
        replay.completed(Some(6));
        replay.completed(None);
        assert_eq!(replay, Replay::Until(7));
        replay.completed(Some(7));
        assert_eq!(replay, Replay::Done);
        let mut none = Replay::No;
        none.completed(Some(7));
        assert_eq!(none, Replay::No);
    }
}
