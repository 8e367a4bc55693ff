//! The tag in front of a value whose kind the schema does not tell: one byte.

use super::scalar::Scalar;

/// The kind of a value at a place where kinds differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Absent,
    Scalar(Scalar),
    None,
    Some,
    Seq,
    Map,
    Tuple,
    Struct,
    Enum,
}

/// The tags behind those of the scalars, which have the numbers 1 to 17.
const OTHERS: [Tag; 7] =
    [Tag::None, Tag::Some, Tag::Seq, Tag::Map, Tag::Tuple, Tag::Struct, Tag::Enum];
const FIRST_OTHER: u8 = 18;

impl Tag {
    pub(super) fn byte(self) -> u8 {
        match self {
            Tag::Absent => 0,
            Tag::Scalar(scalar) => scalar as u8 + 1,
            Tag::None => FIRST_OTHER,
            Tag::Some => FIRST_OTHER + 1,
            Tag::Seq => FIRST_OTHER + 2,
            Tag::Map => FIRST_OTHER + 3,
            Tag::Tuple => FIRST_OTHER + 4,
            Tag::Struct => FIRST_OTHER + 5,
            Tag::Enum => FIRST_OTHER + 6,
        }
    }

    pub(super) fn from_byte(byte: u8) -> Option<Tag> {
        let Some(scalar) = byte.checked_sub(1) else { return Some(Tag::Absent) };
        let scalar = Scalar::ALL.get(usize::from(scalar)).map(|scalar| Tag::Scalar(*scalar));
        let other = || OTHERS.get(usize::from(byte.checked_sub(FIRST_OTHER)?)).copied();
        scalar.or_else(other)
    }

    pub(super) fn bit(self) -> u32 {
        1 << self.byte()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tag_has_a_byte_of_its_own() {
        for byte in 0..25 {
            assert_eq!(Tag::from_byte(byte).map(Tag::byte), Some(byte));
        }
        assert_eq!(Tag::from_byte(25), None);
        assert_eq!(Tag::Scalar(Scalar::Bytes).byte(), 17);
    }
}
