//! What a report tells of a failure beside what every failure does: where it went, the source there,
//! the values, the process. In a checkpoint it is as it is in the file until it is asked for.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::cut;
use crate::bounded;
use crate::escape::Line;

/// Most bytes of all of it.
const LIMIT: usize = 256 * 1024;
/// Longest text of an error, and of anything else.
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

/// What is known of a failure beside its message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Details {
    /// The error and its causes, outermost first, each beside its message in the failure.
    #[serde(deserialize_with = "bounded::list::<LINKS, _, _>")]
    pub links: Vec<Link>,
    /// The way the error took through `?`, innermost first.
    #[serde(deserialize_with = "bounded::list::<STEPS, _, _>")]
    pub trail: Vec<Step>,
    /// The stack, innermost first.
    #[serde(deserialize_with = "bounded::list::<FRAMES, _, _>")]
    pub frames: Vec<Frame>,
    /// The source around these places.
    #[serde(deserialize_with = "bounded::list::<EXCERPTS, _, _>")]
    pub excerpts: Vec<Excerpt>,
    /// Values, each followed by its parts.
    #[serde(deserialize_with = "bounded::list::<VALUES, _, _>")]
    pub values: Vec<Value>,
    /// The `tracing` spans that were active, innermost first.
    #[serde(deserialize_with = "bounded::list::<SPANS, _, _>")]
    pub spans: Vec<Span>,
    /// What is known of the process: its program, host, command line.
    #[serde(deserialize_with = "bounded::list::<FACTS, _, _>")]
    pub context: Vec<Fact>,
}

/// What is known of an error beside its message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Its type, if that is known.
    pub error_type: Option<String>,
    /// What it prints for programmers, if it does.
    pub debug: Option<String>,
}

/// A place in the source.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The file, as the compiler was given it or as its debug information says.
    pub file: String,
    /// The line, counted from 1.
    pub line: u32,
    /// The column, counted from 1; 0 if it is not known.
    pub column: u32,
}

/// A `?` that the error took.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Where it stands.
    pub place: Place,
    /// The text of the expression before it.
    pub expression: String,
    /// The type of the error there, before `?` made it into what the function returns.
    pub error_type: String,
}

/// A call on the stack.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// The address of the instruction in the process.
    pub address: u64,
    /// The function, if that is known.
    pub function: Option<String>,
    /// Where in the source, if that is known.
    pub place: Option<Place>,
    /// Whether it is of the program's own code, and not of a library.
    pub is_own: bool,
}

/// Lines of a source file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excerpt {
    /// The file, as the place names it that it is for.
    pub file: String,
    /// The number of the first of the lines, counted from 1.
    pub first: u32,
    /// The lines.
    #[serde(deserialize_with = "bounded::list::<LINES, _, _>")]
    pub lines: Vec<String>,
    /// Whether the file is newer than the program, and may not be what it was compiled from.
    pub is_newer: bool,
}

/// A value, or a part of the one before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Value {
    /// What it is a value of.
    pub origin: Origin,
    /// How many values it is within.
    pub depth: u8,
    /// Its name, or the part's.
    pub name: String,
    /// The value; of one with parts, what they are parts of.
    pub text: String,
}

/// What a value is a value of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Origin {
    /// The item that failed.
    Item,
    /// An argument of the function, as it was called.
    Argument,
    /// A carried variable, as the next run restores it.
    Carried,
}

/// A `tracing` span.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Its name, with its target.
    pub name: String,
    /// Its fields.
    pub fields: String,
    /// Where it stands, if that is known.
    pub place: Option<Place>,
}

/// Something known of the process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// What it is.
    pub name: String,
    /// What is known.
    pub value: String,
}

impl fmt::Display for Place {
    /// `src/main.rs:14:5`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", Line(&self.file), self.line)?;
        if self.column > 0 { write!(f, ":{}", self.column) } else { Ok(()) }
    }
}

/// Details as they are in the file; empty if there are none.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Packed(Box<[u8]>);

impl Packed {
    /// No more of the details than a failure holds: what is too much goes, values and stack first.
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

    /// None as well if the bytes are no details.
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

    /// All texts but those that errors print.
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

    /// Drops half of the longest of what can be spared. Returns whether there was something.
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

/// Bytes; in formats for people (JSON), what they stand for.
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
    fn they_come_back() {
        let step = Step { expression: "send(order)".to_owned(), ..Step::default() };
        let details = Details { trail: vec![step], values: vec![value("1")], ..Details::default() };
        assert_eq!(Packed::new(details.clone()).details(), Some(details));
        assert_eq!(Packed::default().details(), None);
    }

    #[test]
    fn what_is_too_much_is_cut() {
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
    fn other_bytes_are_none() {
        assert_eq!(Packed([7; 100].into()).details(), None);
    }
}
