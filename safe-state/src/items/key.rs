//! A hash of an item's key, by which a loop with `key` recognises its items.
//!
//! As for [fingerprints](crate::fingerprint), method resolution chooses what the key's type offers: `Serialize` before
//! `Hash`, as its result depends on the value alone. The choice is stored with the keys, as the hashes change if the
//! type becomes `Serialize` later.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use safe_state_backends::serialize_reason;
use serde::Serialize;
use siphasher::sip::SipHasher13;

use crate::items::fingerprint::unordered::Walk;

/// Stands for a key in method resolution, which tries the impl with the most references first.
#[derive(Debug)]
pub struct Key<'a, T: ?Sized>(pub &'a T);

/// The hash of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyHash {
    pub(crate) hash: u64,
    /// Whether `Hash` made the hash, and not `Serialize`.
    pub(crate) is_by_hash: bool,
}

/// Chosen for keys that are `Serialize`.
pub trait KeyBySerialize {
    /// Returns the key's hash.
    ///
    /// # Errors
    ///
    /// The reason why its `Serialize` fails.
    fn hashed(&self) -> Result<KeyHash, String>;
}

impl<T: Serialize + ?Sized> KeyBySerialize for &&Key<'_, T> {
    fn hashed(&self) -> Result<KeyHash, String> {
        serialized(self.0)
    }
}

/// Returns the hash of a key by its `Serialize`.
pub(crate) fn serialized<T: Serialize + ?Sized>(key: &T) -> Result<KeyHash, String> {
    let mut sink = Sink(SipHasher13::new());
    let walk = Walk::within(usize::MAX);
    postcard::to_io(&walk.of(key), &mut sink).map_err(|error| serialize_reason(key, &error))?;
    Ok(KeyHash { hash: sink.0.finish(), is_by_hash: false })
}

/// Chosen for paths, as a path that is not UTF-8 fails to serialise.
pub trait KeyByPath {
    /// Returns the hash of the path's bytes, as if they were text.
    ///
    /// # Errors
    ///
    /// None.
    fn hashed(&self) -> Result<KeyHash, String>;
}

macro_rules! paths {
    ($($path:ty)*) => {
        $(impl KeyByPath for &&&&Key<'_, $path> {
            fn hashed(&self) -> Result<KeyHash, String> {
                serialized(self.0.as_os_str().as_encoded_bytes())
            }
        })*
    };
}

paths! { Path &Path &&Path PathBuf &PathBuf Box<Path> Rc<Path> Arc<Path> Cow<'_, Path> }

/// Chosen for keys that are `Serialize` and `Hash`. They are hashed if serialising fails, as with such a path in them.
pub trait KeyBySerializeOrHash {
    /// Returns the key's hash.
    ///
    /// # Errors
    ///
    /// None.
    fn hashed(&self) -> Result<KeyHash, String>;
}

impl<T: Serialize + Hash + ?Sized> KeyBySerializeOrHash for &&&Key<'_, T> {
    fn hashed(&self) -> Result<KeyHash, String> {
        serialized(self.0).or_else(|_| Ok(KeyHash { is_by_hash: false, ..hashed(self.0) }))
    }
}

fn hashed<T: Hash + ?Sized>(key: &T) -> KeyHash {
    let mut hasher = SipHasher13::new();
    key.hash(&mut hasher);
    KeyHash { hash: hasher.finish(), is_by_hash: true }
}

/// Chosen for keys that are only `Hash`.
pub trait KeyByHash {
    /// Returns the key's hash.
    ///
    /// # Errors
    ///
    /// None.
    fn hashed(&self) -> Result<KeyHash, String>;
}

impl<T: Hash + ?Sized> KeyByHash for &Key<'_, T> {
    fn hashed(&self) -> Result<KeyHash, String> {
        Ok(hashed(self.0))
    }
}

/// Chosen for keys that are neither, so that the compiler can report it.
pub trait KeyByNothing<T: ?Sized> {
    /// Returns a value that is no hash, so that the code does not compile.
    fn hashed(&self) -> NoKey<T>;
}

