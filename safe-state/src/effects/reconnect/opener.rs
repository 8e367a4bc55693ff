//! Functions that open handles which do not tell how they were opened, or need a password, which is never saved.

use std::any::{Any, TypeId, type_name};
use std::error::Error as StdError;
use std::sync::{Arc, PoisonError};

use safe_state_base::ReconnectError;

use super::handle::Reconnect;
use super::registry::ReconnectRegistry;

pub(super) type Opener<T> =
    dyn Fn(&<T as Reconnect>::Meta) -> Result<T, Box<dyn StdError + Send + Sync>> + Send + Sync;

/// Registers `open` for all jobs: it opens a `T`, given the saved description of the one to be rebuilt. Before an item
/// runs, the opened handle is checked to be the one that was saved; if it differs, the job fails. Of several functions
/// registered for a type, the last counts.
///
/// Use it for handles that don't tell how they were opened, and for passwords, which are never saved:
///
/// ```
/// use safe_state::reconnect::{Reconnect, ReconnectError, register_opener};
///
/// struct Service { url: String, token: String }
///
/// impl Reconnect for Service {
///     type Meta = String;
///
///     fn extract(&mut self) -> Result<String, ReconnectError> {
///         Ok(self.url.clone())
///     }
///
///     fn needs_opener(_: &String) -> bool {
///         true
///     }
///
///     fn reconnect(_: String) -> Result<Self, ReconnectError> {
///         Err(ReconnectError::no_opener::<Self>())
///     }
/// }
///
/// // Before the job:
/// register_opener::<Service>(|url| {
///     Ok(Service { url: url.clone(), token: std::env::var("SERVICE_TOKEN")? })
/// });
/// ```
pub fn register_opener<T: Reconnect>(
    open: impl Fn(&T::Meta) -> Result<T, Box<dyn StdError + Send + Sync>> + Send + Sync + 'static,
) {
    ReconnectRegistry::global().register_opener(open);
}

impl ReconnectRegistry {
    /// Registers `open` for the jobs that use this registry, as the function [`register_opener`] does for all jobs.
    pub fn register_opener<T: Reconnect>(
        &self,
        open: impl Fn(&T::Meta) -> Result<T, Box<dyn StdError + Send + Sync>> + Send + Sync + 'static,
    ) {
        let opener: Arc<Opener<T>> = Arc::new(open);
        let mut openers = self.openers.write().unwrap_or_else(PoisonError::into_inner);
        openers.insert(TypeId::of::<T>(), Box::new(opener));
    }

    /// Returns whether an opener for the type `T` is registered here.
    pub fn opens<T: Reconnect>(&self) -> bool {
        self.opener::<T>().is_some()
    }

    fn opener<T: Reconnect>(&self) -> Option<Arc<Opener<T>>> {
        let openers = self.openers.read().unwrap_or_else(PoisonError::into_inner);
        let opener: &(dyn Any + Send + Sync) = &**openers.get(&TypeId::of::<T>())?;
        opener.downcast_ref::<Arc<Opener<T>>>().cloned()
    }

    /// Opens a handle by the registered opener, or by its type alone if none is registered.
    pub(super) fn open<T: Reconnect>(&self, meta: T::Meta) -> Result<T, ReconnectError> {
        let Some(open) = self.opener::<T>() else { return T::reconnect(meta) };
        let mut handle = open(&meta).map_err(|error| {
            let name = type_name::<T>();
            ReconnectError::because(format!("the opener registered for `{name}` failed"), error)
        })?;
        handle.verify(&meta)?;
        Ok(handle)
    }
}
