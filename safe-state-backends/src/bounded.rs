//! Collections that are decoded up to a length, so that a few bytes can't claim many elements.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Decodes a list of at most `N` elements, for `#[serde(deserialize_with)]`.
pub(crate) fn list<'de, const N: usize, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_seq(List::<N, T>(PhantomData))
}

/// Decodes a list that allocates as its elements come, so that it takes no more than a few times the memory of its bytes, for
/// `#[serde(deserialize_with)]`.
pub(crate) fn growing_list<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_seq(Growing(PhantomData))
}

/// Decodes a list of at most `N` elements, without spare capacity, for `#[serde(deserialize_with)]`.
pub(crate) fn boxed_list<'de, const N: usize, T, D>(deserializer: D) -> Result<Box<[T]>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    list::<N, T, D>(deserializer).map(Into::into)
}

/// Decodes an optional list of at most `N` elements, for `#[serde(deserialize_with)]`.
pub(crate) fn optional_list<'de, const N: usize, T, D>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    #[derive(Deserialize)]
    #[serde(bound = "T: Deserialize<'de>")]
    struct Short<const N: usize, T>(#[serde(deserialize_with = "list::<N, _, _>")] Vec<T>);

    let short = Option::<Short<N, T>>::deserialize(deserializer)?;
    Ok(short.map(|Short(list)| list))
}

/// Decodes a map of at most `N` entries, for `#[serde(deserialize_with)]`.
pub(crate) fn map<'de, const N: usize, K, T, D>(deserializer: D) -> Result<BTreeMap<K, T>, D::Error>
where
    K: Deserialize<'de> + Ord,
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_map(Map::<N, K, T>(PhantomData))
}

struct List<const N: usize, T>(PhantomData<T>);

impl<'de, const N: usize, T: Deserialize<'de>> Visitor<'de> for List<N, T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {N} elements")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        // The hint is no larger than the number of bytes left. Spare capacity would be most of a short list.
        let mut list = Vec::with_capacity(elements.size_hint().unwrap_or(0).min(N));
        while let Some(element) = elements.next_element()? {
            if list.len() == N {
                return Err(A::Error::invalid_length(N + 1, &self));
            }
            list.push(element);
        }
        Ok(list)
    }
}

struct Growing<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Growing<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element()? {
            list.push(element);
        }
        Ok(list)
    }
}

struct Map<const N: usize, K, T>(PhantomData<(K, T)>);

impl<'de, const N: usize, K: Deserialize<'de> + Ord, T: Deserialize<'de>> Visitor<'de>
    for Map<N, K, T>
{
    type Value = BTreeMap<K, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {N} entries")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut map = BTreeMap::new();
        while let Some((key, value)) = entries.next_entry()? {
            map.insert(key, value);
            if map.len() > N {
                return Err(A::Error::invalid_length(N + 1, &self));
            }
        }
        Ok(map)
    }
}
