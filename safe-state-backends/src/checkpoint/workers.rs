//! The stored state of loops whose items run side by side, or are shared by many workers.
//!
//! Items in flight are stored to be shown: the next run begins them anew. Only the head of a shared job stores slices and
//! merges; a run that shares nothing does not go on with them.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::refused::{Refused, check_number};
use crate::limits::{IN_FLIGHT_LIMIT, MERGE_LIMIT, SLICE_LIMIT, SPLIT_LIMIT};
use crate::{Carried, Completed, bounded};

/// The items of one loop that were handed out and whose bodies had not ended at the save.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InFlight {
    /// The loop's number, in the order of the function.
    pub loop_id: u16,
    /// The items' indices, or the hashes of their keys, in the order in which they were handed out. Items that have completed
    /// since are not in the list.
    #[serde(deserialize_with = "bounded::list::<IN_FLIGHT_LIMIT, _, _>")]
    pub items: Vec<u64>,
}

/// The way in which a loop's items are cut into slices. One worker at a time does a slice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slices {
    /// The loop's number, in the order of the function.
    pub loop_id: u16,
    /// The number of slices.
    pub count: u32,
    /// The rule that says which items are in which slice.
    pub cut: Cut,
    /// The slices whose items are all complete.
    pub finished: Completed,
}

/// The rule that says in which slice an item is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cut {
    /// The index of the item: slices are ranges of about the same length.
    Index,
    /// The index of the item: the program gave the index at which each slice begins.
    Splits(#[serde(deserialize_with = "bounded::list::<SPLIT_LIMIT, _, _>")] Vec<u64>),
    /// The hash of the item's key.
    Key,
}

impl Slices {
    /// Returns the indices of the items in a slice, of an input with `total` items. Returns an empty range if the loop is cut
    /// by key, as the items of a slice may then be anywhere.
    pub fn range(&self, slice: u32, total: u64) -> Range<u64> {
        self.cut.range(slice, self.count, total)
    }
}

impl Cut {
    /// Returns the indices of the items in one of `count` slices, like [`Slices::range`].
    pub fn range(&self, slice: u32, count: u32, total: u64) -> Range<u64> {
        match self {
            Cut::Index => range_of_slice(slice, count, total),
            Cut::Splits(starts) => {
                let bound = |at: usize| starts.get(at).copied().unwrap_or(total).min(total);
                let at = usize::try_from(slice).unwrap_or(usize::MAX);
                bound(at)..bound(at.saturating_add(1))
            }
            Cut::Key => 0..0,
        }
    }
}

/// Returns the range of items of the slice `slice`, where `total` items are cut into `count` slices of about equal length.
pub fn range_of_slice(slice: u32, count: u32, total: u64) -> Range<u64> {
    let bound = |at: u32| {
        let bound = u128::from(total) * u128::from(at) / u128::from(count.max(1));
        u64::try_from(bound).unwrap_or(total)
    };
    bound(slice)..bound(slice.saturating_add(1))
}

/// The name of a head's note on the slices whose values are stored with the slices alone. The note is among the values of the
/// first slice. No variable has this name.
pub(crate) const APART: &str = "apart!";

/// The value of a variable at the end of a slice, to be merged with the values of the other slices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Merge {
    /// The loop's number, in the order of the function.
    pub loop_id: u16,
    /// The slice's number.
    pub slice: u32,
    /// The variable's name.
    pub name: String,
    /// The variable's value.
    pub value: Carried,
}

/// All items in flight, slices and merges of one checkpoint.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Workers {
    in_flight: BTreeMap<u16, Vec<u64>>,
    slices: BTreeMap<u16, Slices>,
    merges: BTreeMap<(u16, u32, String), Carried>,
}

impl Workers {
    pub(crate) fn is_empty(&self) -> bool {
        self.in_flight.is_empty() && !self.are_shared()
    }

    pub(super) fn are_shared(&self) -> bool {
        !self.slices.is_empty() || !self.merges.is_empty()
    }

    pub(super) fn set_in_flight(&mut self, InFlight { loop_id, items }: InFlight) {
        if items.is_empty() {
            self.in_flight.remove(&loop_id);
        } else {
            self.in_flight.insert(loop_id, items);
        }
    }

    pub(super) fn forget_in_flight(&mut self) {
        self.in_flight.clear();
    }

    pub(crate) fn set_slices(&mut self, slices: Slices) {
        self.slices.insert(slices.loop_id, slices);
    }

    pub(super) fn set_merge(&mut self, Merge { loop_id, slice, name, value }: Merge) {
        self.merges.insert((loop_id, slice, name), value);
    }

    pub(crate) fn in_flight(&self) -> impl Iterator<Item = InFlight> {
        let each = self.in_flight.iter();
        each.map(|(loop_id, items)| InFlight { loop_id: *loop_id, items: items.clone() })
    }

    pub(crate) fn slices(&self) -> impl Iterator<Item = &Slices> {
        self.slices.values()
    }

