//! How the loop is cut into slices, on which all workers agree: the first one cuts it, and one that would cut it otherwise is
//! refused.

use safe_state_backends::{Completed, Cut, Head, LoopProgress, Slices};

use super::Hunt;
use crate::Error;
use crate::error::items;
use crate::shared::input::Sampled;

impl Hunt {
    /// Returns what is finished, of a loop that is cut if nobody has cut it before.
    pub(super) fn looked_up(&self) -> Result<Completed, Error> {
        // What is older than the truth is good enough to look for a slice by; only the head's lease tells that there is nothing.
        if !self.how.accepts
            && let Some(head) = self.job.head()?
            && let Ok(Some(finished)) = self.checked(&head)
        {
            return Ok(finished);
        }
        self.job.change(|head| {
            let mut head = head.ok_or_else(|| self.cleared())?;
            if self.how.accepts {
                self.note_sampled(&mut head);
            }
            if let Some(finished) = self.checked(&head)? {
                return Ok((self.how.accepts.then_some(head), finished));
            }
            let slices = Slices {
                loop_id: self.loop_id(),
                count: self.cutting.count,
                cut: self.cutting.cut.clone(),
                finished: Completed::default(),
            };
            head.cut(slices, Some(self.cutting.total))
                .map_err(|reason| self.job.unwritable(reason))?;
            head.note(&self.note_of_keys(), self.cutting.keys);
            self.note_sampled(&mut head);
            Ok((Some(head), Completed::default()))
        })
    }

    /// Returns what is finished, if the loop is cut.
    pub(super) fn checked(&self, head: &Head) -> Result<Option<Completed>, Error> {
        let Some(slices) = head.slices_of(self.loop_id()) else { return Ok(None) };
        let total = head.loop_progress(self.loop_id()).and_then(LoopProgress::total);
        if total != Some(self.cutting.total) {
            let stored = total.map_or_else(|| "an input of unknown length".to_owned(), length);
            return Err(self.differs(length(self.cutting.total), stored));
        }
        if slices.count != self.cutting.count {
            let cut = |count| format!("{count} slices");
            return Err(self.differs(cut(self.cutting.count), cut(slices.count)));
        }
        if slices.cut != self.cutting.cut {
            return Err(self.differs(by(&self.cutting.cut), by(&slices.cut)));
        }
        if head.noted(&self.note_of_keys()) != self.cutting.keys {
            let (found, stored) = ("items with other keys", "items with their keys");
            return Err(self.differs(found.to_owned(), stored.to_owned()));
        }
        let is_other = |(name, found): (String, Option<u32>)| {
            found.zip(head.noted(&name)).is_some_and(|(found, stored)| found != stored)
        };
        if self.sampled().into_iter().any(is_other) {
            let found = "an input with other items, or in another order";
            return Err(self.differs(found.to_owned(), "an input with their items".to_owned()));
        }
        Ok(Some(slices.finished.clone()))
    }

    /// The samples of the input's items, and under what names the head has them.
    fn sampled(&self) -> [(String, Option<u32>); 2] {
        let (loop_id, Sampled { first, some }) = (self.loop_id(), self.how.sampled);
        [(format!("first!{loop_id}"), first), (format!("items!{loop_id}"), some)]
    }

    fn note_sampled(&self, head: &mut Head) {
        for (name, found) in self.sampled() {
            head.forget_note(&name);
            head.note(&name, found);
        }
    }

    /// Under what name the head has a checksum of the loop's keys.
    fn note_of_keys(&self) -> String {
        format!("keys!{}", self.loop_id())
    }

    fn differs(&self, found: String, stored: String) -> Error {
        Error::WorkerDiffers { job: self.job.name().to_owned(), found, stored }
    }
}

/// By what a loop is cut into slices.
fn by(cut: &Cut) -> String {
    match cut {
        Cut::Index => "slices of the same length".to_owned(),
        Cut::Splits(starts) => {
            let begin = starts.iter().take(4).map(u64::to_string).collect::<Vec<_>>().join(", ");
            format!("slices that begin at {begin}..")
        }
        Cut::Key => "slices by key".to_owned(),
    }
}

fn length(total: u64) -> String {
    format!("an input of {}", items(total))
}
