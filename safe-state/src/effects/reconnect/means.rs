//! The choice of the functions that rebuild a handle: those of its trait, or those in the registry.

use std::marker::PhantomData;

use safe_state_base::ReconnectError;

use super::handle::Reconnect;
use super::registry::{ReconnectRegistry, decode, encode};
use super::seal::check_unsealed;

/// The functions that check, save, rebuild and sync handles of one type.
pub struct Means<T> {
    pub(crate) check: fn(&ReconnectRegistry) -> Result<(), ReconnectError>,
    pub(crate) extract: fn(&mut T, &ReconnectRegistry) -> Result<Vec<u8>, ReconnectError>,
    /// Rebuilds the handle from its saved bytes. The bool is whether a seal proves that a run has saved them.
    pub(crate) reconnect: fn(&[u8], bool, &ReconnectRegistry) -> Result<T, ReconnectError>,
    pub(crate) sync: fn(&mut T, &ReconnectRegistry) -> Result<(), ReconnectError>,
}

/// Returns the functions for a type that implements [`Reconnect`].
pub fn by_trait<T: Reconnect>() -> Means<T> {
    Means {
        check: |_| Ok(()),
        extract: |handle, registry| {
            let meta = handle.extract()?;
            if T::needs_opener(&meta) && !registry.opens::<T>() {
                return Err(ReconnectError::no_opener::<T>());
            }
            encode(&meta)
        },
        reconnect: |bytes, is_known, registry| {
            let meta = decode(bytes)?;
            if !is_known {
                T::files(&meta).iter().try_for_each(|file| check_unsealed(file))?;
            }
            registry.open(meta)
        },
        sync: |handle, _| handle.sync(),
    }
}

/// Stands for a handle's type, as it is written in the code, in method resolution.
#[derive(Debug)]
pub struct Handle<T>(PhantomData<fn() -> T>);

impl<T> Handle<T> {
    /// Makes the value for the type `T`.
    #[expect(clippy::new_without_default, reason = "only generated code makes one")]
    pub const fn new() -> Self {
        Handle(PhantomData)
    }
}

/// Chosen for types that implement [`Reconnect`].
pub trait ByTrait<T> {
    /// Returns the functions that rebuild the handle, by its trait.
    fn means(&self) -> Means<T>;
}

impl<T: Reconnect> ByTrait<T> for Handle<T> {
    fn means(&self) -> Means<T> {
        by_trait()
    }
}

/// Chosen for all other types. Its impl is on a reference, so method resolution tries it second.
pub trait ByRegistry<T> {
    /// Returns the functions that rebuild the handle, by what is registered for its type.
    fn means(&self) -> Means<T>;
}

impl<T: 'static> ByRegistry<T> for &Handle<T> {
    fn means(&self) -> Means<T> {
        Means {
            check: |registry| registry.check::<T>(),
            extract: |handle, registry| registry.extract(handle),
            reconnect: |bytes, _, registry| registry.reconnect(bytes),
            sync: |handle, registry| registry.sync(handle),
        }
    }
}

impl<T> std::fmt::Debug for Means<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Means")
    }
}

/// Expands to the functions that rebuild handles of the type `$handle`.
#[doc(hidden)]
#[macro_export]
macro_rules! __means {
    ($handle:ty) => {{
        #[allow(unused_imports)]
        use $crate::__private::{ByRegistry as _, ByTrait as _};
        (&$crate::__private::Handle::<$handle>::new()).means()
    }};
}
