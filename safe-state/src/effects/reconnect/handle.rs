//! The trait of handles that are saved by a description and rebuilt from it.

use std::path::PathBuf;

use safe_state_base::ReconnectError;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A handle that can't be saved itself, but can be rebuilt from a description of it.
///
/// A variable named in `reconnect(..)` is rebuilt on resume: its initialiser does not run. [`File`](std::fs::File),
/// [`BufWriter<File>`](std::io::BufWriter), [`LineWriter<File>`](std::io::LineWriter),
/// [`BufReader<File>`](std::io::BufReader) and the standard library's connected sockets come with the crate. So do the
/// handles of `rusqlite`, `postgres`, `redis` and `reqwest`, each by a feature of its name. For a type of another crate,
/// use [`register_reconnector`](super::register_reconnector). Rebuilding blocks, so the handles of async drivers are not
/// among them: make them arguments, or `fresh`.
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
    note = "a writer of a format, such as `csv::Writer` or an encoder, is made in each item, around a file in `reconnect`",
    note = "implement `safe_state::reconnect::Reconnect` for it; for a type of another crate, call `register_reconnector` and write the variable's type in its `let`"
)]
pub trait Reconnect: Sized + 'static {
    /// The description of the handle that is saved.
    type Meta: Serialize + DeserializeOwned;

    /// Returns what is needed to rebuild the handle as it is now. All data written through it has to have reached the
    /// operating system when this returns.
    ///
    /// # Errors
    ///
    /// The handle can't be rebuilt, or has failed.
    fn extract(&mut self) -> Result<Self::Meta, ReconnectError>;

    /// Rebuilds the handle, and checks that it is the one that was saved.
    ///
    /// # Errors
    ///
    /// The handle can't be rebuilt as it was.
    fn reconnect(meta: Self::Meta) -> Result<Self, ReconnectError>;

    /// Returns whether rebuilding the handle needs a function registered by
    /// [`register_opener`](super::register_opener). If it does and none is registered, a job fails before its first
    /// item. By default it does not.
    fn needs_opener(_meta: &Self::Meta) -> bool {
        false
    }

    /// Returns the files that are opened to rebuild the handle. Unless a seal saved with the handle proves that the job
    /// itself had opened them, they have to be below the working directory, or below one that the environment names.
    /// By default there are none.
    fn files(_meta: &Self::Meta) -> Vec<PathBuf> {
        Vec::new()
    }

    /// Checks that the handle, opened by an opener, is the one that was saved. By default it checks nothing.
    ///
    /// # Errors
    ///
    /// The handle is another one, or does not work.
    fn verify(&mut self, _meta: &Self::Meta) -> Result<(), ReconnectError> {
        Ok(())
    }

    /// Makes data written through the handle survive a loss of power. It is called after [`extract`](Self::extract) if
    /// the job's durability asks for it. By default it does nothing.
    ///
    /// # Errors
    ///
    /// The data can't be made durable.
    fn sync(&mut self) -> Result<(), ReconnectError> {
        Ok(())
    }
}
