//! Compares two encodings by one schema. They are the same value even if the entries of a map, or the elements of a list that may
//! be a hash set, have another order: the order of a hash map differs each time.

use super::read::{Item, Look, ReadError};
use super::schema::Schema;

/// Returns whether the values that follow one another in `bytes` and in `others` are the same.
pub(super) fn are_same(schema: &Schema, version: u32, bytes: &[u8], others: &[u8]) -> bool {
    let canonical = |bytes| {
        let items = Item::all(schema, version, bytes).ok()?;
        items.iter().map(canonical).collect::<Result<Vec<_>, _>>().ok()
    };
    bytes == others
        || bytes.len() == others.len()
            && canonical(bytes).is_some_and(|bytes| Some(bytes) == canonical(others))
}

/// Returns bytes that are equal for equal values.
pub(super) fn canonical(item: &Item<'_>) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    match item.look()? {
        Look::Scalar(..) | Look::None | Look::Variant(_, None) => bytes.extend(item.bytes()),
        Look::List(items) if !item.is_ordered() => {
            let mut all = items.iter().map(canonical).collect::<Result<Vec<_>, _>>()?;
            all.sort_unstable();
            for part in &all {
                put(&mut bytes, part);
            }
        }
        look => parts(&look, &mut bytes)?,
    }
    Ok(bytes)
}

fn parts(look: &Look<'_>, bytes: &mut Vec<u8>) -> Result<(), ReadError> {
    match look {
        Look::Scalar(..) | Look::None => {}
        Look::Some(item) | Look::Newtype(item) => put(bytes, &canonical(item)?),
        Look::List(items) | Look::Tuple(items) => {
            for item in items {
                put(bytes, &canonical(item)?);
            }
        }
        Look::Map(entries) => {
            let entry = |(key, value)| Ok::<_, ReadError>((canonical(key)?, canonical(value)?));
            let all = entries.iter().map(|(key, value)| entry((key, value)));
            let mut all = all.collect::<Result<Vec<_>, _>>()?;
            all.sort_unstable();
            for (key, value) in &all {
                put(bytes, key);
                put(bytes, value);
            }
        }
        Look::Struct(_, fields) => {
            for (name, item) in fields {
                put(bytes, name.as_bytes());
                put(bytes, &canonical(item)?);
            }
        }
        Look::Variant(name, body) => {
            put(bytes, name.as_bytes());
            if let Some(body) = body {
                parts(body, bytes)?;
            }
        }
    }
    Ok(())
}

/// Appends a part, with its length in front, so that no two lists of parts are equal bytes.
fn put(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend((part.len() as u64).to_le_bytes());
    bytes.extend(part);
}
