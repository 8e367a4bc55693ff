//! The values that a page holds: each is written after each item, beside names and a kind that stay.

use std::any::type_name;
use std::sync::Arc;

use serde::Serialize;

use super::form::Form;
use super::{Carried, CarriedChange};
#[cfg(target_os = "linux")]
use crate::limits::CARRIED_LIMIT;
use crate::value::{self, Schema};

/// A variable whose stored value has all names that its next values need, so that only their bytes have to be written.
#[derive(Debug)]
pub struct Rewritten {
    /// The change without the value's bytes.
    change: CarriedChange,
    /// The beginning of a written value: the encoding of `change` up to the value's bytes.
    head: Box<[u8]>,
    schema: Arc<Schema>,
}

/// The number of bytes that tell the length of a value's bytes: a varint of this length, however short the value is.
const LENGTH: usize = 2;
/// The largest number that fits.
const LONGEST: usize = (1 << (7 * LENGTH)) - 1;

impl Rewritten {
    /// Returns the variable `name` with the names of its `stored` value, if that was stored as a `T` in the items `within`, and
    /// if a value that shows nothing new is certain to read back.
    pub(super) fn of<T>(name: &str, within: &[u64], stored: &Carried) -> Option<Self> {
        let Form::Named(form) = &stored.form else { return None };
        let (names, version) = &**form;
        let schema = names.schema().filter(|schema| schema.version() == *version)?;
        let is_like = *stored.type_name == *type_name::<T>() && *stored.within == *within;
        if !is_like || names.are_doubtful() {
            return None;
        }
        let schema = Arc::clone(schema);
        let form = Form::Named(Box::new((names.stored(), *version)));
        let value = Carried::new::<T>(within.to_vec(), form, Vec::new());
        let change = CarriedChange { name: name.to_owned(), appends: false, value };
        let mut head = postcard::to_stdvec(&change).ok()?;
        // The last byte is the length of the bytes, 0.
        head.pop()?;
        Some(Rewritten { change, head: head.into(), schema })
    }

    /// Writes a value of the variable into `room`. Returns how many bytes that took, or `None` if there is no room, or if the
    /// value shows something that the stored names do not tell.
    #[inline]
    pub fn write<T: Serialize + ?Sized>(&self, value: &T, room: &mut [u8]) -> Option<usize> {
        let (head, rest) = room.split_at_mut_checked(self.head.len())?;
        let (length, rest) = rest.split_first_chunk_mut::<LENGTH>()?;
        let len = value::rewrite(value, &self.schema, rest).filter(|len| *len <= LONGEST)?;
        head.copy_from_slice(&self.head);
        *length = [len.to_le_bytes()[0] | 0x80, (len >> 7).to_le_bytes()[0]];
        Some(self.head.len() + LENGTH + len)
    }

    /// Reads the value that [`write`](Self::write) has written at the start of `written`. Returns it as a change, and the bytes
    /// behind it.
    pub fn change<'w>(&self, written: &'w [u8]) -> Option<(CarriedChange, &'w [u8])> {
        let [low, high] = *written.get(self.head.len()..)?.first_chunk::<LENGTH>()?;
        let len = usize::from(low & 0x7f) | usize::from(high) << 7;
        let (bytes, behind) = written.get(self.head.len() + LENGTH..)?.split_at_checked(len)?;
        let mut change = self.change.clone();
        change.value.bytes = Arc::new(bytes.to_vec());
        Some((change, behind))
    }
}

/// Writes the cursor of a loop's last item into `room`, before the values of variables. Returns how many bytes that took, or
/// `None` if there is no room.
pub fn write_cursor(cursor: &Carried, room: &mut [u8]) -> Option<usize> {
    postcard::to_slice(cursor, room).ok().map(|written| written.len())
}

/// Returns the cursor that the values begin with, and what follows it; `None` if the bytes begin with no cursor.
#[cfg(target_os = "linux")]
pub(crate) fn cursor_before(written: &[u8]) -> Option<(Carried, &[u8])> {
    postcard::take_from_bytes(written).ok()
}

