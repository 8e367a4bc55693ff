//! Live handles that are rebuilt on resume: files, connections.

mod file;
pub(crate) mod means;
mod net;
mod opener;
pub(crate) mod outputs;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
mod registry;
#[cfg(feature = "reqwest")]
mod reqwest;
#[cfg(feature = "rusqlite")]
mod rusqlite;
pub(crate) mod seal;
mod why;

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::PathBuf;

use safe_state_backends::escape::Line;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use file::FileMeta;
pub use opener::register_opener;
pub use registry::{ReconnectRegistry, register_reconnector, register_sync};
pub(crate) use why::When;

#[cfg(feature = "postgres")]
pub use self::postgres::PostgresMeta;
#[cfg(feature = "redis")]
pub use self::redis::RedisMeta;
#[cfg(feature = "rusqlite")]
pub use self::rusqlite::SqliteMeta;

/// A handle that can't be saved, but rebuilt from what can.
///
/// A variable named in `reconnect(..)` is rebuilt on resume: its initialiser then does not run.
/// [`File`](std::fs::File), [`BufWriter<File>`](std::io::BufWriter) and
/// [`BufReader<File>`](std::io::BufReader), and the standard library's connected sockets come with
/// the crate, and, each by a feature of its name, the handles of `rusqlite`, `postgres`, `redis` and
/// `reqwest`. For a type of another crate there is [`register_reconnector`]. Opening is blocking, so the
/// handles of async drivers are none of these: let them be arguments, or `fresh`.
///
/// ```
/// use safe_state::reconnect::{Reconnect, ReconnectError};
///
/// struct Service { url: String }
///
/// impl Reconnect for Service {
///     type Meta = String;
///
///     fn extract(&mut self) -> Result<String, ReconnectError> {
///         Ok(self.url.clone())
///     }
///
///     fn reconnect(url: String) -> Result<Self, ReconnectError> {
///         Ok(Service { url })
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be reconnected",
    label = "nothing is known of how to rebuild this",
    note = "implement `safe_state::reconnect::Reconnect` for it; for a type of another crate, call `register_reconnector` and write the variable's type in its `let`"
)]
pub trait Reconnect: Sized + 'static {
    /// What is saved.
    type Meta: Serialize + DeserializeOwned;

    /// What is needed to rebuild the handle as it is now. What has been written through it has to
    /// be with the operating system when this returns.
    ///
    /// # Errors
    ///
    /// The handle is one that can't be rebuilt, or has failed.
    fn extract(&mut self) -> Result<Self::Meta, ReconnectError>;

    /// Rebuilds the handle, and checks that it is what it was.
    ///
    /// # Errors
    ///
    /// It can't be rebuilt as it was.
    fn reconnect(meta: Self::Meta) -> Result<Self, ReconnectError>;

    /// Whether it takes a function registered by [`register_opener`] to rebuild the handle. Then a job
    /// fails before its first item if there is none. By default it does not.
    fn needs_opener(_meta: &Self::Meta) -> bool {
        false
    }

    /// The files that are opened to rebuild the handle. They have to be known to be those that the job has
    /// opened, by a seal that goes with what is saved. By default none.
    fn files(_meta: &Self::Meta) -> Vec<PathBuf> {
        Vec::new()
    }

    /// Checks that the handle, which an opener has opened, is what it was. By default nothing.
    ///
    /// # Errors
    ///
    /// It is another, or does not work.
    fn verify(&mut self, _meta: &Self::Meta) -> Result<(), ReconnectError> {
        Ok(())
    }

    /// Makes what has been written through the handle survive a loss of power. Called after
    /// [`extract`](Self::extract) where the job's durability asks for it; by default nothing.
    ///
    /// # Errors
    ///
    /// It can't be made durable.
    fn sync(&mut self) -> Result<(), ReconnectError> {
        Ok(())
    }
}

/// Why a handle cannot be rebuilt, or not be described.
pub struct ReconnectError {
    text: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
    pub(crate) when: When,
    about: About,
}

/// What a handle fails for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum About {
    #[default]
    Itself,
    /// What it was of is not there any more.
    Absence,
    /// Something else has it.
    Conflict,
}

safe_state_backends::debug_is_one_line!(ReconnectError);

impl ReconnectError {
    /// For a reason of one's own.
    pub fn new(text: impl Into<String>) -> Self {
        ReconnectError {
            text: text.into(),
            source: None,
            when: When::default(),
            about: About::default(),
        }
    }

    /// For something that failed with an error.
    pub fn because(
        text: impl Into<String>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        ReconnectError { source: Some(source.into()), ..ReconnectError::new(text) }
    }

    /// What the handle was of is not there any more.
    fn absent(text: impl Into<String>) -> Self {
        ReconnectError { about: About::Absence, ..ReconnectError::new(text) }
    }

    /// Something else has what the handle is of.
    fn conflict(text: impl Into<String>) -> Self {
        ReconnectError { about: About::Conflict, ..ReconnectError::new(text) }
    }

    /// The same with more to say.
    fn with(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }
}

impl From<io::Error> for ReconnectError {
    /// With `?`, where the error says by itself what could not be done.
    fn from(error: io::Error) -> Self {
        ReconnectError::because("an operation on it failed", error)
    }
}

impl fmt::Display for ReconnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Line(&self.text).fmt(f)
    }
}

impl StdError for ReconnectError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}
