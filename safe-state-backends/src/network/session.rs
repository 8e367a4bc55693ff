//! What differs from one kind of server to the next.

use crate::escape::Line;
use std::error::Error as StdError;
use std::fmt;
use std::time::{Duration, Instant};

use crate::{Appended, Durability, Error, Holder, Statements};

/// How to reach a server.
pub trait Connect: Send + Sync + Sized + 'static {
    /// A connection to it.
    type Session: Session + Send;

    /// Connects. The connection is used by one thread at a time, and not always by the same.
    ///
    /// # Errors
    ///
    /// The server cannot be reached in time, or lets nobody in.
    fn connect(&self, timeouts: Timeouts) -> Result<Self::Session, Trouble>;

    /// Which server it is, for messages: without a password.
    fn place(&self) -> String;

    /// What tells the store there from all others, as [`Backend::page_place`](crate::Backend::page_place) does: the server,
    /// and where in it. By default, [`place`](Self::place).
    fn page_place(&self) -> String {
        self.place()
    }

    /// The statements that save `bytes` under the token, as [`Session::save`] does, or as
    /// [`Session::append`] under that number; `None` if a save is none, as by default. They fail where
    /// the token does not hold, and lock what it holds by until their transaction ends.
    ///
    /// # Errors
    ///
    /// The token can't be written in the server's types.
    fn statements(
        &self,
        token: &LeaseToken,
        number: Option<u64>,
        bytes: &[u8],
    ) -> Result<Option<Statements>, Trouble> {
        let _ = (token, number, bytes);
        Ok(None)
    }
}

/// What an overview tells of one key.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    /// The key.
    pub key: String,
    /// What is stored there, unless it is large.
    pub checkpoint: Option<Vec<u8>>,
    /// The line of who has its lease, if that has not ended.
    pub holder: Option<String>,
}

/// A connection, and the operations of a backend on it.
///
/// Jobs come as keys, which are theirs alone: of letters, digits and `-_.%` in ASCII, at most 241
/// of them, in which case matters.
///
/// Those that take a [`LeaseToken`] take effect all or not at all, and only while the token holds: it is
/// a part of the statement or transaction that does the work. They extend the lease as well.
pub trait Session {
    /// Whether its calls may be made on the thread that asks. Not so within a runtime that forbids to
    /// block, for a driver that has a runtime itself: they are then made on another thread, which
    /// costs some time. By default they may.
    fn may_run_here() -> bool {
        true
    }

    /// Says how many bytes a checkpoint may have that is loaded: of a larger one [`load`](Self::load) is to fail
    /// before it has read it whole. By default it may have any number, and is refused once it is read.
    fn limit_size(&mut self, bytes: u64) {
        let _ = bytes;
    }

    /// The checkpoint under `key`: what was saved last, and the records appended to it, in their
    /// order; all as of one instant.
    ///
    /// # Errors
    ///
    /// The server does not answer, or refuses.
    fn load(&mut self, key: &str) -> Result<Option<Vec<u8>>, Trouble>;

    /// Loads what is stored under the token's key, as of now: not from a copy that may be behind what was saved. By
    /// default, [`load`](Self::load) gives that.
    ///
    /// # Errors
    ///
    /// The token is lost, or the server does not answer, or refuses.
    fn load_held(&mut self, token: &LeaseToken) -> Result<Option<Vec<u8>>, Trouble> {
        self.load(&token.key)
    }

    /// Loads what is stored under another key, as of now, as [`load_held`](Self::load_held) does. By default,
    /// [`load`](Self::load) gives that.
    ///
    /// # Errors
    ///
    /// The token is lost, or the server does not answer, or refuses.
    fn load_current(&mut self, token: &LeaseToken, key: &str) -> Result<Option<Vec<u8>>, Trouble> {
        let _ = token;
        self.load(key)
    }

    /// Whether there is a checkpoint under `key`.
    ///
    /// # Errors
    ///
    /// The server does not answer, or refuses.
    fn exists(&mut self, key: &str) -> Result<bool, Trouble>;

