//! How far the replay of a failed item is.

/// Whether a run is the replay of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replay {
    /// It is none.
    No,
    /// It ends with this item.
    Until(u64),
    /// That item is complete.
    Done,
}

impl Replay {
    /// Takes in that the item of that index is complete.
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
