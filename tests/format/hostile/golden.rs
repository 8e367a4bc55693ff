//! Tests of the golden files with worklists, lists at places, and shared loops. Each of their bytes is changed, and the
//! checksums are recomputed.

use std::path::Path;

use super::{decode, examined, frame};

/// Returns the records of a golden file, each with its kind and payload.
fn records(name: &str) -> Vec<(u8, Vec<u8>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/v2").join(name);
    let bytes = std::fs::read(path).unwrap();
    let mut left = &bytes[16..];
    let mut records = Vec::new();
    while let Some((head, behind)) = left.split_first_chunk::<9>() {
        let len = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
        records.push((head[8], behind[..len].to_vec()));
        left = &behind[len..];
    }
    records
}

#[test]
fn a_changed_byte_in_a_golden_file_does_no_harm() {
    for name in ["worklist.safestate", "workers.safestate"] {
        let records = records(name);
        assert!(decode(&frame(&records)));
        let mut taken = 0;
        for at in 0..records.len() {
            for byte in 0..records[at].1.len() {
                for change in [1, 2, 4, 0x10, 0x40, 0x80, 0xFF] {
                    let mut changed = records.clone();
                    changed[at].1[byte] ^= change;
                    let bytes = frame(&changed);
                    taken += u32::from(decode(&bytes));
                    examined(&bytes);
                }
                let mut cut = records.clone();
                cut[at].1.truncate(byte);
                assert!(!decode(&frame(&cut)), "{name}: record {at} cut to {byte} bytes");
            }
        }
        assert!(taken > 0, "{name}");
    }
}

#[test]
fn a_change_that_takes_more_than_there_is_is_refused() {
    let sound = records("worklist.safestate");
    // These bytes are in the first change, whose worklist takes one element at the front.
    let marks = [4, 0, 1, 0, 4, 8, 1, 1, 9, 3];
    let at = sound[1].1.windows(marks.len()).position(|it| it == marks).unwrap();
    let with = |offset: usize, byte: u8| {
        let mut records = sound.clone();
        records[1].1[at + offset] = byte;
        decode(&frame(&records))
    };
    assert!(with(2, 2), "both that there are");
    assert!(!with(2, 3) && !with(3, 2) && !with(4, 9), "more than that");
    // A record of kind 9 (items side by side) whose payload is too short is damage.
    let mut records = sound.clone();
    records.push((9, vec![0]));
    assert!(!decode(&frame(&records)));
}
