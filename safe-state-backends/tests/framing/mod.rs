//! A second writer of the file format, made from `docs/format.md` alone, that frames anything.

/// A checkpoint of these records, each a kind and a payload.
pub(crate) fn file<'a>(records: impl IntoIterator<Item = (u8, &'a [u8])>) -> Vec<u8> {
    let mut file = b"\x89SAFE\r\n\x1a\x01\0\0\0".to_vec();
    file.extend_from_slice(&crc32fast::hash(&file).to_le_bytes());
    let mut snapshot = 0;
    for (kind, payload) in records {
        let checksum = checksum(snapshot, file.len(), kind, payload);
        if file.len() == 16 {
            snapshot = checksum;
        }
        file.extend_from_slice(&length(payload));
        file.extend_from_slice(&checksum.to_le_bytes());
        file.push(kind);
        file.extend_from_slice(payload);
    }
    file
}

fn checksum(snapshot: u32, offset: usize, kind: u8, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(snapshot);
    hasher.update(&(offset as u64).to_le_bytes());
    hasher.update(&length(payload));
    hasher.update(&[kind]);
    hasher.update(payload);
    hasher.finalize()
}

fn length(payload: &[u8]) -> [u8; 4] {
    u32::try_from(payload.len()).unwrap().to_le_bytes()
}
