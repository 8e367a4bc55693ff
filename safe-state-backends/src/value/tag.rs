//! What a value is, as one byte in front of it where that is not known from the schema.

/// The kind of a value whose kind may be another each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Tag {
    Absent = 0,
    Unit = 1,
    Bool = 2,
    I8 = 3,
    I16 = 4,
    I32 = 5,
    I64 = 6,
    I128 = 7,
    U8 = 8,
    U16 = 9,
    U32 = 10,
    U64 = 11,
    U128 = 12,
    F32 = 13,
    F64 = 14,
    Char = 15,
    Str = 16,
    Bytes = 17,
    None = 18,
    Some = 19,
    Seq = 20,
    Map = 21,
    Tuple = 22,
    Struct = 23,
    Enum = 24,
}

impl Tag {
    const ALL: [Tag; 25] = [
        Tag::Absent,
        Tag::Unit,
        Tag::Bool,
        Tag::I8,
        Tag::I16,
        Tag::I32,
        Tag::I64,
        Tag::I128,
        Tag::U8,
        Tag::U16,
        Tag::U32,
        Tag::U64,
        Tag::U128,
        Tag::F32,
        Tag::F64,
        Tag::Char,
        Tag::Str,
        Tag::Bytes,
        Tag::None,
        Tag::Some,
        Tag::Seq,
        Tag::Map,
        Tag::Tuple,
        Tag::Struct,
        Tag::Enum,
    ];

    pub(super) fn from_byte(byte: u8) -> Option<Tag> {
        Tag::ALL.get(usize::from(byte)).copied()
    }

    pub(super) fn bit(self) -> u32 {
        1 << self as u8
    }
}
