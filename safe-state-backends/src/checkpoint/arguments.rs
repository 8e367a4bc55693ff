//! The fingerprints of a job's arguments, and the notes beside them: small facts that a job needs in later runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::bounded;
use crate::limits::ARGUMENT_LIMIT;

/// The beginning of the names of notes that stay when the arguments are set: of the time when the job finished, and of items
/// that people marked complete.
const LASTING: [&str; 2] = ["finished!", "by-hand!"];

/// The fingerprints of a job's arguments, by their names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Arguments(
    #[serde(deserialize_with = "bounded::map::<ARGUMENT_LIMIT, _, _, _>")] BTreeMap<String, u32>,
);

impl FromIterator<(String, u32)> for Arguments {
    fn from_iter<I: IntoIterator<Item = (String, u32)>>(arguments: I) -> Self {
        Arguments(arguments.into_iter().collect())
    }
}

impl Arguments {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets the fingerprints by the arguments' names. Keeps the first 128, because the notes beside them need room as well.
    /// Returns the name of the first argument that differs from what it was.
    pub(crate) fn set(
        &mut self,
        arguments: impl IntoIterator<Item = (String, u32)>,
    ) -> Option<String> {
        let is_lasting = |name: &str| LASTING.iter().any(|begin| name.starts_with(begin));
        let mut now: BTreeMap<_, _> = arguments.into_iter().take(ARGUMENT_LIMIT / 2).collect();
        let lasting = self.0.iter().filter(|(name, _)| is_lasting(name));
        now.extend(lasting.map(|(name, value)| (name.clone(), *value)));
        let before = std::mem::replace(&mut self.0, now);
        let is_other =
            |(name, found): &(&String, &u32)| before.get(*name).is_some_and(|it| it != *found);
        self.0.iter().find(is_other).map(|(name, _)| name.clone())
    }

    /// Notes a fact, if `value` is `Some`.
    pub(crate) fn note(&mut self, name: &str, value: Option<u32>) {
        self.0.extend(value.map(|value| (name.to_owned(), value)));
    }

    pub(crate) fn forget(&mut self, name: &str) {
        self.0.remove(name);
    }

    pub(super) fn noted(&self, name: &str) -> Option<u32> {
        self.0.get(name).copied()
    }

    /// Returns all notes, with their names.
    pub(super) fn notes(&self) -> Vec<(String, u32)> {
        let all = self.0.iter().filter(|(name, _)| name.contains('!'));
        all.map(|(name, value)| (name.clone(), *value)).collect()
    }

    pub(crate) fn put_notes(&mut self, notes: Vec<(String, u32)>) {
        self.0.extend(notes);
    }
}
