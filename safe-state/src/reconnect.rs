//! Live handles that are rebuilt on resume: files, connections.

mod file;
pub(crate) mod means;
mod net;
mod registry;

use std::error::Error as StdError;
use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use file::FileMeta;
pub use registry::{ReconnectRegistry, register_reconnector};

/// A handle that can't be saved, but rebuilt from what can.
///
/// A variable named in `reconnect(..)` is rebuilt on resume: its initialiser then does not run.
/// [`File`](std::fs::File), [`BufWriter<File>`](std::io::BufWriter) and
/// [`BufReader<File>`](std::io::BufReader), and the standard library's connected sockets come with
/// the crate. For a type of another crate there is [`register_reconnector`].
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
pub trait Reconnect: Sized {
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
#[derive(Debug)]
pub struct ReconnectError {
    text: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl ReconnectError {
    /// For a reason of one's own.
    pub fn new(text: impl Into<String>) -> Self {
        ReconnectError { text: text.into(), source: None }
    }

    /// For something that failed with an error.
    pub fn because(
        text: impl Into<String>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        ReconnectError { text: text.into(), source: Some(source.into()) }
    }
}

impl fmt::Display for ReconnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for ReconnectError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}
