//! Notices that an output file was emptied during the run, by the bytes that it ended in at the last save: a program
//! that goes on at its old offset leaves zeros before it.

use std::fs::File;
use std::io;
use std::path::Path;

use safe_state_backends::FileId;
use safe_state_base::ReconnectError;

use super::known::read;
use super::mode::{Mode, failed_on};
use crate::effects::reconnect::outputs::{self, Tail};

/// The number of bytes at the end that are compared.
const LENGTH: u64 = 64;

impl Tail {
    fn of(file: &File, id: &FileId, mode: Mode, end: u64) -> io::Result<Option<Self>> {
        let mut bytes = vec![0; usize::try_from(end.min(LENGTH)).unwrap_or_default()];
        match read(file, id, mode, (&mut bytes, end - end.min(LENGTH))) {
            Ok(()) => Ok(Some(Tail { end, bytes })),
            Err(error) => match error.kind() {
                io::ErrorKind::UnexpectedEof | io::ErrorKind::PermissionDenied => Ok(None),
                _ => Err(error),
            },
        }
    }

    /// Returns whether the file was emptied since. Nothing else changes what a file that is appended to holds. In any
    /// other mode another handle may go back and overwrite bytes, but hardly with zeros alone.
    fn is_gone(&self, now: Option<&Tail>, mode: Mode, end: u64) -> bool {
        if mode.append {
            return now.is_none_or(|now| now.bytes != self.bytes);
        }
        let is_empty = |tail: &Tail| tail.bytes.iter().all(|byte| *byte == 0);
        end > self.end && !is_empty(self) && now.is_none_or(is_empty)
    }
}

/// Checks that the file at `path` still has the bytes that it ended in at the last save, and notes the bytes before
/// `end` for the next check. `end` is the length of the file, or the offset up to which it is written.
pub(super) fn check(
    file: &File,
    (path, mode): (&Path, Mode),
    id: FileId,
    end: u64,
) -> Result<(), ReconnectError> {
    let failed = || failed_on("read", path);
    if let Some(before) = outputs::tail(&id) {
        let now = Tail::of(file, &id, mode, before.end).map_err(failed())?;
        if before.is_gone(now.as_ref(), mode, end) {
            return Err(ReconnectError::new(format!(
                "`{}` has other bytes before byte {} than those that were written there: it was emptied in this run, as by \
                 `copytruncate`, or by a second program that makes it anew; let that one write elsewhere, and rename \
                 the file to rotate it once the job is finished",
                path.display(),
                before.end
            )));
        }
    }
    if let Some(tail) = Tail::of(file, &id, mode, end).map_err(failed())? {
        outputs::set_tail(&id, tail);
    }
    Ok(())
}
