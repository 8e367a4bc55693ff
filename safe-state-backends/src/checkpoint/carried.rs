//! The carried values of a checkpoint, by the names that they are stored under.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use serde::{Deserialize, Serialize};

use super::refused::{Refused, check_within};
use crate::limits::CARRIED_LIMIT;
use crate::{Carried, CarriedChange, CarriedError, ValueAt, bounded};

/// The last value of each variable, its values at places, and the values of steps. A value may be stored in part, if another one
/// has what it lacks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct CarriedValues {
    #[serde(deserialize_with = "bounded::map::<CARRIED_LIMIT, _, _, _>")]
    stored: BTreeMap<String, Carried>,
}

impl Deref for CarriedValues {
    type Target = BTreeMap<String, Carried>;

    fn deref(&self) -> &Self::Target {
        &self.stored
    }
}

impl Extend<(String, Carried)> for CarriedValues {
    fn extend<I: IntoIterator<Item = (String, Carried)>>(&mut self, values: I) {
        self.stored.extend(values);
    }
}

impl CarriedValues {
    pub(crate) fn insert(&mut self, name: String, value: Carried) {
        self.stored.insert(name, value);
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<Carried> {
        self.stored.remove(name)
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Carried> {
        self.stored.get_mut(name)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&String, &mut Carried)> {
        self.stored.iter_mut()
    }

    /// Returns the names of the carried variables and of the steps.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let is_other =
            |name: &&str| match ValueAt::variable_of(name).filter(|_| ValueAt::is_of(name)) {
                Some(variable) => {
                    *name == ValueAt::Declaration.stored_as(variable)
                        && !self.stored.contains_key(variable)
                }
                None => true,
            };
        let names = self.stored.keys().map(String::as_str).filter(is_other);
        names.map(|name| ValueAt::variable_of(name).unwrap_or(name))
    }

    /// Returns the last value of a variable, or its value at the declaration if it has not changed since.
    pub(super) fn variable(&self, name: &str) -> Option<&Carried> {
        self.stored.get(name).or_else(|| self.stored.get(&ValueAt::Declaration.stored_as(name)))
    }

    /// Returns the whole of the value that is stored under `name`. A list at a place borrows its first elements from the
    /// variable's last value, and a value may be stored as its difference from another.
    pub(super) fn whole<'a>(&'a self, name: &str, carried: &'a Carried) -> Cow<'a, Carried> {
        if carried.differs_from().is_some() {
            return self.whole_of(carried).unwrap_or(Cow::Borrowed(carried));
        }
        let last = ValueAt::variable_of(name).and_then(|variable| self.stored.get(variable));
        match last.filter(|_| carried.is_at_place()) {
            Some(last) => Cow::Owned(carried.whole_by(last)),
            None => Cow::Borrowed(carried),
        }
    }

    /// Checks that `name` is stored already, or that there is room for another.
    pub(super) fn has_room_for(&self, name: &str) -> Result<(), CarriedError> {
        if self.stored.len() < CARRIED_LIMIT || self.stored.contains_key(name) {
            return Ok(());
        }
        Err(CarriedError::TooMany { name: name.to_owned() })
    }

    /// Checks that every value is whole, or that another value has what it lacks.
    pub(super) fn check_whole(&self) -> Result<(), Refused> {
        self.stored.iter().try_for_each(|(name, value)| self.check_whole_value(name, value))
    }

    /// Checks that a value that is about to be stored under `name` is whole, or that another value has what it lacks.
    fn check_whole_value(&self, name: &str, value: &Carried) -> Result<(), Refused> {
        if value.is_change_alone() {
            return Err("a worklist that is none without the one before");
        }
        let last = ValueAt::variable_of(name).filter(|_| ValueAt::is_of(name));
        let last = last.and_then(|variable| self.stored.get(variable));
        let is_whole = !value.is_at_place() || last.is_some_and(|last| value.begins_in(last));
        is_whole.then_some(()).ok_or("a list at a place whose first elements are nowhere")
    }

    /// Checks that all of these changes can be applied, one after another.
    pub(super) fn check(&self, changes: &[CarriedChange]) -> Result<(), Refused> {
        if !self.has_room(changes) {
            return Err("there are more than 256 carried variables and steps");
        }
        for (at, change) in changes.iter().enumerate() {
            check_within(change.value.within())?;
            let before = changes.get(..at).unwrap_or_default();
            let is_at_place = change.value.is_at_place();
            let variable = ValueAt::variable_of(&change.name).filter(|_| is_at_place);
            let names_of = variable.or(change.value.differs_from()).unwrap_or(&change.name);
            let stored = self.stored_before(before, names_of);
            if is_at_place && before.iter().any(|earlier| earlier.name == names_of) {
                return Err("a list at a place whose first elements have just changed");
            }
            self.check_differing(before, (&change.name, &change.value))?;
            if !change.appends {
                self.check_whole_value(&change.name, &change.value)?;
            }
            if change.value.lacks_names() && !stored.is_some_and(Carried::has_names) {
                return Err("a value takes its names from one that has none");
            }
            if change.appends && before.iter().any(|earlier| earlier.name == change.name) {
                return Err("elements are added to what has just changed");
            }
            if change.appends {
                let stored = stored.ok_or("elements are added to nothing")?;
                if !stored.is_list_like(&change.value) {
                    return Err("elements are added to what is no list of them");
                }
            }
        }
        Ok(())
    }

    fn has_room(&self, changes: &[CarriedChange]) -> bool {
        // The names are compared only if a plain count could exceed the limit.
        self.stored.len() + changes.len() <= CARRIED_LIMIT || {
            let new = changes.iter().map(|change| &change.name);
            let all: BTreeSet<&String> = self.stored.keys().chain(new).collect();
            all.len() <= CARRIED_LIMIT
        }
    }

    /// Returns the value of a variable once the changes `before` are applied.
    fn stored_before<'a>(&'a self, before: &'a [CarriedChange], name: &str) -> Option<&'a Carried> {
        let changed = before.iter().rfind(|change| change.name == name);
        changed.map(|change| &change.value).or_else(|| self.stored.get(name))
    }

    /// Applies a change of a variable.
    pub(super) fn apply(&mut self, change: CarriedChange) {
        let CarriedChange { name, appends, mut value } = change;
        if !ValueAt::is_of(&name)
            && value.differs_from().is_some()
            && let Some(whole) = self.whole_of(&value)
        {
            value = whole.into_owned();
        }
        let variable = if value.is_at_place() { ValueAt::variable_of(&name) } else { None };
        let names_of = variable.or(value.differs_from()).map(str::to_owned);
        let value = value.named_by(self.stored.get(names_of.as_ref().unwrap_or(&name)));
        if let Some(stored) = self.stored.get_mut(&name).filter(|_| appends) {
            stored.append(value);
        } else {
            self.keep_whole(&name);
            self.stored.insert(name, value);
        }
    }

    /// Makes lists at places whole before the last value of their variable `name`, which has their first elements, is replaced.
    fn keep_whole(&mut self, name: &str) {
        let Some(last) = self.stored.get(name).cloned() else { return };
        for (place, value) in &mut self.stored {
            if value.is_at_place() && ValueAt::variable_of(place) == Some(name) {
                *value = value.whole_by(&last);
            }
        }
    }

    /// Drops the values of the variables for whose name `is_forgotten` is true, at all places. Returns their names.
    pub(crate) fn forget(&mut self, is_forgotten: impl Fn(&str) -> bool) -> Vec<String> {
        let variables = self.stored.keys().filter_map(|name| ValueAt::variable_of(name.as_str()));
        let forgotten: BTreeSet<String> =
            variables.filter(|variable| is_forgotten(variable)).map(str::to_owned).collect();
        self.stored.retain(|name, _| {
            ValueAt::variable_of(name).is_none_or(|variable| !forgotten.contains(variable))
        });
        forgotten.into_iter().collect()
    }
}
