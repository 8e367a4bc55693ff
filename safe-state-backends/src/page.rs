//! The page beside a file: what it says is read as records behind those that were saved.

use crate::format::{Advance, Tail};
use safe_state_page::{Advanced, Boot, base};

/// Returns the number of the state that ends with `tail`, in the file of that device and number.
pub(crate) fn base_of((device, number): (u64, u64), tail: &Tail) -> u64 {
    let (snapshot, end) = tail.place();
    base([device, number, u64::from(snapshot), end])
}

/// Adds what a page says to the checkpoint that is in `file`, by its device and number, if it counts beside that.
/// Returns whether it does.
pub(crate) fn extend(checkpoint: &mut Vec<u8>, file: (u64, u64), page: &[u8]) -> bool {
    let Some(boot) = Boot::this() else { return false };
    let Some(tail) = Tail::of(checkpoint) else { return false };
    let Some(said) = safe_state_page::read(page, boot, base_of(file, &tail)) else { return false };
    let Advanced { loop_id, count, fingerprint, behind } = said.advanced;
    let advance = |count, fingerprint| Advance { micros: 0, loop_id, count, fingerprint };
    let behind = if fingerprint.is_some() { count.min(behind.into()) } else { 0 };
    let advances = [advance(count - behind, fingerprint), advance(behind, None)];
    let longer = tail.extended(checkpoint, said.record, advances);
    longer.map(|longer| *checkpoint = longer).is_some()
}