    /// Returns the values of the variable `name` at the ends of a loop's slices, in the order of the slices.
    pub(crate) fn merges_of<'a>(
        &'a self,
        loop_id: u16,
        name: &'a str,
    ) -> impl Iterator<Item = (u32, &'a Carried)> + 'a {
        let of_loop = (loop_id, 0, String::new())..=(loop_id, u32::MAX, name.to_owned());
        let of_loop = self.merges.range(of_loop);
        of_loop.filter(move |((_, _, of), _)| of == name).map(|((_, slice, _), it)| (*slice, it))
    }

    /// Returns the names of the variables with a stored value at the end of the slice.
    pub(crate) fn names_of(&self, loop_id: u16, slice: u32) -> impl Iterator<Item = &str> {
        let behind = self.merges.range((loop_id, slice, String::new())..);
        let of_slice = behind.take_while(move |((of, at, _), _)| (*of, *at) == (loop_id, slice));
        of_slice.map(|((.., name), _)| name.as_str())
    }

    /// Removes and returns the values of all variables at the end of a slice.
    pub(crate) fn take_merges(&mut self, loop_id: u16, slice: u32) -> Vec<(String, Carried)> {
        let mut taken = Vec::new();
        self.merges.retain(|(of, at, name), value| {
            let is_of = (*of, *at) == (loop_id, slice) && name != APART;
            if is_of {
                taken.push((name.clone(), std::mem::take(value)));
            }
            !is_of
        });
        taken
    }

    /// Returns the number of values at the ends of slices.
    pub(crate) fn merges_len(&self) -> usize {
        self.merges.len()
    }

    pub(crate) fn merges(&self) -> impl Iterator<Item = Merge> {
        self.merges.iter().map(|((loop_id, slice, name), value)| Merge {
            loop_id: *loop_id,
            slice: *slice,
            name: name.clone(),
            value: value.clone(),
        })
    }
}

/// The form of [`Workers`] in JSON and other formats: lists instead of maps.
#[derive(Serialize, Deserialize)]
struct Lists {
    in_flight: Vec<InFlight>,
    slices: Vec<Slices>,
    merges: Vec<Merge>,
}

impl Serialize for Workers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let slices = self.slices().cloned().collect();
        let (in_flight, merges) = (self.in_flight().collect(), self.merges().collect());
        Lists { in_flight, slices, merges }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Workers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Lists { in_flight, slices, merges } = Lists::deserialize(deserializer)?;
        let mut workers = Workers::default();
        for it in in_flight {
            workers.set_in_flight(it);
        }
        for it in slices {
            workers.set_slices(it);
        }
        for it in merges {
            workers.set_merge(it);
        }
        Ok(workers)
    }
}

impl InFlight {
    pub(super) fn check(&self) -> Result<(), Refused> {
        check_number(self.loop_id)?;
        let in_range = self.items.len() <= IN_FLIGHT_LIMIT;
        in_range.then_some(()).ok_or("there are more than 1024 items in flight")
    }
}

impl Slices {
    pub(super) fn check(&self) -> Result<(), Refused> {
        check_number(self.loop_id)?;
        let in_range = (1..=SLICE_LIMIT).contains(&self.count);
        in_range.then_some(()).ok_or("a loop has 1 to 65536 slices")?;
        if let Cut::Splits(starts) = &self.cut {
            let are_in_order = starts.is_sorted() && starts.first() == Some(&0);
            let are_all = u32::try_from(starts.len()) == Ok(self.count);
            (are_in_order && are_all).then_some(()).ok_or("slices that are not contiguous")?;
        }
        let are_known = self.finished.end() <= u64::from(self.count);
        are_known.then_some(()).ok_or("a slice is finished that there is not")
    }
}

impl Merge {
    pub(super) fn check(&self, known: &Workers) -> Result<(), Refused> {
        check_number(self.loop_id)?;
        let slices = known.slices.get(&self.loop_id).map_or(0, |slices| slices.count);
        (self.slice < slices).then_some(()).ok_or("a value of a slice that there is not")?;
        let has_room = known.merges.len() < MERGE_LIMIT;
        has_room.then_some(()).ok_or("there are more than 65536 values of slices")?;
        let is_whole = !self.value.lacks_names() && !self.value.is_part();
        is_whole.then_some(()).ok_or("a value of a slice that is not whole")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_about_as_long_as_one_another_and_leave_nothing_out() {
        for (total, count) in [(0, 1), (1, 1), (10, 3), (100, 7), (u64::MAX, 65_536)] {
            let ranges: Vec<_> = (0..count).map(|at| range_of_slice(at, count, total)).collect();
            assert_eq!((ranges[0].start, ranges[ranges.len() - 1].end), (0, total));
            assert!(ranges.windows(2).all(|pair| pair[0].end == pair[1].start));
            let lengths = ranges.iter().map(|range| range.end - range.start);
            assert!(lengths.clone().max().unwrap() - lengths.min().unwrap() <= 1);
        }
    }
}
