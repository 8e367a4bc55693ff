//! The trait of values that can be carried, and the change that a save writes for one.

use std::any::type_name;
use std::borrow::Cow;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};

use super::cells::check_shared;
use super::form::Form;
use super::restored::restored;
use super::written::{Written, check_reads_back, named, unserializable};
use super::{Carried, CarriedChange, CarriedError, Rewritten, ValueAt};
use crate::format::pieces::LARGE;
use crate::value::{self, LeftOut, Section};

/// A value that can be carried: anything that is `Serialize + DeserializeOwned`, [`Results`](crate::Results) and a
/// [`Worklist`](crate::Worklist).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be carried",
    label = "this is not `Serialize` and `Deserialize`",
    note = "derive `serde::Serialize` and `serde::Deserialize` for a type of your own",
    note = "carry what owns its value in place of what borrows it: a `String` for a `&str`, a position for a `&T`",
    note = "name a file, a connection or the like in `reconnect(..)` instead, to open it again as it was",
    note = "name the variable in `fresh(..)` instead if every run may start with a new one"
)]
pub trait Carry: Sized {
    /// Returns the change that saves the variable `name`, of which `stored` is stored already; `None` if the variable has not
    /// changed.
    ///
    /// # Errors
    ///
    /// The value's `Serialize` fails, or the value would not read back as it is.
    fn change(
        &self,
        name: &str,
        within: Vec<u64>,
        stored: Option<&Carried>,
    ) -> Result<Option<CarriedChange>, CarriedError>;

    /// Returns the change that keeps the value of the variable `name` at a place, beside its stored `last` value, where
    /// `stored` is kept at that place already; `None` if it has not changed. The last value goes on being saved as before.
    ///
    /// # Errors
    ///
    /// The same errors as [`change`](Self::change).
    fn kept(
        &self,
        name: &str,
        within: Vec<u64>,
        (stored, _last): (Option<&Carried>, Option<&Carried>),
    ) -> Result<Option<CarriedChange>, CarriedError> {
        self.change(name, within, stored)
    }

    /// Returns the value of the variable `name` from its stored form `stored`.
    ///
    /// # Errors
    ///
    /// The stored value does not read as this type without loss.
    fn restore(name: &str, stored: &Carried) -> Result<Self, CarriedError>;

    /// Returns how to write the variable `name`, which is stored as `stored`, into a page after each item; `None` if that is not
    /// possible.
    #[doc(hidden)]
    fn rewritten(name: &str, within: &[u64], stored: &Carried) -> Option<Rewritten> {
        let _ = (name, within, stored);
        None
    }

    /// Writes the value as [`Rewritten::write`] does.
    #[doc(hidden)]
    fn rewrite(&self, rewritten: &Rewritten, room: &mut [u8]) -> Option<usize> {
        let _ = (rewritten, room);
        None
    }

    /// Passes the value to a serializer that shows it.
    ///
    /// # Errors
    ///
    /// The value's `Serialize` fails.
    fn show<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Carry for T {
    fn change(
        &self,
        name: &str,
        within: Vec<u64>,
        stored: Option<&Carried>,
    ) -> Result<Option<CarriedChange>, CarriedError> {
        value_change(self, name, within, (stored, stored))
    }

    fn kept(
        &self,
        name: &str,
        within: Vec<u64>,
        (stored, last): (Option<&Carried>, Option<&Carried>),
    ) -> Result<Option<CarriedChange>, CarriedError> {
        let change = value_change(self, name, within, (stored, last.or(stored)))?;
        Ok(change.map(|change| CarriedChange { value: change.value.with_names(), ..change }))
    }

    fn restore(name: &str, stored: &Carried) -> Result<Self, CarriedError> {
        restored(stored, name, false, |value, written| {
            written.write_all(&std::slice::from_ref(value).iter())
        })
    }

    fn rewritten(name: &str, within: &[u64], stored: &Carried) -> Option<Rewritten> {
        Rewritten::of::<T>(name, within, stored)
    }

    #[inline]
    fn rewrite(&self, rewritten: &Rewritten, room: &mut [u8]) -> Option<usize> {
        rewritten.write(self, room)
    }

    fn show<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}

/// Returns the change that saves a value of which `stored` is stored already. Shares the bytes of `other` if they are the same.
fn value_change<T: Serialize + DeserializeOwned>(
    value: &T,
    name: &str,
    within: Vec<u64>,
    (stored, other): (Option<&Carried>, Option<&Carried>),
) -> Result<Option<CarriedChange>, CarriedError> {
    // A step's value is made once, and is not iterated over from item to item.
    if is_range_inclusive::<T>() && ValueAt::variable_of(name).is_some() {
        let reason = "a `RangeInclusive` does not tell when it is used up; carry `start..end + 1`, or both bounds by themselves";
        return Err(unserializable::<T>(name, reason.to_owned()));
    }
    let like = other.filter(|it| *it.type_name == *type_name::<T>() && it.named_bytes().is_some());
    let before = like.and_then(Carried::named_bytes);
    let Written { schema, names, .. } = Written::<T>::beside(name, other);
    let (schema, bytes, left_out) = value::write_beside(value, schema, before.map_or(&[], |it| it))
        .map_err(|error| unserializable::<T>(name, error.to_string()))?;
    let section = Section::new(schema.version(), 1, &bytes);
    let (names, is_new) = named(schema, names);
    // The value was checked when the same bytes were stored, unless it has something that the bytes do not show: new names, or
    // fields that it leaves out.
    let is_whole = !is_new && left_out == LeftOut::default();
    let is_stored = is_whole && before.is_some() && matches!(bytes, Cow::Borrowed(_));
    if !is_stored && !value::is_numbers(value) {
        check_reads_back::<T>(name, (&names, is_new), section, (&bytes, left_out))?;
        check_shared::<T>(name, (&names, is_new), section, &bytes)?;
    }
    let bytes = match (bytes, before) {
        (Cow::Borrowed(_), Some(before)) => Arc::clone(before),
        (bytes, _) => Arc::new(bytes.into_owned()),
    };
    let form = Form::Named(Box::new((names, section.version)));
    let value = Carried::new::<T>(within, form, bytes);
    let changed = stored != Some(&value);
    Ok(changed.then(|| CarriedChange { name: name.to_owned(), appends: false, value }))
}

fn is_range_inclusive<T>() -> bool {
    type_name::<T>().starts_with("core::ops::range::RangeInclusive<")
}

/// Writes a large list of numbers over the stored one in memory, if the two have nothing in common and nobody else holds the
/// stored one. Returns the change to save, or `None` if it wrote nothing.
pub(crate) fn overwrite<T>(
    stored: &mut Carried,
    name: &str,
    within: &[u64],
    value: &T,
) -> Option<CarriedChange> {
    let is_like = *stored.type_name == *type_name::<T>() && *stored.within == *within;
    let Form::Named(form) = &stored.form else { return None };
    let (names, version) = &**form;
    let schema = names.schema().filter(|schema| schema.version() == *version)?;
    if !is_like || stored.bytes.len() < LARGE {
        return None;
    }
    if !value::overwrite(value, schema, Arc::get_mut(&mut stored.bytes)?) {
        return None;
    }
    let form = Form::Named(Box::new((names.stored(), *version)));
    let value = Carried { form, ..stored.clone() };
    Some(CarriedChange { name: name.to_owned(), appends: false, value })
}
