//! The details of a failure that only a report shows: the path of the error, the source code, captured values, facts about the
//! process. A checkpoint in memory keeps them encoded until they are asked for.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::bounded;
use crate::checkpoint::text::cut;
use crate::escape::Line;

/// The largest size of all encoded details, in bytes.
const LIMIT: usize = 256 * 1024;
/// The longest text in bytes: of an error's `Debug` output, and of anything else.
const DEBUG_LIMIT: usize = 16 * 1024;
const TEXT_LIMIT: usize = 4 * 1024;
const LINKS: usize = 33;
const STEPS: usize = 32;
const FRAMES: usize = 128;
const EXCERPTS: usize = 64;
const LINES: usize = 32;
const VALUES: usize = 1024;
const SPANS: usize = 32;
const FACTS: usize = 64;

/// The details of a failure beside its message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Details {
    /// The error and its causes, outermost first, in the order of their messages in the failure.
    #[serde(deserialize_with = "bounded::list::<LINKS, _, _>")]
    pub links: Vec<Link>,
    /// The `?` operators that the error passed through, innermost first.
    #[serde(deserialize_with = "bounded::list::<STEPS, _, _>")]
    pub trail: Vec<Step>,
    /// The stack, innermost first.
    #[serde(deserialize_with = "bounded::list::<FRAMES, _, _>")]
    pub frames: Vec<Frame>,
    /// The source code around the places above.
    #[serde(deserialize_with = "bounded::list::<EXCERPTS, _, _>")]
    pub excerpts: Vec<Excerpt>,
    /// Captured values, each followed by its parts.
    #[serde(deserialize_with = "bounded::list::<VALUES, _, _>")]
    pub values: Vec<Value>,
    /// The `tracing` spans that were active, innermost first.
    #[serde(deserialize_with = "bounded::list::<SPANS, _, _>")]
    pub spans: Vec<Span>,
    /// Facts about the process: its program, host, command line.
    #[serde(deserialize_with = "bounded::list::<FACTS, _, _>")]
    pub context: Vec<Fact>,
}

/// The details of an error in the chain of causes, beside its message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The error's type, if known.
    pub error_type: Option<String>,
    /// The error's `Debug` output, if it was captured.
    pub debug: Option<String>,
}

/// A place in the source.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The file's path, as the compiler was given it or as its debug information says.
    pub file: String,
    /// The line's number, counted from 1.
    pub line: u32,
    /// The column's number, counted from 1; 0 if it is unknown.
    pub column: u32,
}

/// A `?` that the error passed through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The place of the `?`.
    pub place: Place,
    /// The text of the expression before the `?`.
    pub expression: String,
    /// The type of the error before `?` converted it to the function's error type.
    pub error_type: String,
}

/// A call on the stack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// The address of the instruction in the process's memory.
    pub address: u64,
    /// The function's name, if known.
    pub function: Option<String>,
    /// The place in the source, if known.
    pub place: Option<Place>,
    /// Whether the function is in the program's own code, and not in a library.
    pub is_own: bool,
}

/// Lines of a source file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excerpt {
    /// The file's path, as in the place that the excerpt is for.
    pub file: String,
    /// The number of the first line, counted from 1.
    pub first: u32,
    /// The text of the lines.
    #[serde(deserialize_with = "bounded::list::<LINES, _, _>")]
    pub lines: Vec<String>,
    /// Whether the file is newer than the program, and so may not be the source that was compiled.
    pub is_newer: bool,
}

/// A captured value, or a part of the value before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Value {
    /// The source of the value.
    pub origin: Origin,
    /// The number of values that this one is a part of.
    pub depth: u8,
    /// The name of the value or the part.
    pub name: String,
    /// The value as text; for a value with parts, the text of the whole.
    pub text: String,
}

/// The source of a captured value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Origin {
    /// The failed item.
    Item,
    /// An argument of the function, as at the call.
    Argument,
    /// A carried variable, as the next run restores it.
    Carried,
}

/// A `tracing` span.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The span's name, with its target.
    pub name: String,
    /// The span's fields.
    pub fields: String,
    /// The place of the span in the source, if known.
    pub place: Option<Place>,
}

/// A fact about the process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// The fact's name.
    pub name: String,
    /// The fact itself, as text.
    pub value: String,
}

impl fmt::Display for Place {
    /// Writes for example `src/main.rs:14:5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", Line(&self.file), self.line)?;
        if self.column > 0 { write!(f, ":{}", self.column) } else { Ok(()) }
    }
}

/// Details in their encoded form; empty if there are none.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Packed(Box<[u8]>);

