//! The trait of a form.

use std::marker::PhantomData;

use crate::items::fingerprint::Checksum;

/// A form by which values of type `T` are compared.
#[diagnostic::on_unimplemented(
    message = "the items of this loop cannot be compared with those of the run before",
    label = "nothing of `{T}` can be compared: it is neither `Serialize` nor `Hash`, or changes behind a shared reference",
    note = "make its type comparable: `#[derive(Hash)]` or `#[derive(serde::Serialize)]`",
    note = "or say what of an item is compared: `#[resumable(check = |item| item.id)]`, or `#[resume(check = ..)]` on the loop",
    note = "or know items by it, wherever they stand: `key = |item| item.id`",
    note = "or go by the index alone, whatever stands there: `on_input_change = \"continue\"`"
)]
pub trait Compared<T: ?Sized> {
    /// Whether the item is known by its index alone.
    const BY_POSITION: bool = false;

    /// Adds the value to the sum; returns none if it can't be compared, such as an error in place of an item.
    fn add(value: &T, sum: &mut Checksum) -> Option<()>;
}

/// Stands for a value of type `T`.
#[derive(Debug)]
pub struct Of<T: ?Sized>(PhantomData<fn(&T)>);