/// Returns the values that follow one another in `written` as changes; `None` if the bytes are no such values.
#[cfg(target_os = "linux")]
pub(crate) fn all_rewritten(mut written: &[u8]) -> Option<Vec<CarriedChange>> {
    let mut changes = Vec::new();
    while !written.is_empty() {
        let (change, behind) = postcard::take_from_bytes::<CarriedChange>(written).ok()?;
        changes.push(change);
        if changes.len() > CARRIED_LIMIT {
            return None;
        }
        written = behind;
    }
    Some(changes)
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::{Carry, Results};

    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Totals {
        count: u64,
        names: Vec<String>,
        last: Option<f64>,
    }

    fn stored<T: Carry>(value: &T) -> Carried {
        value.change("value", vec![7], None).unwrap().unwrap().value
    }

    fn written<T: Carry>(rewritten: &Rewritten, value: &T) -> Option<Vec<u8>> {
        let mut room = [0xaa; 200];
        let len = value.rewrite(rewritten, &mut room)?;
        Some(room[..len].to_vec())
    }

    #[test]
    fn what_is_rewritten_is_the_change_that_a_save_would_write() {
        let full = Totals { count: 1, names: vec!["a".to_owned()], last: Some(0.5) };
        let stored = stored(&full);
        let rewritten = Totals::rewritten("value", &[7], &stored).unwrap();
        for value in [
            Totals::default(),
            full.clone(),
            Totals { count: u64::MAX, names: vec!["b".repeat(100)], last: None },
        ] {
            let bytes = written(&rewritten, &value).unwrap();
            let saved = value.change("value", vec![7], Some(&stored)).unwrap();
            let saved =
                saved.unwrap_or_else(|| full.change("value", vec![7], None).unwrap().unwrap());
            let all = all_rewritten(&[bytes.as_slice(), &bytes].concat()).unwrap();
            let named = |change: &CarriedChange| change.value.clone().named_by(Some(&stored));
            assert_eq!(all.len(), 2);
            assert!(all.iter().all(|it| named(it) == named(&saved) && it.name == "value"));
            let (change, behind) = rewritten.change(&bytes).unwrap();
            assert_eq!((named(&change), behind), (named(&saved), &[][..]));
            assert_eq!(named(&change).decode::<Totals>("value").unwrap(), value);
        }
    }

    #[test]
    fn what_shows_something_new_or_has_no_room_is_not_rewritten() {
        let empty = Totals::default();
        let rewritten = Totals::rewritten("value", &[7], &stored(&empty)).unwrap();
        assert!(written(&rewritten, &empty).is_some());
        assert_eq!(written(&rewritten, &Totals { last: Some(1.0), ..empty.clone() }), None);
        assert_eq!(written(&rewritten, &Totals { names: vec![String::new()], ..empty }), None);
        let text = String::rewritten("value", &[7], &stored(&"a".to_owned())).unwrap();
        assert!(written(&text, &"b".repeat(100)).is_some());
        assert_eq!(written(&text, &"b".repeat(200)), None);
        let mut large = vec![0; 2 * LONGEST];
        assert_eq!("b".repeat(LONGEST + 1).rewrite(&text, &mut large), None);
        assert!("b".repeat(LONGEST - 5).rewrite(&text, &mut large).is_some());
    }

    #[test]
    fn only_a_plain_value_of_the_same_place_and_type_is_rewritten() {
        let five = stored(&5_u64);
        assert!(u64::rewritten("value", &[7], &five).is_some());
        assert!(u64::rewritten("value", &[8], &five).is_none());
        assert!(u32::rewritten("value", &[7], &five).is_none());
        let mut list = Results::<u64>::new();
        list.push(1);
        assert!(Results::<u64>::rewritten("value", &[7], &stored(&list)).is_none());
    }

    /// Reads one value as another.
    #[derive(Clone, Debug, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Number {
        Small(u8),
        Any(f64),
    }

    #[test]
    fn a_value_that_is_read_back_each_time_is_not_rewritten() {
        let stored = stored(&Number::Any(0.5));
        assert!(Number::rewritten("value", &[7], &stored).is_none());
        let _ = Number::Small(1);
    }

    #[test]
    fn bytes_that_are_no_values_are_refused() {
        let stored = stored(&5_u64);
        let rewritten = u64::rewritten("value", &[7], &stored).unwrap();
        let bytes = written(&rewritten, &5_u64).unwrap();
        assert_eq!(all_rewritten(&[]).map(|all| all.len()), Some(0));
        for len in 1..bytes.len() {
            assert!(all_rewritten(&bytes[..len]).is_none());
            assert!(rewritten.change(&bytes[..len]).is_none());
        }
    }
}
