//! The field names and kinds of a stored value, shared by all stored values of a variable.

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_bytes::ByteBuf;

use crate::value::Schema;

/// A schema in its stored form and in its decoded form. The stored form is empty in a change that keeps the names of the value
/// before it.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    bytes: Arc<[u8]>,
    /// Whether the names are stored already, so that a change leaves them out.
    are_stored: bool,
    schema: OnceLock<Option<Arc<Schema>>>,
    /// Set once a value was written of a type that may read back some values with these names, and lose others.
    is_doubtful: OnceLock<()>,
}

impl Names {
    pub(super) fn new(schema: Schema) -> Self {
        // Serialising a schema into memory can't fail.
        let bytes = postcard::to_stdvec(&schema).unwrap_or_default().into();
        let schema = OnceLock::from(Some(Arc::new(schema)));
        Names { bytes, are_stored: false, schema, is_doubtful: OnceLock::new() }
    }

    /// Returns the names for a change that leaves them out, because the value before has them.
    pub(super) fn stored(&self) -> Self {
        Names { are_stored: true, ..self.clone() }
    }

    /// Returns the names for a change that writes them.
    pub(super) fn owned(self) -> Self {
        Names { are_stored: false, ..self }
    }

    /// Notes that each value has to be read back before it is saved.
    pub(super) fn doubt(&self) {
        self.is_doubtful.get_or_init(|| ());
    }

    /// Returns whether each value has to be read back before it is saved.
    pub(super) fn are_doubtful(&self) -> bool {
        self.is_doubtful.get().is_some()
    }

    pub(super) fn are_missing(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Returns the schema; `None` if the bytes are no sound schema.
    pub(super) fn schema(&self) -> Option<&Arc<Schema>> {
        let decode = || {
            let schema: Schema = postcard::from_bytes(&self.bytes).ok()?;
            schema.is_sound().then(|| Arc::new(schema))
        };
        self.schema.get_or_init(decode).as_ref()
    }
}

impl PartialEq for Names {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Names {}

impl Serialize for Names {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(if self.are_stored { &[] } else { &self.bytes })
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = ByteBuf::deserialize(deserializer)?;
        Ok(Names { bytes: bytes.into_vec().into(), ..Names::default() })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde::de::DeserializeOwned;
    use serde::{Deserialize, Serialize};

    use crate::{Carried, CarriedChange, Carry};

    /// Saves the values one after another. Returns whether each value has to be read back.
    fn are_doubtful<T: Serialize + DeserializeOwned>(values: &[T]) -> bool {
        let mut stored: Option<Carried> = None;
        for value in values {
            let change = value.change("it", Vec::new(), stored.as_ref()).unwrap();
            let CarriedChange { value, .. } = change.unwrap();
            stored = Some(value.named_by(stored.as_ref()));
        }
        stored.unwrap().form.known_names().unwrap().are_doubtful()
    }

    #[test]
    fn a_type_that_takes_what_it_writes_is_looked_at_once() {
        #[derive(Clone, Debug, Serialize, Deserialize)]
        struct Row {
            id: u64,
            name: String,
            at: (f64, usize),
            note: Option<Box<str>>,
            kind: Kind,
            more: HashMap<String, Vec<Kind>>,
        }
        #[derive(Clone, Debug, Serialize, Deserialize)]
        enum Kind {
            One,
            Two(u8, Option<i8>),
            Three { it: std::num::NonZeroU8 },
            Four(std::time::Duration),
        }
        #[derive(Clone, Debug, Serialize, Deserialize)]
        #[serde(untagged)]
        enum Number {
            Small(u8),
            Big(u64),
        }
        let kinds = [
            Kind::One,
            Kind::Two(1, Some(2)),
            Kind::Three { it: std::num::NonZeroU8::MIN },
            Kind::Four(std::time::Duration::MAX),
        ];
        let row = |kind: Kind| Row {
            id: 1,
            name: "a".to_owned(),
            at: (1.5, 2),
            note: Some("b".into()),
            more: HashMap::from([("c".to_owned(), vec![kind.clone()])]),
            kind,
        };
        assert!(!are_doubtful(&kinds.map(row)));
        assert!(are_doubtful(&[Number::Small(1), Number::Big(2000)]));
    }
}