impl<T: ?Sized> KeyByNothing<T> for Key<'_, T> {
    fn hashed(&self) -> NoKey<T> {
        NoKey(std::marker::PhantomData)
    }
}

/// Stands for a key whose type can't be one.
#[derive(Debug)]
pub struct NoKey<T: ?Sized>(std::marker::PhantomData<T>);

/// The hash of a key, or the reason why it has none.
#[diagnostic::on_unimplemented(
    message = "an item cannot be known by this key: it is neither `Serialize` nor `Hash`",
    label = "this is `{Self}`",
    note = "derive `serde::Serialize` or `Hash` for its type, or let `key` give a part of it that is, such as an id"
)]
pub trait Hashed {
    /// Returns the hash.
    ///
    /// # Errors
    ///
    /// The reason why the key has no hash.
    fn hash(self) -> Result<KeyHash, String>;
}

impl Hashed for Result<KeyHash, String> {
    fn hash(self) -> Result<KeyHash, String> {
        self
    }
}

/// Returns the hash of a key that the option `key` gives.
///
/// # Errors
///
/// The key's `Serialize` fails.
pub fn hash_of(key: impl Hashed) -> Result<KeyHash, String> {
    key.hash()
}

/// Expands to the hash of a key, by what its type offers.
#[doc(hidden)]
#[macro_export]
macro_rules! __key {
    ($key:expr) => {{
        #[allow(unused_imports)]
        use $crate::__private::{
            KeyByHash as _, KeyByNothing as _, KeyByPath as _, KeyBySerialize as _,
            KeyBySerializeOrHash as _,
        };
        $crate::__private::hash_of((&&&&&$crate::__private::Key(&$key)).hashed())
    }};
}

/// Returns the hash of the `n`-th repetition of a key with the hash `hash`.
pub(crate) fn nth(hash: u64, n: u64) -> u64 {
    let mut hasher = SipHasher13::new();
    hasher.write(&hash.to_le_bytes());
    hasher.write(&n.to_le_bytes());
    hasher.finish()
}

struct Sink(SipHasher13);

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;
    use std::path::Path;

    #[derive(Hash)]
    struct Hashable(u8);

    #[test]
    fn equal_keys_have_equal_hashes() {
        assert_eq!(__key!("a"), __key!(String::from("a")));
        assert_ne!(__key!("a"), __key!("b"));
        assert_ne!(__key!(("ab", "c")), __key!(("a", "bc")));
        assert_eq!(__key!(Hashable(1)), __key!(Hashable(1)));
        assert_ne!(__key!(Hashable(1)), __key!(Hashable(2)));
        assert_ne!(nth(1, 1), nth(1, 2));
    }

    #[test]
    fn a_map_is_one_key_whatever_its_order() {
        let map = || -> HashMap<u32, u32> { (0..50).map(|n| (n, n * n)).collect() };
        let expected = __key!(map());
        assert!((0..20).all(|_| __key!(map()) == expected));
        assert_ne!(__key!(HashMap::from([(1, 2)])), __key!(HashMap::from([(2, 1)])));
    }

    #[test]
    fn hashes_are_the_same_for_ever() {
        assert_eq!(__key!("a key").map(|key| key.hash), Ok(15_241_394_726_557_920_880));
        assert_eq!(nth(1, 1), 7_912_899_488_978_770_657);
    }

    #[test]
    fn a_key_that_fails_to_serialise_says_so() {
        struct Never;
        impl Serialize for Never {
            fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(serde::ser::Error::custom("never"))
            }
        }
        assert!(__key!(Never).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_path_is_a_key_by_its_bytes() {
        use std::os::unix::ffi::OsStrExt;

        let path = |bytes| Path::new(std::ffi::OsStr::from_bytes(bytes));
        assert_ne!(__key!(path(b"\xff")).unwrap(), __key!(path(b"\xfe")).unwrap());
    }
}
