//! Values in their stored form: compact bytes, and beside them a schema with the names of all fields and variants, so that a
//! value reads back by name, and can be shown without the program.
//!
//! The schema is not declared. It holds what the written values showed, and grows with them. A [`Schema`] is kept with the
//! values that it describes.

mod lost;
mod read;
mod same;
mod scalar;
mod schema;
mod shape;
mod show;
mod tag;
mod write;

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use read::{Cells, Conversion, Parts, ReadError, Section, Trace, Unwritten};
pub use schema::{DEPTH_LIMIT, Schema};
pub use show::Value;
use write::Bytes;
pub use write::{LeftOut, WriteError};

/// Appends the encoding of `value` to `bytes`. Returns the schema, extended by anything new that the value shows, and a summary
/// of the fields that the value has left out. The schema is borrowed and unchanged if nothing is new. If something is new, the
/// caller should check that the value reads back.
///
/// # Errors
///
/// The value's `Serialize` fails, or the value is nested too deeply; `bytes` are then as before.
pub fn write<'s, T: Serialize + ?Sized>(
    value: &T,
    schema: Cow<'s, Schema>,
    bytes: &mut Vec<u8>,
) -> Result<(Cow<'s, Schema>, LeftOut), WriteError> {
    let (written, all) = write::write(value, schema, Bytes::behind(std::mem::take(bytes)));
    *bytes = all.finish().unwrap_or_default();
    written
}

/// The result of [`write_beside`]: the schema, the bytes, and a summary of the fields that the value has left out.
pub type Beside<'s> = (Cow<'s, Schema>, Cow<'s, [u8]>, LeftOut);

/// Encodes `value` while comparing it with the bytes of the previous value. If they are equal, returns those, and copies
/// nothing.
///
/// # Errors
///
/// The same errors as [`write()`].
pub fn write_beside<'s, T: Serialize + ?Sized>(
    value: &T,
    schema: Cow<'s, Schema>,
    before: &'s [u8],
) -> Result<Beside<'s>, WriteError> {
    let (written, all) = write::write(value, schema, Bytes::beside(before));
    let (schema, left_out) = written?;
    Ok((schema, all.finish().map_or(Cow::Borrowed(before), Cow::Owned), left_out))
}

/// Encodes `value` into `room`. Returns how many bytes the value takes; if these are more than `room` holds, its contents are
/// incomplete.
///
/// # Errors
///
/// The same errors as [`write()`].
pub fn write_within<'s, T: Serialize + ?Sized>(
    value: &T,
    schema: Cow<'s, Schema>,
    room: &'s mut [u8],
) -> Result<(Cow<'s, Schema>, usize), WriteError> {
    let (written, all) = write::write(value, schema, Bytes::within(room));
    Ok((written?.0, all.needed()))
}

/// Encodes `value` into `room` by a schema that shows nothing new. Returns how many bytes the value takes, or `None` if it shows
/// something that is new, leaves something out, does not fit into `room`, or its `Serialize` fails.
#[inline]
pub fn rewrite<T: Serialize + ?Sized>(
    value: &T,
    schema: &Schema,
    room: &mut [u8],
) -> Option<usize> {
    write::rewrite(value, schema, room)
}

/// Returns whether the value is a list of numbers of a type that is known to read back.
pub fn is_numbers<T: ?Sized>(value: &T) -> bool {
    write::is_numbers(value)
}

/// Writes a list of numbers over the bytes of another list of equal length, if the two have nothing in common. Returns whether
/// it did; else the bytes are as before.
pub fn overwrite<T: ?Sized>(value: &T, schema: &Schema, bytes: &mut [u8]) -> bool {
    write::overwrite(value, schema, bytes)
}

/// Decodes the value that `write` has written in `version` of the schema. The value has to take up all of `bytes`.
///
/// # Errors
///
/// The value does not read as a `T` without loss, or the bytes are damaged.
pub fn read<T: DeserializeOwned>(
    schema: &Schema,
    version: u32,
    bytes: &[u8],
) -> Result<T, ReadError> {
    read::read(schema, version, bytes, None)
}

/// Returns whether the values that follow one another in `bytes` and in `others`, both written in `version`, are the same. The
/// entries of a map have no order, and neither have the elements of a list that may be a set.
pub fn are_same(schema: &Schema, version: u32, bytes: &[u8], others: &[u8]) -> bool {
    same::are_same(schema, version, bytes, others)
}

/// Decodes the value that `write` has written in `version` of the schema. Notes in `trace` what the reading shows of the type.
///
/// # Errors
///
/// The value does not read as a `T` without loss, or the bytes are damaged.
pub fn read_traced<T: DeserializeOwned>(
    schema: &Schema,
    version: u32,
    bytes: &[u8],
    trace: &Trace,
) -> Result<T, ReadError> {
    read::read(schema, version, bytes, Some(trace))
}

/// Decodes the list whose elements are in `bytes`, divided into `sections`. Notes in `trace` what the reading shows of the type.
///
/// # Errors
///
/// An element does not read without loss as `T` takes it, or the bytes are damaged.
pub fn read_list<T: DeserializeOwned>(
    schema: &Schema,
    sections: &[Section],
    bytes: &[u8],
    trace: Option<&Trace>,
) -> Result<T, ReadError> {
    read::read_list(schema, sections, bytes, trace)
}

/// Values that follow one another.
#[derive(Debug)]
pub struct Values<'a> {
    /// The schema of the values.
    pub schema: &'a Schema,
    /// The sections that divide the bytes.
    pub sections: Cow<'a, [Section]>,
    /// The encoded values.
    pub bytes: Cow<'a, [u8]>,
    /// Whether the values are the elements of a list.
    pub is_list: bool,
}

/// Checks that nothing of the `stored` values is lost in `again`, the same values written again after they were read as another
/// type. Returns the numbers, texts and variants that came back as others; some of them may be lost.
///
/// # Errors
///
/// Something is lost.
pub fn check_kept(
    stored: &Values<'_>,
    again: &Values<'_>,
    trace: &Trace,
) -> Result<Vec<Conversion>, ReadError> {
    lost::check_values(stored, again, trace)
}

/// Checks that the type does not read every value as the same one. The values `again` were read with another value in place of
/// the converted one; `trace` has what the first reading showed.
///
/// # Errors
///
/// The other value was read as the same one.
pub fn check_converted(
    stored: &Values<'_>,
    again: &Values<'_>,
    trace: &Trace,
    conversion: &Conversion,
) -> Result<(), ReadError> {
    lost::check_converted(stored, again, trace, conversion)
}
