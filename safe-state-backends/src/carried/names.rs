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
