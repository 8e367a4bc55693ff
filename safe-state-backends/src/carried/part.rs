//! Values that are stored in part, and need another value to be whole.

use std::sync::Arc;

use super::form::{Differing, Form};
use super::{Carried, differing};

/// The length in bytes from which a value may be stored as its difference from another.
const WORTH_LOOKING: usize = 512;

impl Carried {
    /// Returns whether the value is a list at a place, whose first elements are in the variable's last value.
    pub(crate) fn is_at_place(&self) -> bool {
        matches!(self.form, Form::ListAt(_))
    }

    /// Returns whether the value is the change of a worklist, and no worklist itself.
    pub(crate) fn is_change_alone(&self) -> bool {
        let Form::Worklist(waiting) = &self.form else { return false };
        (waiting.taken, waiting.ahead) != ((0, 0), 0)
    }

    /// Returns whether the value needs another value to be whole.
    pub(crate) fn is_part(&self) -> bool {
        self.is_at_place() || self.is_change_alone() || self.differs_from().is_some()
    }

    /// Returns whether `last` has the first elements of this list at a place.
    pub(crate) fn begins_in(&self, last: &Carried) -> bool {
        let (Form::ListAt(part), Form::NamedList(_)) = (&self.form, &last.form) else {
            return false;
        };
        part.1 <= last.bytes.len() as u64
    }

    /// Returns the whole of a list at a place, with its first elements from `last`.
    pub(crate) fn whole_by(&self, last: &Carried) -> Carried {
        let Form::ListAt(part) = &self.form else { return self.clone() };
        let shared = usize::try_from(part.1).unwrap_or(usize::MAX);
        let first = last.bytes.get(..shared).unwrap_or_default();
        let bytes = Arc::new([first, &self.bytes].concat());
        let mut whole =
            Carried { form: Form::NamedList(Box::new(part.0.clone())), bytes, ..self.clone() };
        if whole.bytes == last.bytes {
            // The whole is the list `last` itself, so saves may go on from where it is stored.
            last.generation.number();
            whole.generation = last.generation.clone();
        }
        whole
    }

    /// Returns the value as stored within the items `within`; `None` if it is not stored by field names.
    pub fn within_others(&self, within: &[u64]) -> Option<Carried> {
        let is_named = matches!(self.form, Form::Named(_));
        is_named.then(|| Carried { within: within.into(), ..self.clone() }.with_names())
    }

    /// Returns the name of the value's base, if it is stored as a difference.
    pub(crate) fn differs_from(&self) -> Option<&str> {
        let Form::Differing(value) = &self.form else { return None };
        Some(&value.base)
    }

    /// Returns whether the value is large enough to be worth storing as a difference.
    pub(crate) fn may_differ(&self) -> bool {
        matches!(self.form, Form::Named(_)) && self.bytes.len() >= WORTH_LOOKING
    }

    /// Returns the value as its difference from `base`, which is whole and stored under `name`; `None` if the difference is
    /// more than half as long as the value.
    pub(crate) fn differing(&self, name: &str, base: &Carried) -> Option<Carried> {
        let (Form::Named(own), Form::Named(other)) = (&self.form, &base.form) else {
            return None;
        };
        if !self.may_differ() {
            return None;
        }
        let bytes = differing::parts(&base.bytes, &self.bytes)?;
        let (names, version) = &**own;
        let is_known = *names == other.0;
        let names = if is_known { names.stored() } else { names.clone().owned() };
        let len = self.bytes.len() as u64;
        let value = Differing { names, version: *version, base: name.into(), len };
        let form = Form::Differing(Box::new(value));
        Some(Carried { form, bytes: Arc::new(bytes), ..self.clone() })
    }

    /// Returns whether the value is a difference that fits `base`.
    pub(crate) fn fits(&self, base: &Carried) -> bool {
        let Form::Differing(value) = &self.form else { return false };
        let base_len = match &base.form {
            Form::Named(_) => Some(base.bytes.len()),
            Form::Differing(base) => usize::try_from(base.len).ok(),
            _ => None,
        };
        let len = base_len.and_then(|base| differing::whole_len(&self.bytes, base));
        len.is_some_and(|len| len as u64 == value.len)
    }

    /// Returns the whole of a value that is a difference from `base`, which is whole; `None` if it does not fit.
    pub(crate) fn whole_beside(&self, base: &Carried) -> Option<Carried> {
        let (Form::Differing(value), Form::Named(_)) = (&self.form, &base.form) else {
            return None;
        };
        let mut form = Form::Named(Box::new((value.names.clone(), value.version)));
        form.take_names(Some(&base.form));
        let bytes = if differing::is_all(&self.bytes, base.bytes.len()) {
            Arc::clone(&base.bytes)
        } else {
            Arc::new(differing::whole(&self.bytes, &base.bytes)?)
        };
        Some(Carried { form, bytes, ..self.clone() })
    }
}
