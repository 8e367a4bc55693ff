//! The carried values in a checkpoint.

use std::borrow::Cow;

use serde::de::DeserializeOwned;

use super::Checkpoint;
use super::refused::Refused;
use crate::{Carried, CarriedChange, CarriedError, Carry, StoredResults, ValueAt};

impl Checkpoint {
    /// Returns the value that the variable `name` had when the checkpoint was saved; `None` if the variable is not carried, or
    /// has not been saved yet.
    ///
    /// # Errors
    ///
    /// The value is of another type than `T`.
    pub fn carried<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, CarriedError> {
        self.variable(name).map(|carried| self.whole(name, carried).decode(name)).transpose()
    }

    /// Returns the elements of the variable `name`, a [`Results`](crate::Results), at the last save. Each is decoded when the
    /// iterator reaches it. The iterator is empty if the variable is not carried, or has not been saved yet.
    ///
    /// ```
    /// # use safe_state_backends::{Checkpoint, CarriedError};
    /// # let checkpoint = Checkpoint::new("job", None);
    /// let mut sum = 0;
    /// for size in checkpoint.results::<u64>("sizes")? {
    ///     sum += size?;
    /// }
    /// # assert_eq!(sum, 0);
    /// # Ok::<(), CarriedError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The variable is no `Results`. The iterator gives an error for an element that does not read as a `T` without loss.
    pub fn results<T: DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<StoredResults<'_, T>, CarriedError> {
        let carried = self.carried.get(name);
        carried.map_or_else(|| Ok(StoredResults::none(name)), |carried| carried.results(name))
    }

    /// Returns the value of the variable `name` if it was saved in the items `within` of the loops around it, else `None`.
    ///
    /// # Errors
    ///
    /// The same errors as [`carried`](Self::carried).
    pub fn carried_within<T: Carry>(
        &self,
        name: &str,
        within: &[u64],
    ) -> Result<Option<T>, CarriedError> {
        let carried = self.carried.get(name).filter(|carried| carried.within() == within);
        carried.map(|carried| T::restore(name, &self.whole(name, carried))).transpose()
    }

    /// Returns the names of the carried variables and of the steps.
    pub fn carried_names(&self) -> impl Iterator<Item = &str> {
        let is_other =
            |name: &&str| match ValueAt::variable_of(name).filter(|_| ValueAt::is_of(name)) {
                Some(variable) => {
                    *name == ValueAt::Declaration.stored_as(variable)
                        && !self.carried.contains_key(variable)
                }
                None => true,
            };
        let names = self.carried.keys().map(String::as_str).filter(is_other);
        names.map(|name| ValueAt::variable_of(name).unwrap_or(name))
    }

    /// Returns the last value of a variable, or its value at the declaration if it has not changed since.
    fn variable(&self, name: &str) -> Option<&Carried> {
        self.carried.get(name).or_else(|| self.carried.get(&ValueAt::Declaration.stored_as(name)))
    }

    /// Returns what is stored under `name`: a variable's last value, its value at a [`ValueAt`], or a step's value.
    pub fn carried_value(&self, name: &str) -> Option<&Carried> {
        self.carried.get(name)
    }

    /// Returns the whole of the value that is stored under `name`. A list at a place borrows its first elements from the
    /// variable's last value, and a value may be stored as its difference from another.
    pub(super) fn whole<'a>(&'a self, name: &str, carried: &'a Carried) -> Cow<'a, Carried> {
        if carried.differs_from().is_some() {
            return self.whole_of(carried).unwrap_or(Cow::Borrowed(carried));
        }
        let last = ValueAt::variable_of(name).and_then(|variable| self.carried.get(variable));
        match last.filter(|_| carried.is_at_place()) {
            Some(last) => Cow::Owned(carried.whole_by(last)),
            None => Cow::Borrowed(carried),
        }
    }

    /// Checks that every value is whole, or that another value has what it lacks.
    pub(super) fn check_values(&self) -> Result<(), Refused> {
        self.carried.iter().try_for_each(|(name, value)| self.check_whole(name, value))
    }

    /// Checks that a value that is about to be stored under `name` is whole, or that another value has what it lacks.
    pub(super) fn check_whole(&self, name: &str, value: &Carried) -> Result<(), Refused> {
        if value.is_change_alone() {
            return Err("a worklist that is none without the one before");
        }
        let last = ValueAt::variable_of(name).filter(|_| ValueAt::is_of(name));
        let last = last.and_then(|variable| self.carried.get(variable));
        let is_whole = !value.is_at_place() || last.is_some_and(|last| value.begins_in(last));
        is_whole.then_some(()).ok_or("a list at a place whose first elements are nowhere")
    }

    /// Applies a change of a variable.
    pub(super) fn carry(&mut self, change: CarriedChange) {
        let CarriedChange { name, appends, mut value } = change;
        if !ValueAt::is_of(&name)
            && value.differs_from().is_some()
            && let Some(whole) = self.whole_of(&value)
        {
            value = whole.into_owned();
        }
        let variable = if value.is_at_place() { ValueAt::variable_of(&name) } else { None };
        let names_of = variable.or(value.differs_from()).map(str::to_owned);
        let value = value.named_by(self.carried.get(names_of.as_ref().unwrap_or(&name)));
        if let Some(stored) = self.carried.get_mut(&name).filter(|_| appends) {
            stored.append(value);
        } else {
            self.keep_whole(&name);
            self.carried.insert(name, value);
        }
    }

    /// Makes lists at places whole before the last value of their variable `name`, which has their first elements, is replaced.
    fn keep_whole(&mut self, name: &str) {
        let Some(last) = self.carried.get(name).cloned() else { return };
        for (place, value) in &mut self.carried {
            if value.is_at_place() && ValueAt::variable_of(place) == Some(name) {
                *value = value.whole_by(&last);
            }
        }
    }
}
