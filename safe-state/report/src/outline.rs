//! Shows a value as an outline: the parts that its `Serialize` gives, with their names, down to a depth and up to a
//! number of parts.

use std::fmt::{self, Display, Write as _};

use safe_state_backends::details::{Origin, Value};
use serde::ser::{self, Serialize, Serializer};

use safe_state_base::bounded::{bounded, cut};
use safe_state_base::secrets::{MASK, is_password, is_secret, masked_value};

/// The most parts shown of one value, and of all values in it together.
const PARTS: usize = 64;
const ALL: usize = 512;
/// The longest text of a part, in bytes.
const TEXT: usize = 1024;
/// The number of parts that are skipped before the value is abandoned, as it may have no end.
const PATIENCE: usize = 1 << 16;
/// The most wrappers inside one another, which are values that only hold another one.
const WRAPPERS: usize = 64;

/// Returns the value named `name`, followed by its parts.
pub(super) fn outline<T: Serialize + ?Sized>(
    origin: Origin,
    name: &str,
    depth: u8,
    value: &T,
) -> Vec<Value> {
    let mut outline = Outline::new(origin, name, depth);
    // A value that fails in the middle, or has no end, is shown up to there.
    if let Err(stopped) = value.serialize(&mut outline) {
        outline.leaf(&format_args!("({stopped})"));
    }
    outline.values
}

struct Outline {
    origin: Origin,
    values: Vec<Value>,
    /// The name of the next part.
    name: String,
    depth: u8,
    deepest: u8,
    /// The number of skipped parts.
    skipped: usize,
    /// The number of wrappers that are open here.
    wrapped: usize,
}

/// Why a value is not shown to its end.
#[derive(Debug)]
enum Stopped {
    TooLong,
    Failed(String),
}

impl Outline {
    fn new(origin: Origin, name: &str, deepest: u8) -> Self {
        let name = name.to_owned();
        Outline { origin, values: Vec::new(), name, depth: 0, deepest, skipped: 0, wrapped: 0 }
    }

    fn leaf(&mut self, text: &dyn Display) {
        if self.values.len() < ALL {
            let name = std::mem::take(&mut self.name);
            let text = shortened(&name, text);
            self.values.push(Value { origin: self.origin, depth: self.depth, name, text });
        }
    }

    /// Shows a value that is only a wrapper of another one.
    fn wrapper<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stopped> {
        if self.wrapped == WRAPPERS {
            return Err(Stopped::TooLong);
        }
        self.wrapped += 1;
        let shown = value.serialize(&mut *self);
        self.wrapped -= 1;
        shown
    }

    /// Begins a value that has parts; `kind` is its name.
    fn open(&mut self, kind: &str, len: Option<usize>) -> Parts<'_> {
        let is_secret = is_secret(&self.name);
        let at = self.values.len();
        self.leaf(&kind);
        let is_closed = is_secret || self.depth >= self.deepest || at >= ALL;
        if !is_closed {
            self.depth += 1;
        }
        Parts { outline: self, at, count: 0, len, is_closed, is_secret, names_secret: false }
    }
}

fn shortened(name: &str, text: &dyn Display) -> String {
    let mut shown = masked_value(name, &bounded(2 * TEXT, format_args!("{text}")));
    cut(&mut shown, TEXT);
    shown
}

/// The parts of a value while they are shown.
struct Parts<'a> {
    outline: &'a mut Outline,
    /// The index of the value in the outline.
    at: usize,
    count: usize,
    len: Option<usize>,
    is_closed: bool,
    is_secret: bool,
    /// Whether a part has named the other one as a secret, as in `("password", "..")`.
    names_secret: bool,
}

impl Parts<'_> {
    fn part<T: Serialize + ?Sized>(&mut self, name: String, value: &T) -> Result<(), Stopped> {
        self.count += 1;
        let outline = &mut *self.outline;
        if self.is_closed || self.count > PARTS || outline.values.len() >= ALL {
            outline.skipped += 1;
            return if outline.skipped > PATIENCE { Err(Stopped::TooLong) } else { Ok(()) };
        }
        let is_of_secret =
            self.names_secret && (name == "1" && self.len == Some(2) || name == "value");
        let (at, depth) = (outline.values.len(), outline.depth);
        let is_name = matches!(name.as_str(), "0" | "name" | "key");
        outline.name = name;
        if is_of_secret {
            outline.leaf(&MASK);
            return Ok(());
        }
        value.serialize(&mut *outline).inspect_err(|_| outline.depth = depth)?;
        let shown = outline.values.get(at).map_or("", |value| value.text.trim_matches('"'));
        self.names_secret |= is_name && !shown.contains(' ') && is_secret(shown);
        Ok(())
    }

    fn number<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stopped> {
        self.part(self.count.to_string(), value)
    }

    fn name<T: Serialize + ?Sized>(&mut self, key: &T) -> String {
        let mut key_outline = Outline::new(self.outline.origin, "", 0);
        let _ = key.serialize(&mut key_outline);
        key_outline.values.into_iter().next().map(|key| key.text).unwrap_or_default()
    }

    #[expect(clippy::unnecessary_wraps, reason = "what serde asks for")]
    fn close(self) -> Result<(), Stopped> {
        let count = self.len.unwrap_or(0).max(self.count);
        if !self.is_closed {
            self.outline.depth -= 1;
        }
        if let Some(value) = self.outline.values.get_mut(self.at).filter(|_| !self.is_secret) {
            let separator = if value.text.is_empty() { "" } else { " " };
            let hidden = self.is_closed && count > 0 || count > PARTS;
            let shown = if hidden { ", not all shown" } else { "" };
            // Writing into a string does not fail.
            let _ = write!(value.text, "{separator}({count}{shown})");
        }
        Ok(())
    }
}