    /// The keys that have a checkpoint.
    ///
    /// # Errors
    ///
    /// The server does not answer, or refuses.
    fn list(&mut self) -> Result<Vec<String>, Trouble>;

    /// All that is stored under all keys, and who has their leases, as of one instant; of a key whose checkpoint is
    /// large, `None` stands for that. `None` if the server can't tell it in one statement, as by default.
    ///
    /// # Errors
    ///
    /// The server does not answer, or refuses.
    fn overview(&mut self) -> Result<Option<Vec<Listed>>, Trouble> {
        Ok(None)
    }

    /// The line of who has a lease that has not ended.
    ///
    /// # Errors
    ///
    /// The server does not answer, or refuses.
    fn held_by(&mut self, key: &str) -> Result<Option<String>, Trouble>;

    /// Takes the lease, if it is free, has ended by the server's clock, or has the epoch
    /// [`AcquireRequest::over`]; its epoch grows by one then, and is the first if there was none ever.
    ///
    /// # Errors
    ///
    /// The server does not answer, or refuses.
    fn acquire(&mut self, request: &AcquireRequest<'_>) -> Result<Acquired, Trouble>;

    /// Takes the lease up again on a new connection: if [`LeaseToken::holder`] still has it, whatever its
    /// epoch, its epoch grows by one, and is given. What an earlier connection has left on its way
    /// is refused from then on, and so is what is left of this call itself if its answer is lost: it
    /// raises the epoch that it found, and no other.
    ///
    /// # Errors
    ///
    /// The token is lost, or the server does not answer, or refuses.
    fn resume(&mut self, token: &LeaseToken) -> Result<u64, Trouble>;

    /// Extends the lease.
    ///
    /// # Errors
    ///
    /// The token is lost, or the server does not answer, or refuses.
    fn renew(&mut self, token: &LeaseToken) -> Result<(), Trouble>;

    /// Makes `checkpoint` the one of the token's key, without any records behind it.
    ///
    /// # Errors
    ///
    /// The token is lost, or the server does not answer, or refuses.
    fn save(&mut self, token: &LeaseToken, checkpoint: &[u8]) -> Result<(), Trouble>;

    /// Adds a record behind the checkpoint that this connection saved last: the first is number 0.
    ///
    /// # Errors
    ///
    /// The token is lost, or the server does not answer, or refuses.
    fn append(
        &mut self,
        token: &LeaseToken,
        number: u64,
        record: &[u8],
    ) -> Result<Appended, Trouble> {
        let _ = (token, number, record);
        Ok(Appended::No)
    }

    /// Whether `bytes` are stored under the token's key, as of now: as the record of that number, or as the checkpoint
    /// that was saved. It is asked where [`Connect::statements`] gave statements.
    ///
    /// # Errors
    ///
    /// The token is lost, or the server does not answer, or refuses.
    fn holds(
        &mut self,
        token: &LeaseToken,
        number: Option<u64>,
        bytes: &[u8],
    ) -> Result<bool, Trouble> {
        let _ = (token, number, bytes);
        Err(Trouble::permanent("a save here is no statement"))
    }

    /// Removes the checkpoint, if there is one. The epoch is kept for ever: a run of the past
    /// must not come by the same again.
    ///
    /// # Errors
    ///
    /// The token is lost, or the server does not answer, or refuses.
    fn delete(&mut self, token: &LeaseToken) -> Result<(), Trouble>;

    /// Gives the lease back, if it is still the token's.
    ///
    /// # Errors
    ///
    /// The server does not answer, or refuses.
    fn release(&mut self, token: &LeaseToken) -> Result<(), Trouble>;
}

/// How long one try may take.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// To connect.
    pub connect: Duration,
    /// For a statement, from sending it to the end of its answer.
    pub statement: Duration,
}

impl Default for Timeouts {
    /// 10 seconds to connect, 30 for a statement.
    fn default() -> Self {
        Timeouts { connect: Duration::from_secs(10), statement: Duration::from_secs(30) }
    }
}

