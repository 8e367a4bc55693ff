//! What is saved of the way while the body of an item runs, by another thread than its own.

use safe_state_backends::format::Change;

use super::Position;
use crate::progress::open_loop::OpenLoop;
use safe_state_limits::run::Blame;

impl Position {
    /// What is complete, as far as it can be saved without the values that the body has; and whether the item
    /// in flight is to blame if the process ends now.
    pub(crate) fn change_beside_the_body(&mut self, blame: Blame) -> Change {
        match blame {
            Blame::Item(cause) => {
                if let Some(open) = self.open.iter_mut().rfind(|open| open.in_flight) {
                    open.suspect_of(cause);
                }
            }
            Blame::Nobody => self.acquit(),
            Blame::AsBefore => {}
        }
        if self.carries {
            // Nothing but this is told without them.
            let suspects = self.open.iter_mut().filter_map(OpenLoop::take_suspect);
            return Change { loops: suspects.collect(), ..Change::default() };
        }
        self.take_change().0
    }
}
