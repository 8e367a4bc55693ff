//! By what means a handle of a type is rebuilt: by its trait, or by the registry.

use std::marker::PhantomData;

use safe_state_base::ReconnectError;

use super::handle::Reconnect;
use super::registry::{ReconnectRegistry, decode, encode};
use super::seal::check_unsealed;

/// The means for one type.
pub struct Means<T> {
    pub(crate) check: fn(&ReconnectRegistry) -> Result<(), ReconnectError>,
    pub(crate) extract: fn(&mut T, &ReconnectRegistry) -> Result<Vec<u8>, ReconnectError>,
    /// Of what was saved; and whether a seal says that a run has saved it.
    pub(crate) reconnect: fn(&[u8], bool, &ReconnectRegistry) -> Result<T, ReconnectError>,
    pub(crate) sync: fn(&mut T, &ReconnectRegistry) -> Result<(), ReconnectError>,
}

/// By the trait.
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

/// A handle's type, where it is written.
#[derive(Debug)]
pub struct Handle<T>(PhantomData<fn() -> T>);

impl<T> Handle<T> {
    /// That type.
    #[expect(clippy::new_without_default, reason = "only generated code makes one")]
    pub const fn new() -> Self {
        Handle(PhantomData)
    }
}

/// For types with the trait.
pub trait ByTrait<T> {
    /// How it is rebuilt.
    fn means(&self) -> Means<T>;
}

impl<T: Reconnect> ByTrait<T> for Handle<T> {
    fn means(&self) -> Means<T> {
        by_trait()
    }
}

/// For all others. One reference more makes it the second choice.
pub trait ByRegistry<T> {
    /// How it is rebuilt.
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

/// The means for a type that is written.
#[doc(hidden)]
#[macro_export]
macro_rules! __means {
    ($handle:ty) => {{
        #[allow(unused_imports)]
        use $crate::__private::{ByRegistry as _, ByTrait as _};
        (&$crate::__private::Handle::<$handle>::new()).means()
    }};
}
