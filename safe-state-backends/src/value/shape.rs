//! The shape of stored values as text.

use std::fmt::{self, Display, Write};

use super::schema::{Body, Kind, NodeId, ROOT, RecordId, Schema};

/// The length in bytes behind which the text is cut.
const LIMIT: usize = 600;

impl Display for Schema {
    /// Writes the shape of the values in Rust's notation: `Sum { paid: u64, refused: u64 }`. A long text is cut.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Text { schema: self, written: String::new(), within: Vec::new() };
        // The only error is that the text was cut.
        let _ = text.node(ROOT);
        f.write_str(&text.written)
    }
}

struct Text<'a> {
    schema: &'a Schema,
    written: String,
    /// The records around the present position, as a type may contain itself.
    within: Vec<RecordId>,
}

impl Text<'_> {
    fn push(&mut self, text: &str) -> fmt::Result {
        if self.written.len() > LIMIT {
            self.written.push_str("..");
            return Err(fmt::Error);
        }
        self.written.write_str(text)
    }

    fn node(&mut self, at: NodeId) -> fmt::Result {
        let Some(node) = self.schema.node(at) else { return Ok(()) };
        if node.tagged_since == self.schema.version || (node.tagged_since > 0) {
            return self.push("any");
        }
        match node.kind {
            Kind::Unknown => self.push("_"),
            Kind::Scalar(scalar) => self.push(scalar.name()),
            Kind::Option(inner) => self.within("Option<", &[inner], ">"),
            Kind::Seq(element) => self.within("[", &[element], "]"),
            Kind::Map(key, value) => self.within("map<", &[key, value], ">"),
            Kind::Tuple(first, count) => self.tuple(first, count),
            Kind::Struct(record) => self.record(record, None),
            Kind::Enum(id) => {
                let Some(it) = self.schema.enums.get(id as usize) else { return Ok(()) };
                self.push(&it.name)?;
                self.push(": ")?;
                for (at, variant) in it.variants.iter().enumerate() {
                    self.push(if at > 0 { " | " } else { "" })?;
                    match variant.body {
                        Body::Unit => self.push(&variant.name)?,
                        Body::Newtype(inner) => {
                            self.push(&variant.name)?;
                            self.within("(", &[inner], ")")?;
                        }
                        Body::Tuple(first, count) => {
                            self.push(&variant.name)?;
                            self.tuple(first, count)?;
                        }
                        Body::Struct(record) => self.record(record, Some(&variant.name))?,
                    }
                }
                Ok(())
            }
        }
    }

    fn within(&mut self, begin: &str, nodes: &[NodeId], end: &str) -> fmt::Result {
        self.push(begin)?;
        for (at, node) in nodes.iter().enumerate() {
            self.push(if at > 0 { ", " } else { "" })?;
            self.node(*node)?;
        }
        self.push(end)
    }

    fn tuple(&mut self, first: NodeId, count: u32) -> fmt::Result {
        self.push("(")?;
        for at in 0..count {
            self.push(if at > 0 { ", " } else { "" })?;
            self.node(first.saturating_add(at))?;
        }
        self.push(")")
    }

    fn record(&mut self, id: RecordId, name: Option<&str>) -> fmt::Result {
        let schema = self.schema;
        let Some(record) = schema.record(id) else { return Ok(()) };
        self.push(name.unwrap_or(&record.name))?;
        if self.within.contains(&id) {
            return Ok(());
        }
        self.within.push(id);
        self.push(" { ")?;
        for (at, field) in record.fields.iter().enumerate() {
            self.push(if at > 0 { ", " } else { "" })?;
            self.push(&field.name)?;
            self.push(": ")?;
            self.node(field.node)?;
        }
        self.push(" }")?;
        self.within.pop();
        Ok(())
    }
}
