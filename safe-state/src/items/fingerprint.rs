//! A checksum of an item's value, by which a resumed run knows its input again.
//!
//! What an item's type offers is chosen by method resolution: `Serialize` before `Hash`, as its
//! result depends on the value alone and not on the compiler. What a loop may change through a
//! shared or mutable reference has no lasting fingerprint, and a type that offers neither has none.

pub(crate) mod unordered;

use std::cell::{Cell, RefCell};
use std::hash::{Hash, Hasher};
use std::io;
use std::sync::{Mutex, RwLock};

use serde::Serialize;

use unordered::Walk;

/// No more of an item than that many bytes is looked at.
const LIMIT: usize = 64 * 1024;

/// An item to be looked at. More references in front mean a higher rank.
#[derive(Debug)]
pub struct Item<'a, T>(pub &'a T);

macro_rules! rank {
    ($(#[$doc:meta])* $name:ident { $([$($generics:tt)*] $item:ty => |$value:ident| $fingerprint:expr;)* }) => {
        $(#[$doc])*
        pub trait $name {
            /// The item's fingerprint, if it can have one.
            fn fingerprint(&self) -> Option<u32>;
        }
        $(impl<$($generics)*> $name for $item {
            fn fingerprint(&self) -> Option<u32> {
                let $value = self.0;
                $fingerprint
            }
        })*
    };
}

rank! {
    /// What the loop may change.
    ByReference {
        [T: ?Sized] &&&&Item<'_, &mut T> => |_item| None;
        [T: ?Sized] &&&&Item<'_, &Cell<T>> => |_item| None;
        [T: ?Sized] &&&&Item<'_, &RefCell<T>> => |_item| None;
        [T: ?Sized] &&&&Item<'_, &Mutex<T>> => |_item| None;
        [T: ?Sized] &&&&Item<'_, &RwLock<T>> => |_item| None;
    }
}
rank! {
    /// Items that may be errors, as lines are.
    ByResult {
        [T: Serialize, E] &&&Item<'_, Result<T, E>> => |item| item.as_ref().ok().and_then(serialized);
    }
}
rank! {
    /// What can be serialised.
    BySerialize {
        [T: Serialize] &&Item<'_, T> => |item| serialized(item);
    }
}
rank! {
    /// What can be hashed.
    ByHash {
        [T: Hash] &Item<'_, T> => |item| Some(hashed(item));
    }
}
rank! {
    /// Anything else.
    ByNothing {
        [T] Item<'_, T> => |_item| None;
    }
}

/// Looks at an item with all that its type offers.
#[doc(hidden)]
#[macro_export]
macro_rules! __fingerprint {
    ($item:expr) => {{
        #[allow(unused_imports)]
        use $crate::__private::{
            ByHash as _, ByNothing as _, ByReference as _, ByResult as _, BySerialize as _,
        };
        (&&&&&$crate::__private::Item($item)).fingerprint()
    }};
}

/// A checksum of what the value serialises to.
pub(crate) fn serialized<T: Serialize>(value: &T) -> Option<u32> {
    let mut checksum = Checksum::default();
    match postcard::to_io(&Walk::within(LIMIT).of(value), &mut checksum).map(drop) {
        Ok(()) => Some(checksum.hasher.finalize()),
        // Cut short by the limit, or by a `Serialize` that fails: the same again next time.
        Err(_) if checksum.length >= LIMIT => Some(checksum.hasher.finalize()),
        Err(_) => None,
    }
}

fn hashed<T: Hash>(value: &T) -> u32 {
    let mut checksum = Checksum::default();
    value.hash(&mut checksum);
    checksum.hasher.finalize()
}

#[derive(Default)]
struct Checksum {
    hasher: crc32fast::Hasher,
    length: usize,
}

impl io::Write for Checksum {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = &bytes[..bytes.len().min(LIMIT - self.length)];
        self.hasher.update(taken);
        self.length += taken.len();
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Hasher for Checksum {
    fn write(&mut self, bytes: &[u8]) {
        // What is beyond the limit is not looked at.
        let _ = io::Write::write(self, bytes);
    }

    fn finish(&self) -> u64 {
        u64::from(self.hasher.clone().finalize())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// Of what is stored by releases that knew nothing of maps.
    const PLAIN: u32 = 162_406_526;

    #[derive(Hash)]
    struct Hashed(u8);
    struct Neither;

    #[test]
    fn equal_values_have_equal_fingerprints() {
        assert_eq!(__fingerprint!(&"a"), __fingerprint!(&String::from("a")));
        assert_ne!(__fingerprint!(&"a"), __fingerprint!(&"b"));
        assert_eq!(__fingerprint!(&Hashed(1)), __fingerprint!(&Hashed(1)));
        assert_ne!(__fingerprint!(&Hashed(1)), __fingerprint!(&Hashed(2)));
        assert!(__fingerprint!(&(0usize, &1.5f64)).is_some());
    }

    #[test]
    fn a_line_is_known_by_its_text() {
        let line = |text: &str| -> io::Result<String> { Ok(text.to_owned()) };
        assert_eq!(__fingerprint!(&line("a")), __fingerprint!(&"a"));
        assert_eq!(__fingerprint!(&io::Result::<String>::Err(io::Error::other("x"))), None);
    }

    #[test]
    fn what_may_change_has_none() {
        assert_eq!(__fingerprint!(&&mut 1u8), None);
        assert_eq!(__fingerprint!(&&Cell::new(1u8)), None);
        assert_eq!(__fingerprint!(&&Mutex::new(1u8)), None);
        assert_eq!(__fingerprint!(&Neither), None);
    }

    #[test]
    fn maps_are_known_whatever_their_order() {
        type Map = HashMap<String, HashMap<u32, Vec<Option<u64>>>>;
        let map = |shift: u32, count: u32| -> Map {
            let inner = |n| (0..count).map(|m| (m, vec![Some(u64::from(m + n)), None])).collect();
            (0..count).map(|n| (format!("key {n}"), inner(n + shift))).collect()
        };
        for count in [0, 1, 2, 40] {
            // Each map has a hasher of its own.
            let expected = __fingerprint!(&map(0, count));
            assert!(expected.is_some());
            for _ in 0..20 {
                assert_eq!(__fingerprint!(&map(0, count)), expected);
                assert_eq!(
                    __fingerprint!(&(7, Some(map(0, count)))),
                    __fingerprint!(&(7, Some(map(0, count))))
                );
            }
            assert!(count == 0 || __fingerprint!(&map(1, count)) != expected, "{count}");
            assert_ne!(__fingerprint!(&map(0, count + 1)), expected);
        }
        let pairs = |pairs: [(u8, u8); 2]| __fingerprint!(&HashMap::from(pairs));
        assert_ne!(pairs([(1, 2), (3, 4)]), pairs([(1, 4), (3, 2)]));
    }

    #[test]
    fn of_a_large_map_its_length_counts() {
        let map = |count: u64, last: u64| -> HashMap<u64, String> {
            (0..count)
                .map(|n| (n, if n + 1 == count { last.to_string() } else { "x".repeat(100) }))
                .collect()
        };
        let expected = __fingerprint!(&map(10_000, 1));
        assert!(expected.is_some());
        assert_eq!(__fingerprint!(&map(10_000, 1)), expected);
        assert_ne!(__fingerprint!(&map(10_001, 1)), expected);
        let one = |text: &str| HashMap::from([(1, text.repeat(LIMIT)), (2, "b".to_owned())]);
        assert_eq!(__fingerprint!(&one("ab")), __fingerprint!(&one("ab")));
    }

    #[test]
    fn what_holds_no_map_is_known_as_before() {
        assert_eq!(__fingerprint!(&("a", 1u8, vec![Some(-1i64)])), Some(PLAIN));
    }

    #[test]
    fn only_the_front_of_a_large_item_is_looked_at() {
        let large = vec![7u8; 10 * LIMIT];
        let mut other = large.clone();
        other[9 * LIMIT] = 8;
        assert_eq!(__fingerprint!(&large), __fingerprint!(&other));
        other[1] = 8;
        assert_ne!(__fingerprint!(&large), __fingerprint!(&other));
    }
}
