//! The values of carried variables.

mod error;
mod whole;

use std::any::type_name;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};

use crate::limits::NESTING_LIMIT;
use crate::{Results, bounded};

pub use error::CarriedError;

/// A carried variable's value as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// The items of the loops around the variable's declaration in which it was saved.
    #[serde(deserialize_with = "bounded::boxed_list::<NESTING_LIMIT, _, _>")]
    within: Box<[u64]>,
    type_name: Box<str>,
    /// Of a collection that grows, how many elements the bytes are; their encodings follow one
    /// another, so that more can be added.
    elements: Option<u64>,
    #[serde(with = "serde_bytes")]
    bytes: Vec<u8>,
}

/// What became of a carried variable since the save before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CarriedChange {
    /// The variable.
    pub name: String,
    /// Whether elements were added to what is stored; else the value takes its place.
    pub appends: bool,
    /// The value, or the elements.
    pub value: Carried,
}

impl CarriedChange {
    /// A variable of type `T` for which `bytes` stand; none if that is what is `stored`.
    pub fn of_bytes<T>(
        name: &str,
        within: Vec<u64>,
        bytes: Vec<u8>,
        stored: Option<&Carried>,
    ) -> Option<Self> {
        let value = Carried {
            within: within.into(),
            type_name: type_name::<T>().into(),
            elements: None,
            bytes,
        };
        let changed = stored != Some(&value);
        changed.then(|| CarriedChange { name: name.to_owned(), appends: false, value })
    }
}

/// What can be carried: anything that is `Serialize + DeserializeOwned`, and [`Results`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be carried",
    label = "this is not `Serialize` and `Deserialize`",
    note = "derive `serde::Serialize` and `serde::Deserialize` for a type of your own",
    note = "name a file, a connection or the like in `reconnect(..)` instead, to open it again as it was",
    note = "name the variable in `fresh(..)` instead if every run may start with a new one"
)]
pub trait Carry: Sized {
    /// What is to be saved of the variable `name`, of which `stored` is there already; none if it
    /// has not changed.
    ///
    /// # Errors
    ///
    /// Its `Serialize` fails.
    fn change(
        &self,
        name: &str,
        within: Vec<u64>,
        stored: Option<&Carried>,
    ) -> Result<Option<CarriedChange>, CarriedError>;

    /// The value of the variable `name` that is `stored`.
    ///
    /// # Errors
    ///
    /// It was saved as another type.
    fn restore(name: &str, stored: &Carried) -> Result<Self, CarriedError>;

    /// Gives the value to a serializer that shows it.
    ///
    /// # Errors
    ///
    /// Its `Serialize` fails.
    fn show<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

impl<T: Serialize + DeserializeOwned> Carry for T {
    fn change(
        &self,
        name: &str,
        within: Vec<u64>,
        stored: Option<&Carried>,
    ) -> Result<Option<CarriedChange>, CarriedError> {
        let bytes = encoded::<T>(name, self, Vec::new())?;
        if stored.is_none() {
            check_reads_back::<T>(name, &bytes)?;
        }
        Ok(CarriedChange::of_bytes::<T>(name, within, bytes, stored))
    }

    fn restore(name: &str, stored: &Carried) -> Result<Self, CarriedError> {
        stored.decode(name)
    }

    fn show<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}

impl<T: Serialize + DeserializeOwned> Carry for Results<T> {
    fn change(
        &self,
        name: &str,
        within: Vec<u64>,
        stored: Option<&Carried>,
    ) -> Result<Option<CarriedChange>, CarriedError> {
        let type_name = type_name::<Self>();
        let is_first = stored.is_none_or(|stored| stored.bytes.is_empty());
        let stored =
            stored.filter(|stored| *stored.within == within && *stored.type_name == *type_name);
        let (appends, new) =
            self.unsaved(stored.and_then(|stored| usize::try_from(stored.elements?).ok()));
        if appends && new.is_empty() {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        for element in new {
            bytes = encoded::<Self>(name, element, bytes)?;
        }
        let value = Carried {
            within: within.into(),
            type_name: type_name.into(),
            elements: Some(new.len() as u64),
            bytes,
        };
        // An empty list shows nothing of its elements.
        if is_first && let Some(list) = value.as_list() {
            check_reads_back::<Vec<T>>(name, &list)?;
        }
        Ok(Some(CarriedChange { name: name.to_owned(), appends, value }))
    }

    fn restore(name: &str, stored: &Carried) -> Result<Self, CarriedError> {
        stored.decode(name).map(Results::restored)
    }

    fn show<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self[..].serialize(serializer)
    }
}

/// Refuses a value at its first save that could not be restored: `Serialize` may leave out or shape
/// things in ways that only formats with names in them can read.
fn check_reads_back<T: Serialize + DeserializeOwned>(
    name: &str,
    bytes: &[u8],
) -> Result<(), CarriedError> {
    // In any order, as that of a hash map is another each time.
    let sorted = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        bytes.sort_unstable();
        bytes
    };
    let again = from_bytes::<T>(bytes).and_then(|value| postcard::to_stdvec(&value).ok());
    if again.is_some_and(|again| sorted(&again) == sorted(bytes)) {
        return Ok(());
    }
    let reason = "it does not read back as what was written; `serde`'s `skip_serializing`, `tag`, `untagged` \
                  and `flatten` need a format that names its fields";
    Err(unserializable::<T>(name, reason.to_owned()))
}

