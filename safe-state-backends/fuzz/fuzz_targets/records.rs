//! The records in the input of a fuzz target.

/// Parses the input: for each record a kind, a length and a payload.
pub(crate) fn records(mut input: &[u8]) -> Vec<(u8, &[u8])> {
    let mut records = Vec::new();
    while let [kind, l0, l1, rest @ ..] = input {
        let len = usize::from(u16::from_le_bytes([*l0, *l1])).min(rest.len());
        let (payload, rest) = rest.split_at(len);
        records.push((*kind, payload));
        input = rest;
    }
    records
}
