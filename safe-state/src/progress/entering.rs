//! Entering a loop: where it goes on, and whether its input can be the one that it was.

use std::borrow::Cow;

use safe_state_backends::{Checkpoint, Completed, LoopEnd, LoopProgress, Mark, Store};

use crate::Error;
use crate::items::entry::{Entry, Number, WrongInput};
use crate::items::identity::Way;
use crate::progress::open_loop::OpenLoop;
use crate::run::Run;
use crate::run::begin::OnChange;

/// The items by which the input is known again, in the order of their indices.
fn marks(stored: &LoopProgress) -> Vec<Mark> {
    let is_complete = |mark: &&Mark| stored.completed().contains(mark.index);
    let mut marks: Vec<Mark> =
        stored.samples().marks().iter().filter(is_complete).copied().collect();
    if let Some(mark) = stored.mark()
        && let Err(at) = marks.binary_search_by_key(&mark.index, |it| it.index)
    {
        marks.insert(at, mark);
    }
    marks
}

impl Run {
    /// Enters a loop over `total` items, if its input tells.
    pub(crate) fn enter_loop(
        &mut self,
        Number { depth, id: loop_id }: Number,
        location: Cow<'static, str>,
        total: Option<u64>,
        way: Way,
    ) -> Result<Entry, Error> {
        // One that lends what it walks is entered again behind each save.
        let again = self.position.open.get(depth).is_some_and(|open| open.loop_id() == loop_id);
        self.position.open.truncate(depth);
        self.position.location = location;
        let within = self.position.within(depth);
        let store = self.store();
        let checkpoint = store.as_deref().map(Store::checkpoint);
        let stored = checkpoint.and_then(|stored| self.stored_loop(stored, loop_id, depth));
        self.check_left_behind(checkpoint.and_then(|it| it.loop_progress(loop_id)), &within)?;
        let checked = stored.map_or(Ok(()), |stored| way.check(stored));
        checked.map_err(|before| self.other_way(before))?;
        let closed_at = checkpoint.zip(stored).and_then(|stored| self.closed_at(loop_id, stored));
        let completed = stored.map_or_else(Completed::default, |stored| stored.completed().clone());
        let total = match way {
            Way::Cursor | Way::Consumed => total.map(|left| left.saturating_add(completed.len())),
            Way::Index | Way::Key(_) => total,
        };
        // What a closed loop is left with stays as it is.
        let open_way = if closed_at.is_some() { Way::Index } else { way };
        let open = OpenLoop::enter(loop_id, within, stored, total, open_way);
        let stored_marks = stored.filter(|_| self.on_input_change != OnChange::Continue);
        let marks = stored_marks.map_or_else(Vec::new, marks);
        let keys = stored.and_then(LoopProgress::keys).map_or(0, |keys| keys.len() as u64);
        let skipped = completed.len().max(keys);
        drop(store);
        if depth == 0 && skipped > 0 && !again {
            self.say_resumed(skipped);
        }
        let around = self.position.open.last().map(|around| around.position);
        self.bars.enter(self.events.job(), depth, around, open.position, total);
        self.position.open.push(open);
        match (way, total) {
            (Way::Index, Some(total))
                if total < completed.end() && closed_at.is_none() && !self.accepts =>
            {
                Err(self.input_shrank(completed.len(), Some(total)))
            }
            (Way::Index, _) => Ok(Entry { completed, marks, closed_at }),
            (Way::Key(_), _) if closed_at.is_some() => {
                Ok(Entry { completed, closed_at, ..Entry::default() })
            }
            (Way::Key(_) | Way::Cursor | Way::Consumed, _) => {
                Ok(Entry { closed_at: closed_at.map(|_| 0), ..Entry::default() })
            }
        }
    }

    /// What is stored of the loop in the items that the run is in.
    pub(crate) fn stored_loop<'c>(
        &self,
        checkpoint: &'c Checkpoint,
        loop_id: u16,
        depth: usize,
    ) -> Option<&'c LoopProgress> {
        let stored = checkpoint.loop_progress(loop_id)?;
        (stored.within() == self.position.within(depth)).then_some(stored)
    }

    /// The item at which a `break` has left the loop for good, as the run before had come to a later one,
    /// or to its end.
    fn closed_at(
        &self,
        loop_id: u16,
        (checkpoint, stored): (&Checkpoint, &LoopProgress),
    ) -> Option<u64> {
        if stored.closed_at().is_some() {
            return stored.closed_at();
        }
        let is_later =
            |(id, later): (u16, &LoopProgress)| id > loop_id && later.within() == stored.within();
        let is_left_behind = || checkpoint.numbered_loops().any(is_later);
        let is_closed =
            stored.end() == Some(LoopEnd::Left) && (self.was_finished || is_left_behind());
        is_closed.then(|| stored.completed().prefix())
    }

    fn say_resumed(&self, completed: u64) {
        if let Some(store) = self.store() {
            let checkpoint = store.checkpoint();
            self.events.resumed(checkpoint.run_count(), completed, checkpoint.typical_item_time());
        }
    }

    pub(crate) fn wrong_input(&self, completed: u64, wrong: WrongInput) -> Error {
        match wrong {
            WrongInput::TooShort => self.input_shrank(completed, None),
            WrongInput::OtherItem(index) => {
                Error::InputChanged { job: self.events.job().to_owned(), index }
            }
        }
    }

    pub(crate) fn other_way(&self, before: &'static str) -> Error {
        Error::OtherWay { job: self.events.job().to_owned(), before }
    }

    pub(crate) fn no_key(&self, depth: usize, reason: String) -> Error {
        let index = self.position.open.get(depth).map_or(0, |open| open.position);
        Error::NoKey { job: self.events.job().to_owned(), index, reason }
    }

    fn input_shrank(&self, completed: u64, found: Option<u64>) -> Error {
        Error::InputShrank { job: self.events.job().to_owned(), completed, found }
    }
}
