//! The values of carried variables.

use std::any::type_name;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::bounded;
use crate::checkpoint::NESTING_LIMIT;

/// Most variables and steps of one job.
pub(crate) const CARRIED_LIMIT: usize = 256;

/// A carried variable's value as it is stored: its bytes, and the name of its type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// The items of the loops around the variable's declaration in which it was saved.
    #[serde(deserialize_with = "bounded::list::<NESTING_LIMIT, _, _>")]
    within: Vec<u64>,
    type_name: String,
    #[serde(with = "serde_bytes")]
    bytes: Vec<u8>,
}

/// Why a carried value cannot be given back or stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CarriedError {
    /// The type has another name than the one it was saved as.
    #[error("`{name}` was saved as `{stored}`, but is now a `{current}`")]
    TypeChanged {
        /// The variable.
        name: String,
        /// The type it was saved as.
        stored: String,
        /// The type it is to be restored as.
        current: &'static str,
    },
    /// The type has its name, but not its shape.
    #[error("`{name}` was saved as another form of `{current}` than it has now")]
    ShapeChanged {
        /// The variable.
        name: String,
        /// Its type.
        current: &'static str,
    },
    /// There are more variables and steps than a checkpoint holds.
    #[error("`{name}` is one too many: a job holds 256 carried variables and steps")]
    TooMany {
        /// The variable or step.
        name: String,
    },
    /// The value's `Serialize` failed.
    #[error("`{name}`, a `{current}`, cannot be saved: {reason}")]
    Unserializable {
        /// The variable.
        name: String,
        /// Its type.
        current: &'static str,
        /// What serialising it says.
        reason: String,
    },
}

impl Carried {
    /// The stored form of the variable `name`.
    ///
    /// # Errors
    ///
    /// Its `Serialize` fails.
    pub fn encode<T: Serialize>(name: &str, value: &T) -> Result<Self, CarriedError> {
        let current = type_name::<T>();
        match postcard::to_stdvec(value) {
            Ok(bytes) => Ok(Carried { within: Vec::new(), type_name: current.to_owned(), bytes }),
            Err(error) => Err(CarriedError::Unserializable {
                name: name.to_owned(),
                current,
                reason: error.to_string(),
            }),
        }
    }

    /// The items of the loops around the variable's declaration in which it was saved.
    pub fn within(&self) -> &[u64] {
        &self.within
    }

    /// Says in which items of the loops around it the variable lives.
    pub fn set_within(&mut self, within: Vec<u64>) {
        self.within = within;
    }

    /// The value of the variable `name`.
    ///
    /// # Errors
    ///
    /// It was saved as another type.
    pub fn decode<T: DeserializeOwned>(&self, name: &str) -> Result<T, CarriedError> {
        let (name, current) = (name.to_owned(), type_name::<T>());
        if self.type_name != current {
            return Err(CarriedError::TypeChanged {
                name,
                stored: self.type_name.clone(),
                current,
            });
        }
        match postcard::take_from_bytes(&self.bytes) {
            Ok((value, [])) => Ok(value),
            _ => Err(CarriedError::ShapeChanged { name, current }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_comes_back() {
        let words = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(Carried::encode("words", &words).unwrap().decode("words"), Ok(words));
    }

    #[test]
    fn another_type_is_named() {
        let carried = Carried::encode("sum", &7i64).unwrap();
        let error = carried.decode::<u64>("sum").unwrap_err();
        assert_eq!(error.to_string(), "`sum` was saved as `i64`, but is now a `u64`");
    }

    #[test]
    fn another_shape_under_the_same_name_is_noticed() {
        let carried = Carried { bytes: vec![1, 2, 3], ..Carried::encode("sum", &7u64).unwrap() };
        assert!(matches!(carried.decode::<u64>("sum"), Err(CarriedError::ShapeChanged { .. })));
    }
}
