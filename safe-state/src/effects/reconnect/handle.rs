//! What a handle is rebuilt from, and how.

use std::path::PathBuf;

use safe_state_base::ReconnectError;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A handle that can't be saved, but rebuilt from what can.
///
/// A variable named in `reconnect(..)` is rebuilt on resume: its initialiser then does not run.
/// [`File`](std::fs::File), [`BufWriter<File>`](std::io::BufWriter) and
/// [`BufReader<File>`](std::io::BufReader), and the standard library's connected sockets come with
/// the crate, and, each by a feature of its name, the handles of `rusqlite`, `postgres`, `redis` and
/// `reqwest`. For a type of another crate there is [`register_reconnector`](super::register_reconnector). Opening is blocking, so the
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

    /// Returns whether it takes a function registered by [`register_opener`](super::register_opener) to rebuild the handle. Then a job
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
