//! Values that are stored as their difference from another value of the same variable, their base.
//!
//! The base of a value at a place is a value at another place, which is not replaced as long as another needs it. The base of a
//! last value is the last value before it, or a value at a place. In memory, a last value is always whole.

use std::borrow::Cow;

use super::Checkpoint;
use super::change::{Change, Record};
use super::refused::Refused;
use crate::{Carried, CarriedChange, ValueAt};

const FROM_NOTHING: Refused =
    "a value that tells how it differs from another, and does not fit what that is";
const REPLACED: Refused = "a value is replaced from which another tells how it differs";

impl Checkpoint {
    /// Returns the whole value that is stored under `name`. Returns `None` if nothing is stored under it, or if its base is
    /// missing or does not fit.
    pub fn whole_value(&self, name: &str) -> Option<Cow<'_, Carried>> {
        self.whole_of(self.carried.get(name)?)
    }

    pub(super) fn whole_of<'a>(&'a self, value: &'a Carried) -> Option<Cow<'a, Carried>> {
        let mut differing = vec![value];
        let mut base = value;
        while let Some(name) = base.differs_from() {
            base = self.carried.get(name)?;
            differing.push(base);
            // Bases that nobody has checked may form a circle.
            if differing.len() > self.carried.len() + 1 {
                return None;
            }
        }
        differing.pop();
        let mut whole = Cow::Borrowed(base);
        while let Some(value) = differing.pop() {
            whole = Cow::Owned(value.whole_beside(&whole)?);
        }
        Some(whole)
    }

    /// Checks that `value`, to be stored as `name` behind the changes `before`, fits its base, and replaces no other's base.
    pub(super) fn check_differing(
        &self,
        before: &[CarriedChange],
        (name, value): (&str, &Carried),
    ) -> Result<(), Refused> {
        if self.replaces_base(before, name) {
            return Err(REPLACED);
        }
        let Some(base) = value.differs_from() else { return Ok(()) };
        let may_be = is_base_of(base, name) || (base == name && !ValueAt::is_of(name));
        let stored = before.iter().rfind(|change| change.name == base);
        let stored = stored.map(|change| &change.value).or_else(|| self.carried.get(base));
        let fits = stored.is_some_and(|stored| value.fits(stored));
        (may_be && fits).then_some(()).ok_or(FROM_NOTHING)
    }

    /// Returns whether the value under `name` is the base of a value at a place.
    fn replaces_base(&self, before: &[CarriedChange], name: &str) -> bool {
        let differs = |(other, value): (&String, &Carried)| {
            ValueAt::is_of(other) && value.differs_from() == Some(name)
        };
        ValueAt::is_of(name)
            && (self.carried.iter().any(differs)
                || before.iter().any(|change| differs((&change.name, &change.value))))
    }

    /// Makes all values whole if the record replaces the base of another. Returns whether it did: the values in memory then
    /// differ in form from the saved ones.
    pub(crate) fn make_replaceable(&mut self, record: &Record) -> bool {
        let Record::Change(change) = record else { return false };
        if !change.carried.iter().any(|change| self.replaces_base(&[], &change.name)) {
            return false;
        }
        let whole: Vec<_> = self
            .carried
            .iter()
            .filter(|(_, value)| value.differs_from().is_some())
            .filter_map(|(name, value)| Some((name.clone(), self.whole_of(value)?.into_owned())))
            .collect();
        self.carried.extend(whole);
        true
    }

    /// Replaces values at places in the record by their difference from a base, where that is shorter.
    pub(crate) fn shorten_places(&self, record: &mut Record) {
        let Record::Change(change) = record else { return };
        if !change.carried.iter().any(|it| ValueAt::is_of(&it.name)) {
            return;
        }
        let replaced: Vec<String> = change.carried.iter().map(|it| it.name.clone()).collect();
        for change in &mut change.carried {
            if !ValueAt::is_of(&change.name) || change.appends {
                continue;
            }
            let shorter = self.differing_from_place(&change.name, &change.value, &replaced);
            if let Some(differing) = shorter {
                change.value = differing;
            }
        }
    }

    /// Returns whether the record holds a last value that is stored as a difference.
    pub(crate) fn has_differing(record: &Record) -> bool {
        let Record::Change(change) = record else { return false };
        let is_last = |it: &&CarriedChange| !ValueAt::is_of(&it.name);
        change.carried.iter().filter(is_last).any(|it| it.value.differs_from().is_some())
    }

    /// Returns the record with last values stored as their difference from the value before, or `None` if that makes none
    /// shorter. Leaves the values that are `overwritten` whole, as the value before is unknown.
    pub(crate) fn shortened_record(
        &self,
        record: &Record,
        overwritten: impl Fn(&str) -> bool,
    ) -> Option<Record> {
        let Record::Change(change) = record else { return None };
        let shorter = |(at, change): (usize, &CarriedChange)| {
            let is_last = !change.appends && !ValueAt::is_of(&change.name);
            let is_last = is_last && !overwritten(&change.name);
            let base = self.carried.get(&change.name).filter(|_| is_last)?;
            Some((at, change.value.differing(&change.name, base)?))
        };
        let shorter: Vec<_> = change.carried.iter().enumerate().filter_map(shorter).collect();
        if shorter.is_empty() {
            return None;
        }
        let mut shortened: Change = change.clone();
        for (at, value) in shorter {
            if let Some(change) = shortened.carried.get_mut(at) {
                change.value = value;
            }
        }
        Some(Record::Change(shortened))
    }

    /// Returns the state as it is to be written: a last value is its difference from a value at a place, where that is shorter.
    pub(crate) fn shortened(&self) -> Cow<'_, Checkpoint> {
        let is_last = |(name, _): &(&String, &Carried)| !ValueAt::is_of(name);
        let shorter = |(name, value): (&String, &Carried)| {
            Some((name.clone(), self.differing_from_place(name, value, &[])?))
        };
        let shorter: Vec<_> = self.carried.iter().filter(is_last).filter_map(shorter).collect();
        if shorter.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut shortened = self.clone();
        shortened.carried.extend(shorter);
        Cow::Owned(shortened)
    }

    /// Makes the last values of a decoded snapshot whole.
    ///
    /// # Errors
    ///
    /// A value does not fit its base.
    pub(crate) fn take_differing(&mut self) -> Result<(), Refused> {
        for (name, value) in &self.carried {
            let Some(base) = value.differs_from() else { continue };
            let stored = self.carried.get(base).filter(|stored| value.fits(stored));
            if !is_base_of(base, name) || stored.is_none() || !self.ends_in_a_whole(value) {
                return Err(FROM_NOTHING);
            }
        }
        let last = |(name, value): &(&String, &Carried)| {
            !ValueAt::is_of(name) && value.differs_from().is_some()
        };
        let whole = |(name, value): (&String, &Carried)| {
            Some((name.clone(), self.whole_of(value)?.into_owned()))
        };
        let whole: Vec<_> = self.carried.iter().filter(last).filter_map(whole).collect();
        self.carried.extend(whole);
        Ok(())
    }

    fn ends_in_a_whole(&self, value: &Carried) -> bool {
        let mut base = Some(value);
        for _ in 0..=self.carried.len() {
            match base.map(Carried::differs_from) {
                Some(Some(name)) => base = self.carried.get(name),
                Some(None) => return true,
                None => return false,
            }
        }
        false
    }

    /// Returns `value` as its difference from the latest place that the record does not replace; `None` if that is not shorter.
    fn differing_from_place(
        &self,
        name: &str,
        value: &Carried,
        replaced: &[String],
    ) -> Option<Carried> {
        if !value.may_differ() {
            return None;
        }
        let variable = ValueAt::variable_of(name)?;
        let of_variable = format!("{variable}!");
        let places = self.carried.range(of_variable.clone()..);
        let places = places.take_while(|(place, _)| place.starts_with(&of_variable));
        let stays = |(place, value): &(&String, &Carried)| {
            value.within().is_empty() && is_base_of(place, name) && !replaced.contains(place)
        };
        let (base, stored) = places.filter(stays).max_by_key(|(place, _)| ValueAt::order(place))?;
        value.differing(base, &*self.whole_of(stored)?)
    }
}

