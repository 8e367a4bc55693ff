//! A second writer of the file format, made only from `docs/format.md`, which frames any payload.

/// Returns a checkpoint file of these records, each with a kind and a payload.
pub(crate) fn file<'a>(records: impl IntoIterator<Item = (u8, &'a [u8])>) -> Vec<u8> {
    let mut file = header(2).to_vec();
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

/// Returns the header of a file of format version `version`.
pub(crate) fn header(version: u8) -> [u8; 16] {
    let mut header = *b"\x89SAFE\r\n\x1a\0\0\0\0....";
    header[8] = version;
    let checksum = crc32fast::hash(&header[..12]).to_le_bytes();
    header[12..].copy_from_slice(&checksum);
    header
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