macro_rules! leaves {
    ($($method:ident: $ty:ty => $form:literal;)*) => { $(
        fn $method(self, value: $ty) -> Result<(), Stopped> {
            self.leaf(&format_args!($form, value));
            Ok(())
        }
    )* };
}

impl<'a> Serializer for &'a mut Outline {
    type Ok = ();
    type Error = Stopped;
    type SerializeSeq = Parts<'a>;
    type SerializeTuple = Parts<'a>;
    type SerializeTupleStruct = Parts<'a>;
    type SerializeTupleVariant = Parts<'a>;
    type SerializeMap = Entries<'a>;
    type SerializeStruct = Parts<'a>;
    type SerializeStructVariant = Parts<'a>;

    leaves! {
        serialize_bool: bool => "{}";
        serialize_i8: i8 => "{}";
        serialize_i16: i16 => "{}";
        serialize_i32: i32 => "{}";
        serialize_i64: i64 => "{}";
        serialize_i128: i128 => "{}";
        serialize_u8: u8 => "{}";
        serialize_u16: u16 => "{}";
        serialize_u32: u32 => "{}";
        serialize_u64: u64 => "{}";
        serialize_u128: u128 => "{}";
        serialize_f32: f32 => "{:?}";
        serialize_f64: f64 => "{:?}";
        serialize_char: char => "{:?}";
        serialize_str: &str => "{:?}";
        serialize_unit_struct: &'static str => "{}";
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), Stopped> {
        let shown: String =
            bytes.iter().take(32).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
        let more = if bytes.len() > 32 { " …" } else { "" };
        self.leaf(&format_args!("{shown}{more} ({} bytes)", bytes.len()));
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Stopped> {
        self.leaf(&"none");
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Stopped> {
        self.wrapper(value)
    }

    fn serialize_unit(self) -> Result<(), Stopped> {
        self.leaf(&"()");
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Stopped> {
        self.leaf(&format_args!("{name}::{variant}"));
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Stopped> {
        if is_password(name) {
            self.leaf(&MASK);
            return Ok(());
        }
        self.wrapper(value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Stopped> {
        let mut parts = self.open(&format!("{name}::{variant}"), None);
        parts.number(value)?;
        parts.close()
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Parts<'a>, Stopped> {
        Ok(self.open("list", len))
    }

    fn serialize_tuple(self, len: usize) -> Result<Parts<'a>, Stopped> {
        Ok(self.open("tuple", Some(len)))
    }

    fn serialize_tuple_struct(self, name: &'static str, len: usize) -> Result<Parts<'a>, Stopped> {
        Ok(self.open(name, Some(len)))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Parts<'a>, Stopped> {
        Ok(self.open(&format!("{name}::{variant}"), Some(len)))
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Entries<'a>, Stopped> {
        Ok(Entries { parts: self.open("map", len), key: String::new() })
    }

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Parts<'a>, Stopped> {
        Ok(self.open(name, Some(len)))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Parts<'a>, Stopped> {
        Ok(self.open(&format!("{name}::{variant}"), Some(len)))
    }
}

macro_rules! by_number {
    ($($trait:ident $method:ident;)*) => { $(
        impl ser::$trait for Parts<'_> {
            type Ok = ();
            type Error = Stopped;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stopped> {
                self.number(value)
            }

            fn end(self) -> Result<(), Stopped> {
                self.close()
            }
        }
    )* };
}

by_number! {
    SerializeSeq serialize_element;
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
    SerializeTupleVariant serialize_field;
}

macro_rules! by_name {
    ($($trait:ident)*) => { $(
        impl ser::$trait for Parts<'_> {
            type Ok = ();
            type Error = Stopped;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Stopped> {
                self.part(name.to_owned(), value)
            }

            fn end(self) -> Result<(), Stopped> {
                self.close()
            }
        }
    )* };
}

by_name! { SerializeStruct SerializeStructVariant }

/// The entries of a map.
struct Entries<'a> {
    parts: Parts<'a>,
    key: String,
}

impl ser::SerializeMap for Entries<'_> {
    type Ok = ();
    type Error = Stopped;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Stopped> {
        // The keys of skipped entries are not needed.
        self.key = if self.parts.count < PARTS { self.parts.name(key) } else { String::new() };
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stopped> {
        let key = std::mem::take(&mut self.key);
        self.parts.part(key, value)
    }

    fn end(self) -> Result<(), Stopped> {
        self.parts.close()
    }
}

impl Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stopped::TooLong => f.write_str("the rest is not shown: it is too long"),
            Stopped::Failed(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for Stopped {}

impl ser::Error for Stopped {
    fn custom<T: Display>(reason: T) -> Self {
        Stopped::Failed(bounded(TEXT, format_args!("{reason}")))
    }
}

#[cfg(test)]
mod tests;
