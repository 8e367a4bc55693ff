//! The changes that a save writes for [`Results`] and [`Worklist`], which know which of their elements are stored.

use std::any::type_name;

use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};

use super::cells::check_elements;
use super::form::{Form, List};
use super::restored::restored;
use super::waiting::{Entries, Waiting};
use super::written::{Written, check_reads_back, named};
use super::{Carried, CarriedChange, CarriedError, Carry};
use crate::value::Section;
use crate::worklist::Parts;
use crate::{Results, Worklist};

impl<T: Serialize + DeserializeOwned> Carry for Results<T> {
    fn change(
        &self,
        name: &str,
        within: Vec<u64>,
        stored: Option<&Carried>,
    ) -> Result<Option<CarriedChange>, CarriedError> {
        let like = stored
            .filter(|stored| *stored.within == within && *stored.type_name == *type_name::<Self>());
        let (appends, new) = self.unsaved(like.and_then(known));
        if appends && new.is_empty() {
            return Ok(None);
        }
        let mut change = list_change::<T>(name, within, stored, (appends, new))?;
        // Elements can't be added if the list would have too many schema versions.
        let takes = stored.is_some_and(|stored| stored.is_list_like(&change.value));
        if appends && !takes {
            let within = change.value.within.into_vec();
            change = list_change::<T>(name, within, stored, (false, self))?;
        }
        change.value.generation = self.generation();
        Ok(Some(change))
    }

    fn kept(
        &self,
        name: &str,
        within: Vec<u64>,
        (stored, last): (Option<&Carried>, Option<&Carried>),
    ) -> Result<Option<CarriedChange>, CarriedError> {
        let like = last.filter(|last| *last.type_name == *type_name::<Self>());
        let new = like.and_then(known).and_then(|known| self.behind(known));
        let change = match like.zip(new) {
            Some((last, new)) => part_of_list::<T>(name, within.clone(), last, new)?,
            None => None,
        };
        let change = match change {
            Some(change) => change,
            None => list_change::<T>(name, within, stored, (false, self))?,
        };
        Ok(Some(change).filter(|change| stored != Some(&change.value)))
    }

    fn restore(name: &str, stored: &Carried) -> Result<Self, CarriedError> {
        let again =
            |list: &Results<T>, written: &mut Written<'_, _>| written.write_all(&list.iter());
        let list = restored(stored, name, true, again)?;
        Ok(list.restored(&stored.generation))
    }

    fn show<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self[..].serialize(serializer)
    }
}

/// Returns the identity of a list that is stored by field names, and the number of its elements; `None` for any other value.
fn known(stored: &Carried) -> Option<(&crate::checkpoint::generation::Generation, usize)> {
    let Form::NamedList(_) = &stored.form else { return None };
    Some((&stored.generation, usize::try_from(stored.form.elements()?).ok()?))
}

/// Returns the change of a list: `new` elements to add to what is `stored`, or to store in its place.
fn list_change<T: Serialize + DeserializeOwned>(
    name: &str,
    within: Vec<u64>,
    stored: Option<&Carried>,
    (appends, new): (bool, &[T]),
) -> Result<CarriedChange, CarriedError> {
    let (list, bytes) = list::<T>(name, stored, new)?;
    let value = Carried::new::<Results<T>>(within, Form::NamedList(Box::new(list)), bytes);
    Ok(CarriedChange { name: name.to_owned(), appends, value })
}

/// Returns a list at a place that consists of the stored elements of `last` and the `new` elements behind them. Only the new
/// ones are written. Returns `None` if the list has no such form.
fn part_of_list<T: Serialize + DeserializeOwned>(
    name: &str,
    within: Vec<u64>,
    last: &Carried,
    new: &[T],
) -> Result<Option<CarriedChange>, CarriedError> {
    let Form::NamedList(stored) = &last.form else { return Ok(None) };
    let (List(names, sections), bytes) = list::<T>(name, Some(last), new)?;
    let more = sections.first().copied().filter(|_| !new.is_empty());
    let Some(whole) = more.map_or_else(|| Some((**stored).clone()), |more| stored.with(more))
    else {
        return Ok(None);
    };
    let part = Form::ListAt(Box::new((List(names, whole.1), last.bytes.len() as u64)));
    let value = Carried::new::<Results<T>>(within, part, bytes);
    Ok(Some(CarriedChange { name: name.to_owned(), appends: false, value }))
}

fn list<T: Serialize + DeserializeOwned>(
    name: &str,
    stored: Option<&Carried>,
    new: &[T],
) -> Result<(List, Vec<u8>), CarriedError> {
    let mut written = Written::<Results<T>>::beside(name, stored);
    written.write_all(&new.iter())?;
    let Written { bytes, schema, names, left_out, .. } = written;
    let section = Section::new(schema.version(), new.len(), &bytes);
    let (names, is_new) = named(schema, names);
    check_reads_back::<T>(name, (&names, is_new), section, (&bytes, left_out))?;
    check_elements::<T>(name, (&names, is_new), section, &bytes)?;
    Ok((List(names, vec![section]), bytes))
}

impl<T: Serialize + DeserializeOwned> Carry for Worklist<T> {
    fn change(
        &self,
        name: &str,
        within: Vec<u64>,
        stored: Option<&Carried>,
    ) -> Result<Option<CarriedChange>, CarriedError> {
        let like = stored.filter(|stored| {
            matches!(stored.form, Form::Worklist(_)) && *stored.type_name == *type_name::<Self>()
        });
        let changed = like.and_then(|stored| self.changed_since(&stored.generation));
        let appends = changed.is_some();
        let parts = changed.unwrap_or_else(Parts::whole);
        let is_same = parts.taken == (0, 0) && parts.ahead == 0 && parts.behind == self.len();
        if appends && is_same && like.is_some_and(|stored| *stored.within == within) {
            return Ok(None);
        }
        let (ahead, behind) = (self.range(..parts.ahead), self.range(parts.behind..));
        let mut written = Written::<Self>::beside(name, stored);
        let ends = written.ends_of_all(ahead.chain(behind))?;
        let Written { bytes, schema, names, left_out, .. } = written;
        let section = Section::new(schema.version(), ends.len(), &bytes);
        let entries = |to: &[usize]| Entries::of(section.version, &bytes, to);
        let (names, is_new) = named(schema, names);
        check_reads_back::<T>(name, (&names, is_new), section, (&bytes, left_out))?;
        check_elements::<T>(name, (&names, is_new), section, &bytes)?;
        let ahead = entries(ends.get(..parts.ahead).unwrap_or_default()).len() as u64;
        let waiting = Waiting { names, taken: parts.taken, ahead, entries: entries(&ends) };
        let mut value = Carried::new::<Self>(within, Form::Worklist(Box::new(waiting)), Vec::new());
        value.generation = self.stored_as();
        Ok(Some(CarriedChange { name: name.to_owned(), appends, value }))
    }

    fn restore(name: &str, stored: &Carried) -> Result<Self, CarriedError> {
        let again =
            |list: &Worklist<T>, written: &mut Written<'_, _>| written.write_all(&list.iter());
        let list = restored(stored, name, true, again)?;
        Ok(list.restored(&stored.generation))
    }

    fn show<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}
