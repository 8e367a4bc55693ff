//! The page beside a file: its contents are read as records behind those that were saved.

use std::cell::Cell;

use crate::carried::{all_rewritten, cursor_before};
use crate::format::{self, Advance, Behind, Change, LoopChange, Record, SideBySide, Tail};
use crate::{Carried, Keys, Mark};
use safe_state_page::{Advanced, Base, Beside, Boot, Said, number};

/// Returns the state that ends with `tail`, in the file with this device and inode number.
pub(crate) fn base_of((device, file): (u64, u64), tail: &Tail) -> Base {
    let (snapshot, end) = tail.place();
    Base { number: number([device, file, u64::from(snapshot), end]), end }
}

/// Extends the checkpoint that is in `file`, given by its device and inode number, by its page, if the page counts beside it.
/// Returns whether it does.
pub(crate) fn extend(checkpoint: &mut Vec<u8>, file: (u64, u64), page: &[u8]) -> bool {
    let longer = Boot::this().and_then(|boot| extended(checkpoint, file, page, boot));
    longer.map(|longer| *checkpoint = longer).is_some()
}

/// Returns why a page does not count beside the checkpoint in `file`; `None` if the page can't hold anything that the
/// checkpoint lacks.
pub(crate) fn why_not(checkpoint: &[u8], file: (u64, u64), page: &[u8]) -> Option<&'static str> {
    let now = Boot::this()?;
    match safe_state_page::boot_of(page) {
        None => return Some("it is damaged, or another version's"),
        Some(boot) if boot != now => {
            return Some("it was written before this machine was started");
        }
        Some(_) => {}
    }
    let (has_slot, is_beside) = (Cell::new(false), Cell::new(false));
    let _ = safe_state_page::read(page, now, |said| {
        has_slot.set(true);
        let behind = Tail::at(checkpoint, said.base.end);
        if behind.is_some_and(|Behind { tail, .. }| said.base == base_of(file, &tail)) {
            is_beside.set(true);
        }
        false
    });
    // A slot that was written beside an earlier part of this state is in the records behind it.
    (has_slot.get() && !is_beside.get()).then_some("it was written beside another state of the job")
}

fn extended(checkpoint: &[u8], file: (u64, u64), page: &[u8], boot: Boot) -> Option<Vec<u8>> {
    let counts = |said: &Said<'_>| {
        let behind = Tail::at(checkpoint, said.base.end);
        // Records that only the file has were appended later, or are a part of the append under way.
        behind.is_some_and(|Behind { tail, records }| {
            said.base == base_of(file, &tail) && said.records.starts_with(records)
        })
    };
    let said = safe_state_page::read(page, boot, counts)?;
    let Behind { tail, .. } = Tail::at(checkpoint, said.base.end)?;
    let (mut tail, mut longer) = tail.extended(checkpoint, said.records)?;
    if let Some(beside) = &said.window {
        let loops = vec![side_by_side(beside, &longer)?];
        tail.push(&Record::Change(Change { loops, ..Change::default() }), &mut longer)?;
        return Some(longer);
    }
    let (cursor, values) = if said.advanced.has_cursor {
        let (cursor, values) = cursor_before(said.values)?;
        (Some(Box::new(cursor)), values)
    } else {
        (None, said.values)
    };
    let carried = all_rewritten(values)?;
    let loops: Vec<LoopChange> = marked(&said, cursor).into_iter().collect();
    if loops.is_empty() {
        tail = push_advances(said.advanced, tail, &mut longer)?;
    }
    if !carried.is_empty() || !loops.is_empty() {
        let change = Change { loops, carried, ..Change::default() };
        tail.push(&Record::Change(change), &mut longer)?;
    }
    Some(longer)
}

/// Returns the progress of a loop that knows its items by key or by cursor; `None` for another loop.
fn marked(said: &Said<'_>, cursor: Option<Box<Carried>>) -> Option<LoopChange> {
    let Advanced { loop_id, count, .. } = said.advanced;
    let hashes: Vec<u64> = said.keys.iter().map(|key| u64::from_le_bytes(*key)).collect();
    let keys = (!hashes.is_empty()).then(|| Box::new(Keys::new(said.made_by, hashes)));
    let is_marked = cursor.is_some() || keys.is_some();
    is_marked.then(|| LoopChange { loop_id, count, keys, cursor, ..LoopChange::default() })
}

/// Returns the progress of a loop whose items run side by side, behind `checkpoint`.
fn side_by_side(beside: &Beside, checkpoint: &[u8]) -> Option<LoopChange> {
    let Beside { loop_id, start, begun, mark, .. } = *beside;
    let known = format::decode(checkpoint).ok()?;
    // The loop has begun, or the window would be of another run.
    let mut completed = known.loop_progress(loop_id)?.completed().clone();
    completed.insert_range(0..start);
    beside.complete().for_each(|index| completed.insert(index));
    let in_flight = (start..begun).filter(|index| !completed.contains(*index)).collect();
    let mark = mark.map(|(index, fingerprint)| Mark { index, fingerprint });
    let side_by_side = Some(Box::new(SideBySide { completed, in_flight }));
    Some(LoopChange { loop_id, mark, side_by_side, ..LoopChange::default() })
}

/// Appends the progress of a loop that knows its items by index.
fn push_advances(to: Advanced, mut tail: Tail, longer: &mut Vec<u8>) -> Option<Tail> {
    let Advanced { loop_id, count, fingerprint, behind, .. } = to;
    let advance = |count, fingerprint| Advance { micros: 0, loop_id, count, fingerprint };
    let behind = if fingerprint.is_some() { count.min(behind.into()) } else { 0 };
    for advance in [advance(count - behind, fingerprint), advance(behind, None)] {
        if advance.count > 0 {
            tail = tail.push(&Record::Advance(advance), longer)?;
        }
    }
    Some(tail)
}
