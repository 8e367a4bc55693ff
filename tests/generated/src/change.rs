//! Defines the types of the variables, and how their values change.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use safe_state::{Results, Worklist};
use serde::{Deserialize, Serialize};

use crate::Stop;

/// The longest length of a list of numbers.
const MOST_ELEMENTS: usize = 9;

/// A value that grows with numbers.
pub trait Change {
    /// Changes the value by a number.
    fn grow(&mut self, by: u64);

    /// Returns a number that depends on the value.
    fn weight(&self) -> u64;

    /// Takes a part of the value away, or resets it.
    fn shrink(&mut self);
}

/// A struct as a user would write it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The number of numbers so far.
    pub count: u32,
    /// The mean of the numbers.
    pub mean: f64,
    /// The last number, if it was even.
    pub last: Option<u64>,
}

/// A struct so large that a save stores only its changes.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Bulk {
    /// The number of changes so far.
    pub count: u64,
    /// Numbers, most of which stay the same.
    pub numbers: BTreeMap<u64, u64>,
}

impl Default for Bulk {
    fn default() -> Self {
        Bulk { count: 0, numbers: (0..150).map(|number| (number * 7, 1 << 40)).collect() }
    }
}

/// Prints a checksum of the numbers, because many values of this type are in a log.
impl fmt::Debug for Bulk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sum = self
            .numbers
            .iter()
            .fold(0_u64, |sum, (key, number)| sum.wrapping_mul(31).wrapping_add(key ^ number));
        write!(f, "Bulk({}, {}, {sum:x})", self.count, self.numbers.len())
    }
}

impl Change for Bulk {
    fn grow(&mut self, by: u64) {
        self.count += 1;
        *self.numbers.entry(by % 1_100).or_default() += 1;
        if by.is_multiple_of(6) {
            self.numbers.remove(&(by * 7 % 1_050));
        }
    }

    fn weight(&self) -> u64 {
        self.count
    }

    fn shrink(&mut self) {
        if self.count.is_multiple_of(2) {
            self.numbers.retain(|key, _| !key.is_multiple_of(14));
        } else {
            *self = Bulk { count: self.count, ..Bulk::default() };
        }
    }
}

impl Change for u64 {
    fn grow(&mut self, by: u64) {
        *self = self.wrapping_mul(3).wrapping_add(by) % 10_007;
    }

    fn weight(&self) -> u64 {
        *self
    }

    fn shrink(&mut self) {
        *self /= 2;
    }
}

impl Change for String {
    fn grow(&mut self, by: u64) {
        self.push(char::from(b'a' + u8::try_from(by % 26).unwrap_or_default()));
    }

    fn weight(&self) -> u64 {
        self.len() as u64
    }

    fn shrink(&mut self) {
        self.pop();
    }
}

impl Change for Vec<u64> {
    fn grow(&mut self, by: u64) {
        // The list is bounded because loops walk it, one within another.
        let is_full = self.len() >= MOST_ELEMENTS;
        match self.last_mut() {
            Some(last) if is_full || by.is_multiple_of(5) => *last += 1,
            _ => self.push(by),
        }
    }

    fn weight(&self) -> u64 {
        self.len() as u64
    }

    fn shrink(&mut self) {
        self.truncate(self.len() / 2);
    }
}

impl Change for Option<i64> {
    fn grow(&mut self, by: u64) {
        let number = i64::try_from(by % 1000).unwrap_or_default();
        *self = self.map_or(Some(-number), |before| (before > -500).then_some(before - number));
    }

    fn weight(&self) -> u64 {
        self.unwrap_or(7).unsigned_abs()
    }

    fn shrink(&mut self) {
        self.take();
    }
}

impl Change for BTreeMap<String, u64> {
    fn grow(&mut self, by: u64) {
        *self.entry(format!("k{}", by % 3)).or_default() += by;
    }

    fn weight(&self) -> u64 {
        self.values().sum::<u64>() % 101
    }

    fn shrink(&mut self) {
        self.pop_first();
    }
}

impl Change for BTreeSet<u64> {
    fn grow(&mut self, by: u64) {
        // The set is bounded because loops walk it, one within another.
        if self.len() >= MOST_ELEMENTS {
            self.pop_first();
        }
        self.insert(by % 50);
    }

    fn weight(&self) -> u64 {
        self.iter().sum::<u64>() % 101
    }

    fn shrink(&mut self) {
        self.pop_last();
    }
}

impl Change for (u64, String) {
    fn grow(&mut self, by: u64) {
        self.0.grow(by);
        if by.is_multiple_of(3) {
            self.1.grow(by);
        }
    }

    fn weight(&self) -> u64 {
        self.0 + self.1.weight()
    }

    fn shrink(&mut self) {
        self.1.clear();
    }
}

impl Change for Record {
    fn grow(&mut self, by: u64) {
        self.count += 1;
        self.mean += (f64::from(u32::try_from(by % 1000).unwrap_or_default()) - self.mean)
            / f64::from(self.count);
        self.last = Some(by).filter(|by| by.is_multiple_of(2));
    }

    fn weight(&self) -> u64 {
        self.count.into()
    }

    fn shrink(&mut self) {
        *self = Record::default();
    }
}

impl Change for Results<u64> {
    fn grow(&mut self, by: u64) {
        self.push(by);
    }

    fn weight(&self) -> u64 {
        self.len() as u64
    }

    fn shrink(&mut self) {
        *self = Results::new();
    }
}

impl Change for Worklist<u64> {
    fn grow(&mut self, by: u64) {
        if by.is_multiple_of(4) {
            self.push_front(by);
        } else {
            self.push_back(by);
        }
    }

    fn weight(&self) -> u64 {
        self.iter().sum::<u64>() % 101
    }

    fn shrink(&mut self) {
        if self.pop_back().is_some() {
            self.pop_front();
        }
    }
}

/// Changes the value behind a reference.
pub fn grow<T: Change>(value: &mut T, by: u64) {
    value.grow(by);
}

/// Returns the value, changed.
pub fn grown<T: Change>(mut value: T, by: u64) -> T {
    value.grow(by);
    value
}

/// Returns the value, changed, from a function that returns a `Result`.
///
/// # Errors
///
/// This function never fails.
pub fn tried<T: Change>(value: T, by: u64) -> Result<T, Stop> {
    Ok(grown(value, by))
}