/// What a lease is asked for with.
#[derive(Clone, Copy, Debug)]
pub struct AcquireRequest<'b> {
    /// The job's.
    pub key: &'b str,
    /// Who asks, as one line to be stored and given to those who are refused.
    pub holder: &'b str,
    /// How long the lease is to last.
    pub time: Duration,
    /// The epoch of a lease that may be taken over though it has not ended.
    pub over: Option<u64>,
}

/// Whether a lease was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acquired {
    /// It was.
    Yes {
        /// Its epoch.
        epoch: u64,
    },
    /// Another has it.
    No {
        /// Its epoch.
        epoch: u64,
        /// The line that its holder gave.
        holder: String,
    },
}

/// A lease that was taken.
#[derive(Clone, Debug)]
pub struct LeaseToken {
    /// The job's.
    pub key: String,
    /// The line that it was asked for with, which is no other lease's.
    pub holder: String,
    /// What it holds by.
    pub epoch: u64,
    /// How long it is to last from each use.
    pub time: Duration,
    /// Until when no other can have taken it over, by this machine's clock: a server that has
    /// forgotten the lease may be told of it again.
    pub until: Instant,
    /// What a save has to survive.
    pub durability: Durability,
}

/// Why a server did not do what it was asked.
#[derive(Debug)]
pub enum Trouble {
    /// The token's epoch is not the lease's any more; and the line of who holds it now.
    Lost(Option<String>),
    /// A reason that may pass: the connection broke, the server restarts, two transactions were in
    /// each other's way. What was asked may or may not have been done.
    Transient(Box<dyn StdError + Send + Sync>),
    /// A reason that won't pass: trying again does not help.
    Permanent(Box<dyn StdError + Send + Sync>),
}

impl Trouble {
    /// Wraps a reason that may pass, for [`Result::map_err`].
    pub fn transient(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Trouble::Transient(source.into())
    }

    /// Wraps a reason that won't pass, for [`Result::map_err`].
    pub fn permanent(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Trouble::Permanent(source.into())
    }

    /// A server that says nothing.
    #[cfg(any(
        feature = "postgres",
        feature = "mysql",
        feature = "redis",
        feature = "object-store"
    ))]
    pub(crate) fn no_answer(limit: Duration) -> Self {
        let limit = humantime::format_duration(limit);
        Trouble::transient(format!("there was no answer within {limit}"))
    }

    pub(super) fn is_transient(&self) -> bool {
        matches!(self, Trouble::Transient(_))
    }

    /// Makes an error of it, which says what was tried, for which job, and where.
    pub(super) fn at<'a, C: Connect>(
        action: &'static str,
        job: &'a str,
        connect: &'a C,
    ) -> impl FnOnce(Trouble) -> Error + 'a {
        move |trouble| {
            let (job, place) = (job.to_owned(), connect.place());
            let source: Box<dyn StdError + Send + Sync> = match trouble {
                Trouble::Lost(holder) => {
                    let holder = holder.as_deref().and_then(Holder::from_line).map(Box::new);
                    return Error::LeaseLost { job, holder };
                }
                Trouble::Transient(source) => Box::new(At::GivenUp { place, source }),
                Trouble::Permanent(source) => Box::new(At::Refused { place, source }),
            };
            Error::Backend { action, job, source }
        }
    }
}

/// What a server says, and which it is.
#[derive(Debug, thiserror::Error)]
enum At {
    #[error("`{place}` was tried until the time for it was up", place = Line(place))]
    GivenUp { place: String, source: Box<dyn StdError + Send + Sync> },
    #[error("`{place}` refused", place = Line(place))]
    Refused { place: String, source: Box<dyn StdError + Send + Sync> },
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Lost(_) => f.write_str("the lease was taken over"),
            Trouble::Transient(source) | Trouble::Permanent(source) => Line(source).fmt(f),
        }
    }
}
