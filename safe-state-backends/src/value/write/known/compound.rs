//! The writers of lists, tuples, maps and structs.

use serde::{Serialize, ser};

use super::super::super::schema::{NodeId, Record};
use super::buffer::{Known, NotHere, Written};

/// A writer of the elements of a list or tuple, or of a map's entries, whose number is known.
pub(super) struct Counted<'k, 'a> {
    pub(super) known: &'k mut Known<'a>,
    /// The places of keys and of values.
    pub(super) at: (NodeId, NodeId),
    /// The distance from an element's place to the next one's.
    pub(super) step: NodeId,
    pub(super) left: usize,
}

impl<'k, 'a> Counted<'k, 'a> {
    pub(super) fn begin(
        known: &'k mut Known<'a>,
        at: (NodeId, NodeId),
        len: Option<usize>,
    ) -> Result<Self, NotHere> {
        let left = len.ok_or(NotHere)?;
        known.enter()?;
        known.varint(left as u64)?;
        Ok(Counted { known, at, step: 0, left })
    }

    #[inline]
    fn write<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.left = self.left.checked_sub(1).ok_or(NotHere)?;
        self.known.value(self.at.1, value)?;
        self.at.1 += self.step;
        Ok(())
    }

    #[inline]
    fn finish(self) -> Written {
        self.known.depth -= 1;
        if self.left == 0 { Ok(()) } else { Err(NotHere) }
    }
}

macro_rules! counted {
    ($($compound:ident: $method:ident;)*) => { $(
        impl ser::$compound for Counted<'_, '_> {
            type Ok = ();
            type Error = NotHere;

            #[inline]
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
                self.write(value)
            }

            #[inline]
            fn end(self) -> Written {
                self.finish()
            }
        }
    )* };
}

counted! {
    SerializeSeq: serialize_element;
    SerializeTuple: serialize_element;
    SerializeTupleStruct: serialize_field;
}

impl ser::SerializeMap for Counted<'_, '_> {
    type Ok = ();
    type Error = NotHere;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Written {
        self.known.value(self.at.0, key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.write(value)
    }

    fn end(self) -> Written {
        self.finish()
    }
}

/// A writer of the fields of a struct.
pub(super) struct Fields<'k, 'a> {
    pub(super) known: &'k mut Known<'a>,
    pub(super) record: &'a Record,
    pub(super) next: usize,
}

impl ser::SerializeStruct for Fields<'_, '_> {
    type Ok = ();
    type Error = NotHere;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Written {
        let field = self.record.fields.get(self.next).filter(|it| *it.name == *name);
        let at = field.ok_or(NotHere)?.node;
        self.next += 1;
        self.known.value(at, value)
    }

    fn skip_field(&mut self, _: &'static str) -> Written {
        Err(NotHere)
    }

    #[inline]
    fn end(self) -> Written {
        self.known.depth -= 1;
        if self.record.fields.len() != self.next {
            return Err(NotHere);
        }
        if self.next == 0 { self.known.push(0) } else { Ok(()) }
    }
}
