//! What is saved of the way while the body of an item runs, by another thread than its own.

use safe_state_backends::CrashCause;
use safe_state_backends::format::Change;

use super::Position;
use crate::run::open_loop::OpenLoop;

impl Position {
    /// What is complete, as far as it can be saved without the values that the body has; and that the
    /// item in flight is to blame, of `cause`, if there is one.
    pub(crate) fn change_beside_the_body(&mut self, cause: Option<CrashCause>) -> Change {
        let suspect = cause.and_then(|cause| {
            let open = self.open.iter_mut().rfind(|open| open.in_flight)?;
            open.suspect_of(cause);
            // With carried values nothing but this is told.
            self.carries.then(|| open.take_suspect()).flatten()
        });
        if self.carries {
            return Change { loops: suspect.into_iter().collect(), ..Change::default() };
        }
        self.take_change().0
    }

    /// No item is suspected any more: the one that was has come to its end.
    pub(crate) fn acquit(&mut self) {
        self.open.iter_mut().for_each(OpenLoop::suspect_none);
    }
}