/// Adds the encoding of `value`, which is a part of the variable `name`, to `bytes`.
fn encoded<T>(name: &str, value: &impl Serialize, bytes: Vec<u8>) -> Result<Vec<u8>, CarriedError> {
    whole::encode(value, bytes).map_err(|reason| unserializable::<T>(name, reason))
}

fn unserializable<T>(name: &str, reason: String) -> CarriedError {
    CarriedError::Unserializable { name: name.to_owned(), current: type_name::<T>(), reason }
}

impl Carried {
    /// The items of the loops around the variable's declaration in which it was saved.
    pub fn within(&self) -> &[u64] {
        &self.within
    }

    /// The bytes that stand for a variable of type `T`, if they were not made by serialising it.
    ///
    /// # Errors
    ///
    /// It was saved as another type.
    pub fn bytes_of<T>(&self, name: &str) -> Result<&[u8], CarriedError> {
        let current = type_name::<T>();
        if *self.type_name == *current {
            return Ok(&self.bytes);
        }
        Err(CarriedError::TypeChanged {
            name: name.to_owned(),
            stored: self.type_name.to_string(),
            current,
        })
    }

    /// The value of the variable `name`.
    ///
    /// # Errors
    ///
    /// It was saved as another type.
    pub fn decode<T: DeserializeOwned>(&self, name: &str) -> Result<T, CarriedError> {
        let bytes = self.bytes_of::<T>(name)?;
        let decoded = match self.elements {
            None => from_bytes(bytes),
            Some(_) => self.as_list().and_then(|list| from_bytes(&list)),
        };
        let changed =
            || CarriedError::ShapeChanged { name: name.to_owned(), current: type_name::<T>() };
        decoded.ok_or_else(changed)
    }

    /// The encoding of a list: its elements, with their number in front.
    fn as_list(&self) -> Option<Vec<u8>> {
        let mut list = postcard::to_stdvec(&self.elements?).ok()?;
        list.extend_from_slice(&self.bytes);
        Some(list)
    }

    /// Whether it is a list, to which the elements of another can be added.
    pub(crate) fn is_list_like(&self, other: &Carried) -> bool {
        let are_lists = self.elements.is_some() && other.elements.is_some();
        are_lists && self.within == other.within && self.type_name == other.type_name
    }

    /// Adds the elements of another list.
    pub(crate) fn append(&mut self, added: &Carried) {
        let counts = self.elements.zip(added.elements);
        self.elements = counts.map(|(stored, more)| stored.saturating_add(more));
        self.bytes.extend_from_slice(&added.bytes);
    }
}

fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carried<T: Carry>(value: &T) -> Carried {
        value.change("it", Vec::new(), None).unwrap().unwrap().value
    }

    #[test]
    fn a_value_comes_back() {
        let words = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(carried(&words).decode("it"), Ok(words));
    }

    #[test]
    fn an_unchanged_value_is_not_saved_again() {
        let stored = carried(&7u64);
        assert_eq!(7u64.change("it", Vec::new(), Some(&stored)), Ok(None));
        assert!(7u64.change("it", vec![1], Some(&stored)).unwrap().is_some());
        assert!(8u64.change("it", Vec::new(), Some(&stored)).unwrap().is_some());
    }

    #[test]
    fn of_results_only_what_was_pushed_is_saved() {
        let mut results: Results<String> = Results::new();
        let mut stored = carried(&results);
        for count in 0..100 {
            results.push(format!("number {count}"));
            let change = results.change("it", Vec::new(), Some(&stored)).unwrap().unwrap();
            assert!(change.appends && change.value.bytes.len() < 16);
            stored.append(&change.value);
        }
        assert_eq!(results.change("it", Vec::new(), Some(&stored)), Ok(None));
        assert_eq!(stored.decode::<Results<String>>("it").unwrap(), results);
    }

    #[test]
    fn a_list_that_takes_the_place_of_another_is_saved_whole() {
        let mut results: Results<u8> = Results::new();
        results.extend([1, 2, 3]);
        let mut stored = carried(&results);
        for next in [vec![4, 5, 6], vec![7], vec![8, 9, 10, 11]] {
            results = Results::new();
            results.extend(next);
            let change = results.change("it", Vec::new(), Some(&stored)).unwrap().unwrap();
            stored = if change.appends { panic!("appended") } else { change.value };
            assert_eq!(stored.decode::<Results<u8>>("it").unwrap(), results);
        }
    }

    #[test]
    fn what_would_not_read_back_is_refused_at_its_first_save() {
        #[derive(Debug, Serialize, Deserialize)]
        #[serde(tag = "kind")]
        enum Tagged {
            A { n: u8 },
        }
        let refused = Tagged::A { n: 1 }.change("it", Vec::new(), None).unwrap_err().to_string();
        assert!(refused.contains("does not read back as what was written"), "{refused}");
        let value = serde_json::json!({ "a": 1 });
        assert!(value.change("it", Vec::new(), None).is_err());
        let map: std::collections::HashMap<u32, String> =
            (0..50).map(|n| (n, n.to_string())).collect();
        assert!(map.change("it", Vec::new(), None).unwrap().is_some());
    }

    #[derive(Default, Serialize, Deserialize)]
    struct Sparse {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last: Option<u8>,
        #[serde(skip)]
        cache: Vec<u8>,
        sum: u8,
    }

    #[test]
    fn what_leaves_a_field_out_is_refused_when_it_does() {
        let sparse = Sparse::default;
        let whole = Sparse { last: Some(1), ..sparse() };
        let stored = carried(&whole);
        let refused = sparse().change("it", Vec::new(), Some(&stored)).unwrap_err().to_string();
        assert!(refused.contains("`it`, a `"), "{refused}");
        assert!(refused.contains("its field `last` was left out"), "{refused}");
        (3, vec![Some(sparse())]).change("it", Vec::new(), Some(&stored)).unwrap_err();
        let mut results = Results::new();
        results.extend([whole, sparse()]);
        results.change("it", Vec::new(), None).unwrap_err();
    }

    #[test]
    fn what_is_never_saved_is_nothing_that_is_lost() {
        let value = Sparse { last: Some(1), cache: vec![2], sum: 3 };
        let back: Sparse = carried(&value).decode("it").unwrap();
        assert_eq!((back.last, back.cache, back.sum), (Some(1), vec![], 3));
    }

    #[test]
    fn values_of_every_shape_come_back() {
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        enum Shape {
            Unit,
            Newtype(char),
            Tuple(i8, f32),
            Struct { wide: i128, text: String },
        }
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        struct Pair(u128, ());
        let shapes = vec![
            Shape::Unit,
            Shape::Newtype('x'),
            Shape::Tuple(-1, 0.5),
            Shape::Struct { wide: -1, text: "text".to_owned() },
        ];
        let map: std::collections::BTreeMap<u16, Option<bool>> =
            [(1, Some(true)), (2, None)].into();
        let value = (shapes, map, Pair(7, ()), std::net::Ipv4Addr::LOCALHOST, [1_i64; 3]);
        assert_eq!(carried(&value).decode("it"), Ok(value.clone()));
        assert_eq!(carried(&value).bytes, postcard::to_stdvec(&value).unwrap());
    }

    #[test]
    fn another_type_is_named() {
        let error = carried(&7i64).decode::<u64>("sum").unwrap_err();
        assert!(
            error.to_string().starts_with("`sum` was saved as `i64`, but is now a `u64`; give")
        );
    }

    #[test]
    fn another_shape_under_the_same_name_is_noticed() {
        let longer = Carried { bytes: vec![1, 2, 3], ..carried(&7u64) };
        assert!(matches!(longer.decode::<u64>("sum"), Err(CarriedError::ShapeChanged { .. })));
        let fewer = Carried { elements: Some(3), ..carried(&Results::<u8>::new()) };
        assert!(matches!(
            fewer.decode::<Results<u8>>("it"),
            Err(CarriedError::ShapeChanged { .. })
        ));
    }
}
