//! The values of carried variables that a page holds with each item.

use std::mem;

use safe_state_backends::{Carried, CarriedChange, Carry, Checkpoint, Rewritten, write_cursor};

use crate::progress::Progress;

/// The room for all values in bytes: what a page has.
const ROOM: usize = 4096;

/// The variables whose values are written into the page with each item, and the values that it holds.
#[derive(Debug, Default)]
pub(crate) struct Rewriting {
    variables: Vec<Rewritten>,
    /// The values that the page holds.
    written: Values,
    /// The room for the values of the next item.
    next: Values,
}

/// Values that follow one another, perhaps with a cursor before them.
#[derive(Debug, Default)]
struct Values {
    bytes: Box<[u8]>,
    /// The length of the cursor.
    cursor: usize,
    /// The length of the cursor and the values.
    len: usize,
}

impl Values {
    #[inline]
    fn all(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    fn of_variables(&self) -> &[u8] {
        self.bytes.get(self.cursor..self.len).unwrap_or_default()
    }

    /// Begins anew with the cursor. Returns the room behind it; `None` if there is none for it.
    #[inline]
    fn begin(&mut self, cursor: Option<&Carried>) -> Option<&mut [u8]> {
        if self.bytes.is_empty() {
            self.bytes = vec![0; ROOM].into();
        }
        self.cursor = match cursor {
            Some(cursor) => write_cursor(cursor, &mut self.bytes)?,
            None => 0,
        };
        self.len = self.cursor;
        self.bytes.get_mut(self.cursor..)
    }
}

impl Rewriting {
    /// Begins anew, with the variables whose values `put` puts in, behind the item's cursor if it has one. Returns whether all of
    /// them can be written into a page.
    pub(super) fn begin(
        &mut self,
        stored: (&Checkpoint, &Progress),
        cursor: Option<&Carried>,
        put: impl FnOnce(&mut PagedValues<'_>) -> bool,
    ) -> bool {
        self.variables.clear();
        (self.written.cursor, self.written.len) = (0, 0);
        self.fill(Some(stored), cursor, put)
    }

    /// Writes the values of the next item, behind its cursor if it has one. Returns whether all of them could be written.
    #[inline]
    pub(super) fn write(
        &mut self,
        cursor: Option<&Carried>,
        put: impl FnOnce(&mut PagedValues<'_>) -> bool,
    ) -> bool {
        self.fill(None, cursor, put)
    }

    /// Writes the cursor of an item of a loop without variables. Returns whether it could be written.
    pub(super) fn write_cursor(&mut self, cursor: Option<&Carried>) -> bool {
        (self.next.cursor, self.next.len) = (0, 0);
        cursor.is_none() || self.next.begin(cursor).is_some()
    }

    #[inline]
    fn fill(
        &mut self,
        stored: Option<(&Checkpoint, &Progress)>,
        cursor: Option<&Carried>,
        put: impl FnOnce(&mut PagedValues<'_>) -> bool,
    ) -> bool {
        let Rewriting { variables, next, .. } = self;
        let Some(room) = next.begin(cursor) else { return false };
        let mut values = PagedValues { variables, at: 0, room, stored };
        let are_put = put(&mut values);
        let left = values.room.len();
        next.len = next.bytes.len() - left;
        are_put
    }

    /// Returns the values of the next item.
    #[inline]
    pub(super) fn next(&self) -> &[u8] {
        self.next.all()
    }

    /// Notes that the page holds the values of the next item, which has completed.
    #[inline]
    pub(super) fn is_written(&mut self) {
        mem::swap(&mut self.written, &mut self.next);
    }

    /// Takes the values that the page holds.
    pub(super) fn take(&mut self) -> Vec<CarriedChange> {
        let mut written = self.written.of_variables();
        let changes = self.variables.iter().map_while(|variable| {
            let (change, behind) = variable.change(written)?;
            written = behind;
            Some(change)
        });
        let changes = changes.collect();
        (self.written.cursor, self.written.len) = (0, 0);
        changes
    }
}

/// The values of one item that are being written into the page.
#[derive(Debug)]
pub struct PagedValues<'a> {
    variables: &'a mut Vec<Rewritten>,
    /// The number of values that have been put in.
    at: usize,
    room: &'a mut [u8],
    /// What is stored of the variables, and where the run is, while it is still to be found out how they are written.
    stored: Option<(&'a Checkpoint, &'a Progress)>,
}

impl PagedValues<'_> {
    /// Puts the value of a variable in, which is declared inside the first `depth` loops. Returns whether it can be written into
    /// the page.
    #[inline]
    pub fn put<T: Carry>(&mut self, name: &str, depth: usize, value: &T) -> bool {
        if self.at == self.variables.len() && !self.add::<T>(name, depth) {
            return false;
        }
        let Some(variable) = self.variables.get(self.at) else { return false };
        let Some(len) = value.rewrite(variable, self.room) else { return false };
        let Some((_, room)) = mem::take(&mut self.room).split_at_mut_checked(len) else {
            return false;
        };
        self.room = room;
        self.at += 1;
        true
    }

    #[cold]
    fn add<T: Carry>(&mut self, name: &str, depth: usize) -> bool {
        let Some((checkpoint, progress)) = self.stored else { return false };
        let stored = checkpoint.carried_value(name);
        let added = stored.and_then(|stored| T::rewritten(name, &progress.within(depth), stored));
        let is_added = added.is_some();
        self.variables.extend(added);
        is_added
    }
}
