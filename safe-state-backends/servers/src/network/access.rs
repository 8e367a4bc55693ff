//! How a server is reached: by which connections, and within which limits.

use std::sync::Arc;

use super::idle::Idle;
use super::limits::Limits;
use super::{Connect, Trouble};

/// The way to a server, which all leases and questions of a backend share.
pub(super) struct Access<C: Connect> {
    pub(super) connect: Arc<C>,
    pub(super) limits: Limits,
    pub(super) idle: Arc<Idle<C::Session>>,
}

impl<C: Connect> Access<C> {
    pub(super) fn new(connect: C, limits: Limits) -> Self {
        Access { connect: Arc::new(connect), limits, idle: Arc::default() }
    }

    /// Forgets the idle connections, which other settings have made.
    pub(super) fn forget_idle(&mut self) {
        self.idle = Arc::default();
    }

    /// Connects, and sets the limit on checkpoints that are loaded.
    pub(super) fn connect(&self) -> Result<C::Session, Trouble> {
        self.limits.connect(&*self.connect)
    }

    /// Calls `work` on an idle connection, or else on a new one, and returns the connection as well. An idle connection may have
    /// been cut since it was used last, or lead to a server that has become a standby: after a failure there, `work` is called
    /// again at once, on a new one.
    pub(super) fn on_any<T>(
        &self,
        mut work: impl FnMut(&mut C::Session) -> Result<T, Trouble>,
    ) -> Result<(C::Session, T), Trouble> {
        if let Some(mut session) = self.idle.take()
            && let Ok(done) = work(&mut session)
        {
            return Ok((session, done));
        }
        let mut session = self.connect()?;
        let done = work(&mut session)?;
        Ok((session, done))
    }
}

impl<C: Connect> Clone for Access<C> {
    fn clone(&self) -> Self {
        let Access { connect, limits, idle } = self;
        Access { connect: Arc::clone(connect), limits: *limits, idle: Arc::clone(idle) }
    }
}
