//! Saves that transactions of the program's own make, by statements that the lease gives out.

use super::{LeaseToken, Session, Trouble};
use safe_state_backends::Durability;
use safe_state_backends::Outstanding;

/// The saves of transactions of the program's own.
#[derive(Debug, Default)]
pub(super) struct Transactions {
    /// The save whose transaction is under way, or whose end is unknown.
    pub(super) outstanding: Option<Outstanding>,
    /// The last committed save, if nothing was saved since that the server keeps more durably. How durable a transaction of the
    /// program is, is the program's choice.
    pub(super) committed: Option<Outstanding>,
}

impl Transactions {
    pub(super) fn is_outstanding(&self) -> bool {
        self.outstanding.is_some()
    }

    /// Notes that the lease's own connection has saved something later.
    pub(super) fn are_saved(&mut self, token: &LeaseToken) {
        if token.durability == Durability::Power {
            self.committed = None;
        }
    }

    /// Fails if the server has lost a committed save, which may happen if it was not synced: the program's rows are lost with
    /// it, and the run counts items as complete whose rows are gone.
    pub(super) fn are_kept_by(
        &self,
        session: &mut impl Session,
        token: &LeaseToken,
    ) -> Result<(), Trouble> {
        let Some(Outstanding { number, bytes }) = &self.committed else { return Ok(()) };
        if session.holds(token, *number, bytes)? { Ok(()) } else { Err(Trouble::Lost(None)) }
    }
}
