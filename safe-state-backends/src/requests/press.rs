//! A button that somebody pressed.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::checkpoint::text;

/// The most presses that are kept for a job: the last ones.
pub(crate) const MOST: usize = 50;
/// The longest text that is kept, in bytes.
const TEXT_LIMIT: usize = 300;

/// A button of a job that was pressed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Press {
    /// The time of the press.
    pub at: Timestamp,
    /// The button.
    pub verb: String,
    /// The person who pressed it, as far as known.
    pub who: String,
    /// The sentence that the page showed as the result.
    pub done: String,
}

impl Press {
    /// Creates a press at the present time. Longer texts are cut to 300 bytes.
    pub fn now(verb: &str, who: &str, done: &str) -> Self {
        let [verb, who, done] =
            [verb, who, done].map(|text| text::bounded(text.to_owned(), TEXT_LIMIT));
        Press { at: Timestamp::now(), verb, who, done }
    }
}