impl Packed {
    /// Encodes the details. If they are larger than the limit, drops values, then excerpts, frames, links and spans.
    pub(crate) fn new(mut details: Details) -> Self {
        details.cut();
        loop {
            let bytes = postcard::to_stdvec(&details).unwrap_or_default();
            if bytes.len() <= LIMIT {
                return Packed(bytes.into());
            }
            if !details.halve() {
                return Packed::default();
            }
        }
    }

    /// Decodes the details; `None` if there are none, or if the bytes are no details.
    pub(crate) fn details(&self) -> Option<Details> {
        if self.0.is_empty() { None } else { postcard::from_bytes(&self.0).ok() }
    }
}

impl Details {
    fn cut(&mut self) {
        self.links.truncate(LINKS);
        self.trail.truncate(STEPS);
        self.frames.truncate(FRAMES);
        self.excerpts.truncate(EXCERPTS);
        self.values.truncate(VALUES);
        self.spans.truncate(SPANS);
        self.context.truncate(FACTS);
        self.excerpts.iter_mut().for_each(|excerpt| excerpt.lines.truncate(LINES));
        self.links
            .iter_mut()
            .filter_map(|it| it.debug.as_mut())
            .for_each(|it| cut(it, DEBUG_LIMIT));
        self.texts().into_iter().for_each(|text| cut(text, TEXT_LIMIT));
    }

    /// Returns all texts but the `Debug` output of errors.
    fn texts(&mut self) -> Vec<&mut String> {
        let mut texts = Vec::new();
        texts.extend(self.links.iter_mut().filter_map(|it| it.error_type.as_mut()));
        for Step { place, expression, error_type } in &mut self.trail {
            texts.extend([&mut place.file, expression, error_type]);
        }
        for Frame { function, place, .. } in &mut self.frames {
            texts.extend(function);
            texts.extend(place.as_mut().map(|place| &mut place.file));
        }
        for Excerpt { file, lines, .. } in &mut self.excerpts {
            texts.push(file);
            texts.extend(lines);
        }
        for Value { name, text, .. } in &mut self.values {
            texts.extend([name, text]);
        }
        for Span { name, fields, place } in &mut self.spans {
            texts.extend([name, fields]);
            texts.extend(place.as_mut().map(|place| &mut place.file));
        }
        for Fact { name, value } in &mut self.context {
            texts.extend([name, value]);
        }
        texts
    }

    /// Drops half of the least important long list. Returns `false` if nothing is left to drop.
    fn halve(&mut self) -> bool {
        let Details { frames, excerpts, values, .. } = self;
        if values.len() > 8 {
            values.truncate(values.len() / 2);
        } else if excerpts.len() > 4 {
            excerpts.truncate(excerpts.len() / 2);
        } else if frames.len() > 16 {
            frames.truncate(frames.len() / 2);
        } else if !self.links.is_empty() || !self.spans.is_empty() {
            self.links.truncate(self.links.len() / 2);
            self.spans.truncate(self.spans.len() / 2);
        } else {
            return false;
        }
        true
    }
}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.details().fmt(f)
    }
}

/// Serialises the encoded bytes; in formats for people (JSON), the decoded details.
impl Serialize for Packed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return self.details().serialize(serializer);
        }
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Packed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let details = Option::<Details>::deserialize(deserializer)?;
            return Ok(details.map(Packed::new).unwrap_or_default());
        }
        let bytes: &[u8] = serde_bytes::deserialize(deserializer)?;
        if bytes.len() > LIMIT {
            return Err(serde::de::Error::invalid_length(bytes.len(), &"at most 256 KiB"));
        }
        Ok(Packed(bytes.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        Value { origin: Origin::Item, depth: 0, name: "n".to_owned(), text: text.to_owned() }
    }

    #[test]
    fn details_of_a_failure_read_back() {
        let step = Step { expression: "send(order)".to_owned(), ..Step::default() };
        let details = Details { trail: vec![step], values: vec![value("1")], ..Details::default() };
        assert_eq!(Packed::new(details.clone()).details(), Some(details));
        assert_eq!(Packed::default().details(), None);
    }

    #[test]
    fn details_that_are_too_large_are_cut() {
        let long = "ä".repeat(100_000);
        let frame = Frame { function: Some(long.clone()), ..Frame::default() };
        let link = Link { debug: Some(long.clone()), error_type: None };
        let details = Details {
            values: vec![value(&long); 10_000],
            frames: vec![frame; 1000],
            links: vec![link; 50],
            ..Details::default()
        };
        let packed = Packed::new(details);
        assert!(packed.0.len() <= LIMIT);
        let kept = packed.details().unwrap();
        assert!(!kept.values.is_empty() && !kept.links.is_empty());
    }

    #[test]
    fn other_bytes_are_no_details() {
        assert_eq!(Packed([7; 100].into()).details(), None);
    }
}
