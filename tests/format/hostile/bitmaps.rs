//! Bitmaps of completed indices, built byte by byte.

/// Returns a bitmap of 32-bit indices with `count` containers of one run each.
pub(super) fn runs(count: u32, length: u16) -> Vec<u8> {
    let mut bytes = ((count - 1) << 16 | 0x303b).to_le_bytes().to_vec();
    bytes.resize(bytes.len() + count.div_ceil(8) as usize, 0xff);
    for key in 0..count {
        bytes.extend_from_slice(&u16::try_from(key).unwrap().to_le_bytes());
        bytes.extend_from_slice(&length.to_le_bytes());
    }
    bytes.resize(bytes.len() + if count < 4 { 0 } else { 4 * count as usize }, 0);
    for _ in 0..count {
        bytes.extend_from_slice(&[1, 0, 1, 0]);
        bytes.extend_from_slice(&length.to_le_bytes());
    }
    bytes
}

/// Returns a bitmap of 32-bit indices with `count` containers of one index each.
pub(super) fn lists(count: u32) -> Vec<u8> {
    let mut bytes = [0x303a, count].map(u32::to_le_bytes).concat();
    for key in 0..count {
        bytes.extend_from_slice(&u16::try_from(key).unwrap().to_le_bytes());
        bytes.extend_from_slice(&[0, 0]);
    }
    bytes.resize(bytes.len() + 6 * count as usize, 9);
    bytes
}

pub(super) fn chunks(bitmaps: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = (bitmaps.len() as u64).to_le_bytes().to_vec();
    for (high, bitmap) in (0_u32..).zip(bitmaps) {
        bytes.extend_from_slice(&high.to_le_bytes());
        bytes.extend_from_slice(bitmap);
    }
    bytes
}
