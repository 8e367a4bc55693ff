//! The traits that differ from one kind of server to the next.

use safe_state_backends::escape::Line;
use std::error::Error as StdError;
use std::fmt;
use std::time::{Duration, Instant};

use safe_state_backends::{Appended, Durability, Error, Holder, Statements};

/// The way to reach a server.
pub trait Connect: Send + Sync + Sized + 'static {
    /// A connection to the server.
    type Session: Session + Send;

    /// Connects. One thread at a time uses the connection, but not always the same.
    ///
    /// # Errors
    ///
    /// The server cannot be reached in time, or refuses the login.
    fn connect(&self, timeouts: Timeouts) -> Result<Self::Session, Trouble>;

    /// Returns the server's name for messages, without a password.
    fn place(&self) -> String;

    /// Returns a name that tells the store from all others, like [`Backend::page_place`](safe_state_backends::Backend::page_place): the
    /// server, and the place in it. The default is [`place`](Self::place).
    fn page_place(&self) -> String {
        self.place()
    }

    /// Returns the statements that save `bytes` under the token: like [`Session::save`], or like [`Session::append`] if
    /// `number` is `Some`. The default returns `None`: the server can't save by statements. The statements have to fail if the
    /// token does not hold, and lock what it holds by until their transaction ends.
    ///
    /// # Errors
    ///
    /// The token can't be expressed in the server's types.
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

/// One key of an overview.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    /// The key.
    pub key: String,
    /// The checkpoint; `None` if it is large.
    pub checkpoint: Option<Vec<u8>>,
    /// The line of the lease's holder, if the lease has not ended.
    pub holder: Option<String>,
}

/// A connection, and the operations of a backend on it.
///
/// Jobs are given by keys, each of which belongs to one job: at most 241 ASCII letters, digits and `-_.%`, case-sensitive.
///
/// An operation that takes a [`LeaseToken`] takes effect wholly or not at all, and only while the token holds: the check is a
/// part of the statement or transaction that does the work. It also extends the lease.
pub trait Session {
    /// Returns whether calls may be made on the caller's thread. A driver with a runtime of its own returns false within
    /// another runtime, which forbids blocking: the calls are then made on another thread, which costs some time. The default
    /// is true.
    fn may_run_here() -> bool {
        true
    }

    /// Sets the largest size in bytes of a checkpoint that is loaded: [`load`](Self::load) has to fail for a larger one before
    /// it has read all of it. The default ignores it; a large checkpoint is then refused after it was read.
    fn limit_size(&mut self, bytes: u64) {
        let _ = bytes;
    }

    /// Makes a connection, on which the last operation has succeeded, ready for another lease, and returns whether it can have
    /// one. A connection that can is kept for two seconds when its lease has been given back. The default is false.
    fn is_reusable(&mut self) -> bool {
        false
    }

    /// Loads the checkpoint under `key`: what was saved last, and the records appended to it, in order, all as of one instant.
    ///
    /// # Errors
    ///
    /// The server does not answer, or refuses.
    fn load(&mut self, key: &str) -> Result<Option<Vec<u8>>, Trouble>;

    /// Loads the checkpoint under the token's key, as of now: not from a copy that may lag behind. The default calls
    /// [`load`](Self::load).
    ///
    /// # Errors
    ///
    /// The token is lost, or the server does not answer, or refuses.
    fn load_held(&mut self, token: &LeaseToken) -> Result<Option<Vec<u8>>, Trouble> {
        self.load(&token.key)
    }

    /// Loads what is stored under another key, as of now, as [`load_held`](Self::load_held) does. The default calls
    /// [`load`](Self::load).
    ///
    /// # Errors
    ///
    /// The token is lost, or the server does not answer, or refuses.
    fn load_current(&mut self, token: &LeaseToken, key: &str) -> Result<Option<Vec<u8>>, Trouble> {
        let _ = token;
        self.load(key)
    }

    /// Returns whether `key` has a checkpoint.
    ///
    /// # Errors
    ///
    /// The server does not answer, or refuses.
    fn exists(&mut self, key: &str) -> Result<bool, Trouble>;

    /// Returns the keys that have a checkpoint.
    ///
    /// # Errors
    ///
    /// The server does not answer, or refuses.
    fn list(&mut self) -> Result<Vec<String>, Trouble>;

    /// Returns all checkpoints and the holders of their leases, as of one instant, without the checkpoints that are large.
    /// Returns `None`, as the default does, if the server can't do that in one statement.
    ///
    /// # Errors
    ///
    /// The server does not answer, or refuses.
    fn overview(&mut self) -> Result<Option<Vec<Listed>>, Trouble> {
        Ok(None)
    }

