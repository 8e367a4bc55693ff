//! The counter of a loop's items: what the items need from the run.

use safe_state_backends::Carry;

use crate::Error;
use crate::items::entry::WrongInput;
use crate::items::key::KeyHash;

/// Counts the items that a loop hands out, and tells the run.
pub trait Counter {
    /// Hands out an item. Returns whether its fingerprint is wanted.
    fn hand_out(&mut self) -> bool;

    /// Notes the fingerprint of the item handed out.
    fn mark(&mut self, fingerprint: Option<u32>);

    /// Hands out an item that is known by its key. Returns whether its body is to run.
    ///
    /// # Errors
    ///
    /// The stored keys were made in another way.
    fn hand_out_by_key(&mut self, key: KeyHash) -> Result<bool, Error>;

    /// Hands out an item that is known by its cursor.
    ///
    /// # Errors
    ///
    /// The cursor can't be serialised, or names no item.
    fn hand_out_by_cursor<C: Carry>(&mut self, cursor: &C) -> Result<(), Error>;

    /// Passes over `count` complete items, which stand after some that are not complete.
    fn pass_over(&mut self, count: u64);

    /// Notes that the input has ended.
    fn exhausted(&mut self);

    /// Completes the item in flight, if there is one. Returns whether a save is due.
    fn complete(&mut self) -> bool;

    /// Saves if that is due, and applies a request to the run, unless the input has ended.
    ///
    /// # Errors
    ///
    /// The run cannot be saved, or is to stop.
    fn pass_boundary(&mut self, has_ended: bool) -> Result<(), Error>;

    /// Keeps the error why the loop gives no more items. The code after the loop returns it.
    fn refuse(&mut self, error: Error);

    /// Returns whether the run goes on with an input that differs from the stored one.
    fn accepts_another_input(&self) -> bool;

    /// Takes in that the input has only so many items, which is accepted: from now on it is the job's.
    ///
    /// # Errors
    ///
    /// That can't be saved.
    fn shrank(&mut self, total: u64) -> Result<(), Error>;

    /// Returns the error of an item whose key can't be serialised.
    fn key_not_serializable(&mut self, reason: String) -> Error;

    /// Returns the error of an item that holds an address, and so is not the same in another process.
    fn not_compared(&mut self) -> Error;

    /// Returns the error of an item that can't be serialised to be compared, if it is the loop's first item.
    fn not_serialized(&mut self) -> Option<Error>;

    /// Returns the error of an input that is not the one that the checkpoint was made with.
    fn wrong_input(&mut self, completed: u64, wrong: WrongInput) -> Error;
}
