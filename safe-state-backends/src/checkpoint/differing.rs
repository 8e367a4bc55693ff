//! Values that are stored as their difference from another value of the same variable, their base.
//!
//! The base of a value at a place is a value at another place, which is not replaced as long as another needs it. The base of a
//! last value is the last value before it, or a value at a place. In memory, a last value is always whole.

use std::borrow::Cow;

use super::carried::CarriedValues;
use super::change::{Change, Record};
use super::refused::Refused;
use crate::{Carried, CarriedChange, ValueAt};

const FROM_NOTHING: Refused =
    "a value that tells how it differs from another, and does not fit what that is";
const REPLACED: Refused = "a value is replaced from which another tells how it differs";

impl CarriedValues {
    /// Returns the whole value that is stored under `name`. Returns `None` if nothing is stored under it, or if its base is
    /// missing or does not fit.
    pub(super) fn whole_value(&self, name: &str) -> Option<Cow<'_, Carried>> {
        self.whole_of(self.get(name)?)
    }

    pub(super) fn whole_of<'a>(&'a self, value: &'a Carried) -> Option<Cow<'a, Carried>> {
        let mut differing = vec![value];
        let mut base = value;
        while let Some(name) = base.differs_from() {
            base = self.get(name)?;
            differing.push(base);
            // Bases that nobody has checked may form a circle.
            if differing.len() > self.len() + 1 {
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
        let stored = stored.map(|change| &change.value).or_else(|| self.get(base));
        let fits = stored.is_some_and(|stored| value.fits(stored));
        (may_be && fits).then_some(()).ok_or(FROM_NOTHING)
    }

    /// Returns whether the value under `name` is the base of a value at a place.
    fn replaces_base(&self, before: &[CarriedChange], name: &str) -> bool {
        let differs = |(other, value): (&String, &Carried)| {
            ValueAt::is_of(other) && value.differs_from() == Some(name)
        };
        ValueAt::is_of(name)
            && (self.iter().any(differs)
                || before.iter().any(|change| differs((&change.name, &change.value))))
    }

    /// Makes all values whole if the record replaces the base of another value. Returns whether it did: the values in memory then
    /// differ in form from the saved ones.
    pub(crate) fn make_replaceable(&mut self, record: &Record) -> bool {
        let Record::Change(change) = record else { return false };
        if !change.carried.iter().any(|change| self.replaces_base(&[], &change.name)) {
            return false;
        }
        let whole: Vec<_> = self
            .iter()
            .filter(|(_, value)| value.differs_from().is_some())
            .filter_map(|(name, value)| Some((name.clone(), self.whole_of(value)?.into_owned())))
            .collect();
        self.extend(whole);
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
            let base = self.get(&change.name).filter(|_| is_last)?;
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

    /// Returns the values as they are to be written, or `None` if none differs: a last value is its difference from a value
    /// at a place, where that is shorter.
    pub(crate) fn shortened(&self) -> Option<CarriedValues> {
        let is_last = |(name, _): &(&String, &Carried)| !ValueAt::is_of(name);
        let shorter = |(name, value): (&String, &Carried)| {
            Some((name.clone(), self.differing_from_place(name, value, &[])?))
        };
        let shorter: Vec<_> = self.iter().filter(is_last).filter_map(shorter).collect();
        if shorter.is_empty() {
            return None;
        }
        let mut shortened = self.clone();
        shortened.extend(shorter);
        Some(shortened)
    }

    /// Makes the last values of a decoded snapshot whole.
    ///
    /// # Errors
    ///
    /// A value does not fit its base.
    pub(super) fn make_last_whole(&mut self) -> Result<(), Refused> {
        for (name, value) in &**self {
            let Some(base) = value.differs_from() else { continue };
            let stored = self.get(base).filter(|stored| value.fits(stored));
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
        let whole: Vec<_> = self.iter().filter(last).filter_map(whole).collect();
        self.extend(whole);
        Ok(())
    }

    fn ends_in_a_whole(&self, value: &Carried) -> bool {
        let mut base = Some(value);
        for _ in 0..=self.len() {
            match base.map(Carried::differs_from) {
                Some(Some(name)) => base = self.get(name),
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
        let places = self.range(of_variable.clone()..);
        let places = places.take_while(|(place, _)| place.starts_with(&of_variable));
        let stays = |(place, value): &(&String, &Carried)| {
            value.within().is_empty() && is_base_of(place, name) && !replaced.contains(place)
        };
        let (base, stored) = places.filter(stays).max_by_key(|(place, _)| ValueAt::order(place))?;
        value.differing(base, &*self.whole_of(stored)?)
    }
}

/// Returns whether the record holds a last value that is stored as a difference.
pub(crate) fn has_differing(record: &Record) -> bool {
    let Record::Change(change) = record else { return false };
    let is_last = |it: &&CarriedChange| !ValueAt::is_of(&it.name);
    change.carried.iter().filter(is_last).any(|it| it.value.differs_from().is_some())
}

/// Returns whether a value under `name` may have the one under `base` as its base.
fn is_base_of(base: &str, name: &str) -> bool {
    ValueAt::is_of(base) && base != name && ValueAt::variable_of(base) == ValueAt::variable_of(name)
}

#[cfg(test)]
mod tests;
