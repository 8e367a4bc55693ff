//! The reasons why the input of a shared loop does not give a worker its items once more.

use std::fmt;

/// The reason why an input does not give its items again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotAgain {
    /// The items have been given, and the input cannot be cloned.
    Given,
    /// The input ends earlier than when it was counted.
    Length { found: u64, total: u64 },
    /// The input goes on behind the end that it had when it was counted.
    Longer { total: u64 },
    /// The input has other keys than at the walk before.
    Keys,
}

impl fmt::Display for NotAgain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotAgain::Given => f.write_str(
                "a slice that this worker had finished was opened again, by `retry` say, and its items are gone, as the input \
                 can't be cloned; run it again in a new process, or give the loop an input that is `Clone`",
            ),
            NotAgain::Length { found, total } => {
                write!(f, "it has {found} items now, and had {total}; {ALIKE}")
            }
            NotAgain::Longer { total } => {
                write!(f, "it has more items now than the {total} that it had; {ALIKE}")
            }
            NotAgain::Keys => write!(f, "it has items with other keys now; {ALIKE}"),
        }
    }
}

const ALIKE: &str = "give the loop one of which each clone gives the same, as a `Vec` that it is collected into before";
