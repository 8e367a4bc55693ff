//! What the items of a loop are counted by, beside the run.

use safe_state_backends::Carry;

use crate::Error;
use crate::items::entry::WrongInput;
use crate::items::key::KeyHash;

/// Counts the items that a loop hands out.
pub trait Counter {
    /// Hands out an item. Returns whether its fingerprint is wanted.
    fn hand_out(&mut self) -> bool;

    /// Takes the fingerprint of the item handed out.
    fn mark(&mut self, fingerprint: Option<u32>);

    /// Hands out an item that is known by its key. Returns whether it is to be done.
    ///
    /// # Errors
    ///
    /// The stored keys were made otherwise.
    fn hand_out_by_key(&mut self, key: KeyHash) -> Result<bool, Error>;

    /// Hands out an item that is known by its cursor.
    ///
    /// # Errors
    ///
    /// The cursor can't be serialised, or names no item.
    fn hand_out_by_cursor<C: Carry>(&mut self, cursor: &C) -> Result<(), Error>;

    /// Passes over so many items that are complete, behind others that are not.
    fn pass_over(&mut self, count: u64);

    /// Ends the input.
    fn exhausted(&mut self);

    /// Completes the item in flight, if there is one. Returns whether a save is due.
    fn complete(&mut self) -> bool;

    /// Saves if that is due, and applies what is asked of the run, unless the input has ended.
    ///
    /// # Errors
    ///
    /// The run cannot be saved, or is to stop.
    fn pass_boundary(&mut self, has_ended: bool) -> Result<(), Error>;

    /// Keeps why the loop gives no more items, for where it has been left.
    fn refuse(&mut self, error: Error);

    /// Returns whether the run goes on with another input.
    fn accepts_another_input(&self) -> bool;

    /// Takes in that the input has only so many items, which is accepted: from now on it is the job's.
    ///
    /// # Errors
    ///
    /// That can't be saved.
    fn shrank(&mut self, total: u64) -> Result<(), Error>;

    /// Returns the error of an item whose key can't be serialised.
    fn key_not_serializable(&mut self, reason: String) -> Error;

    /// Returns the error of an item that was handed out, and is not the same in another process.
    fn not_compared(&mut self) -> Error;

    /// Returns the error of an item that was handed out, and can't be serialised to be compared, if it is the loop's first.
    fn not_serialized(&mut self) -> Option<Error>;

    /// Returns the error of an input that is not the one that the checkpoint saw.
    fn wrong_input(&mut self, completed: u64, wrong: WrongInput) -> Error;
}
