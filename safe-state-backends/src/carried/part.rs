//! Values that are a part alone of what they stand for.

use std::sync::Arc;

use super::form::{Differing, Form};
use super::{Carried, differing};

/// From how many bytes on a value may be told by how it differs from another.
const WORTH_LOOKING: usize = 512;

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
        self.is_at_place() || self.is_change_alone() || self.differs_from().is_some()
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

    /// Returns the value as it is kept within other items; none if it is not stored by name.
    pub fn within_others(&self, within: &[u64]) -> Option<Carried> {
        let is_named = matches!(self.form, Form::Named(_));
        is_named.then(|| Carried { within: within.into(), ..self.clone() }.with_names())
    }

    /// The name of what it tells how it differs from, if it does.
    pub(crate) fn differs_from(&self) -> Option<&str> {
        let Form::Differing(value) = &self.form else { return None };
        Some(&value.base)
    }

    /// Whether it may be worth to tell how it differs from another.
    pub(crate) fn may_differ(&self) -> bool {
        matches!(self.form, Form::Named(_)) && self.bytes.len() >= WORTH_LOOKING
    }

    /// The value as it differs from `base`, which is whole and stored under that name; none if that is not much shorter.
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

    /// Whether a value that tells how it differs from another may do so from that one.
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

    /// The whole of a value that tells how it differs from `base`, which is whole; none if it does not fit that.
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
