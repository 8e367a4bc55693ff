//! Values as they are stored: compact bytes, and beside them a schema with the names of all fields and
//! variants, so that a value reads back as what it was by name, and can be shown without the program.
//!
//! The schema is not declared. It is what was seen when values were written, and grows with them: a
//! [`Schema`] is kept with the values that it describes.

mod read;
mod schema;
mod shape;
mod show;
mod tag;
mod write;

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use read::{Parts, ReadError, Section, Unwritten};
pub use schema::Schema;
pub use show::Value;
use write::Bytes;
pub use write::WriteError;

/// Most values inside one another, when written and when read.
pub const DEPTH_LIMIT: u32 = 128;

/// Adds the encoding of `value` to `bytes`. Returns the schema, with what the value shows that is new:
/// it is the same, and borrowed, where there is nothing. What is new is a reason to see that the value
/// reads back.
///
/// # Errors
///
/// The value's `Serialize` fails, or the value is nested too deeply; `bytes` are then as they were.
pub fn write<'s, T: Serialize + ?Sized>(
    value: &T,
    schema: Cow<'s, Schema>,
    bytes: &mut Vec<u8>,
) -> Result<Cow<'s, Schema>, WriteError> {
    let (written, all) = write::write(value, schema, Bytes::behind(std::mem::take(bytes)));
    *bytes = all.finish().unwrap_or_default();
    written
}

/// The same, beside the bytes of the value before: those come back, and nothing is copied, if they are the same.
///
/// # Errors
///
/// As `write`.
pub fn write_beside<'s, T: Serialize + ?Sized>(
    value: &T,
    schema: Cow<'s, Schema>,
    before: &'s [u8],
) -> Result<(Cow<'s, Schema>, Cow<'s, [u8]>), WriteError> {
    let (written, all) = write::write(value, schema, Bytes::beside(before));
    Ok((written?, all.finish().map_or(Cow::Borrowed(before), Cow::Owned)))
}

/// The same into `room`, as far as there is some. Gives how many bytes the value takes; if those are more, what is
/// there is not whole.
///
/// # Errors
///
/// As `write`.
pub fn write_within<'s, T: Serialize + ?Sized>(
    value: &T,
    schema: Cow<'s, Schema>,
    room: &'s mut [u8],
) -> Result<(Cow<'s, Schema>, usize), WriteError> {
    let (written, all) = write::write(value, schema, Bytes::within(room));
    Ok((written?, all.needed()))
}

/// Whether a value is a list of numbers, of which it is known that it reads back.
pub fn is_numbers<T: ?Sized>(value: &T) -> bool {
    write::is_numbers(value)
}

/// Writes a list of numbers over the bytes of another one of the same length, if the two have nothing in common. Returns
/// whether it did; else the bytes are as they were.
pub fn overwrite<T: ?Sized>(value: &T, schema: &Schema, bytes: &mut [u8]) -> bool {
    write::overwrite(value, schema, bytes)
}

/// The value that `bytes` hold, all of them, as `write` has written it in `version` of the schema.
///
/// # Errors
///
/// The value does not read as a `T` without loss, or the bytes are damaged.
pub fn read<T: DeserializeOwned>(
    schema: &Schema,
    version: u32,
    bytes: &[u8],
) -> Result<T, ReadError> {
    read::read(schema, version, bytes)
}

/// The list whose elements `bytes` hold in these sections.
///
/// # Errors
///
/// An element does not read without loss as `T` takes it, or the bytes are damaged.
pub fn read_list<T: DeserializeOwned>(
    schema: &Schema,
    sections: &[Section],
    bytes: &[u8],
) -> Result<T, ReadError> {
    read::read_list(schema, sections, bytes)
}

#[cfg(test)]
mod changed;
#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