    /// Returns the line of a lease's holder; `None` if the lease has ended or is free.
    ///
    /// # Errors
    ///
    /// The server does not answer, or refuses.
    fn held_by(&mut self, key: &str) -> Result<Option<String>, Trouble>;

    /// Takes the lease, if it is free, has ended by the server's clock, or has the epoch [`AcquireRequest::over`]. The lease's
    /// epoch grows by one, and begins at the first for a new key.
    ///
    /// # Errors
    ///
    /// The server does not answer, or refuses.
    fn acquire(&mut self, request: &AcquireRequest<'_>) -> Result<Acquired, Trouble>;

    /// Takes the lease up again on a new connection: if [`LeaseToken::holder`] still has it, whatever its epoch, the epoch
    /// grows by one, and is returned. Requests that an earlier connection has left on their way are refused from then on. So is
    /// this request itself, if its answer is lost and it arrives late: it raises only the epoch that it found.
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

    /// Makes `checkpoint` the checkpoint of the token's key, without any records behind it.
    ///
    /// # Errors
    ///
    /// The token is lost, or the server does not answer, or refuses.
    fn save(&mut self, token: &LeaseToken, checkpoint: &[u8]) -> Result<(), Trouble>;

    /// Adds a record behind the checkpoint that this connection saved last. The first record has the number 0. The default
    /// returns [`Appended::No`].
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

    /// Returns whether `bytes` are stored under the token's key, as the record `number` or as the checkpoint. The answer must not
    /// come from a copy that lags behind. Called only if [`Connect::statements`] returned statements.
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

    /// Removes the checkpoint, if there is one. The epoch has to be kept for ever, so that a run of the past never meets its
    /// own epoch again.
    ///
    /// # Errors
    ///
    /// The token is lost, or the server does not answer, or refuses.
    fn delete(&mut self, token: &LeaseToken) -> Result<(), Trouble>;

    /// Gives the lease back, if the token still holds it.
    ///
    /// # Errors
    ///
    /// The server does not answer, or refuses.
    fn release(&mut self, token: &LeaseToken) -> Result<(), Trouble>;
}

/// Time limits of one attempt.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// The longest time to connect.
    pub connect: Duration,
    /// The longest time for a statement, from sending it to the end of its answer.
    pub statement: Duration,
}

impl Default for Timeouts {
    /// Returns 10 seconds to connect, 30 for a statement.
    fn default() -> Self {
        Timeouts { connect: Duration::from_secs(10), statement: Duration::from_secs(30) }
    }
}

/// A request for a lease.
#[derive(Clone, Copy, Debug)]
pub struct AcquireRequest<'b> {
    /// The job's key.
    pub key: &'b str,
    /// The line that names the holder. It is stored, and shown to those who are refused.
    pub holder: &'b str,
    /// The time for which the lease lasts without renewal.
    pub time: Duration,
    /// The epoch of a lease that may be taken over even if it has not ended.
    pub over: Option<u64>,
}

/// The answer to a request for a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acquired {
    /// The lease was taken.
    Yes {
        /// The lease's new epoch.
        epoch: u64,
    },
    /// Another run has the lease.
    No {
        /// The lease's epoch.
        epoch: u64,
        /// The line of the lease's holder.
        holder: String,
    },
}

/// A lease that was taken.
#[derive(Clone, Debug)]
pub struct LeaseToken {
    /// The job's key.
    pub key: String,
    /// The holder's line, which no other lease has.
    pub holder: String,
    /// The lease's epoch. The token holds as long as the lease has this epoch.
    pub epoch: u64,
    /// The time for which the lease lasts from each use.
    pub time: Duration,
    /// The time, by this machine's clock, until which no other run can have taken the lease over. Until then, a server that has
    /// forgotten the lease may restore it.
    pub until: Instant,
    /// The failures that a save has to survive.
    pub durability: Durability,
}

/// The reason why a server did not do what it was asked.
#[derive(Debug)]
pub enum Trouble {
    /// The lease has another epoch than the token. The value is the line of the present holder.
    Lost(Option<String>),
    /// A reason that may pass: the connection broke, the server restarts, or two transactions were in each other's way. The
    /// work may or may not have been done.
    Transient(Box<dyn StdError + Send + Sync>),
    /// A reason that won't pass, so that another attempt does not help.
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

    /// Makes the trouble of a server that does not answer within `limit`.
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

    /// Returns a closure that converts the trouble into an error with the operation, the job and the place.
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

/// An error of a server, with the server's name.
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