/// Returns whether a value under `name` may have the one under `base` as its base.
fn is_base_of(base: &str, name: &str) -> bool {
    ValueAt::is_of(base) && base != name && ValueAt::variable_of(base) == ValueAt::variable_of(name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::limits::DIFFERING_LIMIT;
    use crate::sample::dice::Dice;
    use crate::{Backend, Carry, LeaseOptions, MemoryBackend, Store};

    type Map = BTreeMap<u64, u64>;

    const JOB: &str = "job";
    const LONG: u64 = 1 << 42;

    fn map(entries: u64) -> Map {
        (0..entries).map(|key| (key, LONG)).collect()
    }

    fn store() -> (Arc<MemoryBackend>, Store) {
        let backend = Arc::new(MemoryBackend::default());
        let opening = Store::open(Arc::clone(&backend) as _, JOB, LeaseOptions::default()).unwrap();
        (backend, opening.begin(Checkpoint::new(JOB, None)).unwrap())
    }

    /// Returns the change that stores `value` at a place, or as the last value if `place` is `None`.
    fn kept(store: &Store, place: Option<ValueAt>, within: &[u64], value: &Map) -> CarriedChange {
        let stored_as = place.map_or("map".to_owned(), |place| place.stored_as("map"));
        let stored = store.checkpoint().whole_value(&stored_as);
        let last = store.checkpoint().carried_value("map");
        let within = within.to_vec();
        let change = match place {
            Some(_) => value.kept("map", within, (stored.as_deref(), last)),
            None => value.change("map", within, stored.as_deref()),
        };
        CarriedChange { name: stored_as, ..change.unwrap().expect("it has changed") }
    }

    fn change(carried: Vec<CarriedChange>) -> Change {
        Change { carried, ..Change::completed(1) }
    }

    /// Checks that the stored bytes decode to the state in memory. Returns the length of its snapshot.
    fn check(backend: &MemoryBackend, store: &Store) -> usize {
        let bytes = backend.load(JOB).unwrap().unwrap();
        let decoded = Checkpoint::decode(&bytes).unwrap();
        assert_eq!(&decoded, store.checkpoint());
        let again = store.checkpoint().encode().unwrap();
        assert_eq!(&Checkpoint::decode(&again).unwrap(), store.checkpoint());
        again.len()
    }

    #[test]
    fn many_places_of_a_large_value_take_little_more_than_it() {
        let (backend, mut store) = store();
        let mut value = map(20_000);
        let start = kept(&store, Some(ValueAt::Declaration), &[], &value);
        let size = start.value.size();
        store.save(change(vec![start])).unwrap();
        let mut expected = vec![value.clone()];
        for phase in 0..10_u16 {
            for item in 0..6_u64 {
                value.insert(u64::from(phase) * 1_500 + item * 100, LONG + item);
                value.remove(&(10_000 + item));
                value.insert(30_000 + u64::from(phase) * 10 + item, 7);
                let last = kept(&store, None, &[], &value);
                store.save(change(vec![last])).unwrap();
            }
            let end = kept(&store, Some(ValueAt::LoopEnd(phase)), &[], &value);
            store.save(change(vec![end])).unwrap();
            expected.push(value.clone());
            let encoded = check(&backend, &store);
            assert!(encoded < size + size / 10, "{encoded} bytes of a map of {size}");
        }
        let bytes = backend.load(JOB).unwrap().unwrap();
        assert!(bytes.len() < size + size / 5, "{} bytes of a map of {size}", bytes.len());
        let decoded = Checkpoint::decode(&bytes).unwrap();
        for (at, expected) in expected.into_iter().enumerate() {
            let place = at.checked_sub(1).map(|at| ValueAt::LoopEnd(u16::try_from(at).unwrap()));
            let name = place.unwrap_or(ValueAt::Declaration).stored_as("map");
            assert_eq!(
                decoded.carried_within::<Map>(&name, &[]).unwrap().as_ref(),
                Some(&expected)
            );
        }
    }

    #[test]
    fn places_come_back_whatever_order_they_change_in() {
        let places = [
            (Some(ValueAt::Declaration), vec![]),
            (Some(ValueAt::LoopEnd(0)), vec![]),
            (Some(ValueAt::ItemStart(1)), vec![3]),
            (Some(ValueAt::LoopEnd(2)), vec![3]),
            (Some(ValueAt::LoopEnd(3)), vec![]),
            (None, vec![]),
        ];
        for seed in 0..60 {
            let mut dice = Dice::new(seed);
            let (backend, mut store) = store();
            let mut value = map(400);
            let mut expected = BTreeMap::new();
            for _ in 0..30 {
                let mut carried: Vec<CarriedChange> = Vec::new();
                for _ in 0..dice.up_to(2) {
                    value.insert(dice.next() % 500, dice.next());
                    if dice.one_in(9) {
                        value = map(u64::try_from(dice.up_to(600)).unwrap());
                        value.insert(dice.next() % 500, dice.next());
                    }
                    let (place, within) = &places[dice.up_to(places.len()) - 1];
                    let change = kept(&store, *place, within, &value);
                    if carried.iter().all(|it| it.name != change.name) {
                        expected.insert(change.name.clone(), (within.clone(), value.clone()));
                        carried.push(change);
                    }
                }
                store.save(change(carried)).unwrap();
                check(&backend, &store);
            }
            let bytes = backend.load(JOB).unwrap().unwrap();
            let decoded = Checkpoint::decode(&bytes).unwrap();
            for (name, (within, value)) in expected {
                let read = decoded.carried_within::<Map>(&name, &within).unwrap();
                assert_eq!(read, Some(value), "{name}, seed {seed}");
            }
        }
    }

    #[test]
    fn a_value_is_saved_whole_after_a_number_of_differences() {
        let (backend, mut store) = store();
        let mut value = map(2_000);
        let mut lens = Vec::new();
        for item in 0..300 {
            value.insert(item, item);
            let last = kept(&store, None, &[], &value);
            store.save(change(vec![last])).unwrap();
            check(&backend, &store);
            lens.push(backend.load(JOB).unwrap().unwrap().len());
        }
        let whole: Vec<_> = (1..300).filter(|at| lens[*at].abs_diff(lens[at - 1]) > 200).collect();
        assert_eq!(whole.first(), Some(&(DIFFERING_LIMIT as usize + 1)), "{whole:?}");
        assert!(whole.len() < 8, "{whole:?}");
    }

    #[test]
    fn a_value_that_differs_from_nothing_that_is_there_is_refused() {
        let (_, mut store) = store();
        let value = map(400);
        let start = kept(&store, Some(ValueAt::Declaration), &[], &value);
        let whole = start.value.clone();
        store.save(change(vec![start])).unwrap();
        let from = |name: &str, base: &str| {
            let value = whole.differing(base, &whole).unwrap();
            let record =
                change(vec![CarriedChange { name: name.to_owned(), appends: false, value }]);
            store.checkpoint().check(&Record::Change(record))
        };
        assert_eq!(from("map!end 0", "map!start"), Ok(()));
        assert_eq!(from("map", "map!start"), Ok(()));
        for (name, base) in [
            ("map!end 0", "map!end 1"),
            ("map!end 0", "map!end 0"),
            ("map!start", "map!start"),
            ("map", "map"),
            ("other", "map!start"),
            ("other!start", "map!start"),
            ("step!(\"map\")", "map!start"),
        ] {
            assert_eq!(from(name, base), Err(FROM_NOTHING), "{name} from {base}");
        }
        let mut circle = store.checkpoint().clone();
        for (name, base) in [("map!end 0", "map!end 1"), ("map!end 1", "map!end 0")] {
            circle.carried.insert(name.to_owned(), whole.differing(base, &whole).unwrap());
        }
        assert_eq!(circle.whole_value("map!end 0"), None);
        assert_eq!(circle.take_differing(), Err(FROM_NOTHING));
    }

    #[test]
    fn what_another_differs_from_is_not_replaced_in_a_record() {
        let (_, mut store) = store();
        let mut value = map(400);
        for place in [ValueAt::Declaration, ValueAt::LoopEnd(0)] {
            let kept = kept(&store, Some(place), &[], &value);
            store.save(change(vec![kept])).unwrap();
            value.insert(7, 7);
        }
        let other = kept(&store, Some(ValueAt::Declaration), &[], &value);
        let record = Record::Change(change(vec![other]));
        assert_eq!(store.checkpoint().check(&record), Err(REPLACED));
    }
}
