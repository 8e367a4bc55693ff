//! Values that are a part alone of what they stand for.

use std::sync::Arc;

use super::Carried;
use super::form::Form;

impl Carried {
    /// Whether it is a list at a place, of which the first elements are those of the variable's last value.
    pub(crate) fn is_at_place(&self) -> bool {
        matches!(self.form, Form::ListAt(_))
    }

    /// Whether it says how a worklist changes, and is none.
    pub(crate) fn is_change_alone(&self) -> bool {
        let Form::Worklist(waiting) = &self.form else { return false };
        (waiting.taken, waiting.ahead) != ((0, 0), 0)
    }

    /// Whether it is no value without another.
    pub(crate) fn is_part(&self) -> bool {
        self.is_at_place() || self.is_change_alone()
    }

    /// Whether a list at a place has its first elements in `last`.
    pub(crate) fn begins_in(&self, last: &Carried) -> bool {
        let (Form::ListAt(part), Form::NamedList(_)) = (&self.form, &last.form) else {
            return false;
        };
        part.1 <= last.bytes.len() as u64
    }

    /// The whole list at a place, of which `last` has the first elements.
    pub(crate) fn whole_by(&self, last: &Carried) -> Carried {
        let Form::ListAt(part) = &self.form else { return self.clone() };
        let shared = usize::try_from(part.1).unwrap_or(usize::MAX);
        let first = last.bytes.get(..shared).unwrap_or_default();
        let bytes = Arc::new([first, &self.bytes].concat());
        let mut whole =
            Carried { form: Form::NamedList(Box::new(part.0.clone())), bytes, ..self.clone() };
        if whole.bytes == last.bytes {
            // It is that list, and goes on where it is stored.
            last.generation.number();
            whole.generation = last.generation.clone();
        }
        whole
    }
}
