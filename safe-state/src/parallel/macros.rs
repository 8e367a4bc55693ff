/// Runs a part of each item ahead of a loop whose items run side by side. The macro is the value of the body's first
/// `let`. The part runs for as many items at once as `concurrency` or `threads` says. The rest of the body runs in
/// order, one item at a time, and may do all that the body of a plain loop may: change what is carried, write to what
/// is reconnected, commit.
///
/// ```
/// use safe_state::{ahead, resumable};
///
/// #[resumable(name = "lengths", state_dir = dir, threads = 4, carry(total))]
/// fn lengths(dir: &std::path::Path, words: &[&str]) -> usize {
///     let mut total = 0;
///     for word in words {
///         let len = ahead!(word.trim().len()); // four at once, ahead of the loop
///         total += len; // in order
///     }
///     total
/// }
/// # let dir = tempfile::tempdir().unwrap();
/// assert_eq!(lengths(dir.path(), &["one ", " three"]), 8);
/// ```
///
/// The part uses the item and shared values, and may use `?`, and `.await` in async functions. It cannot read what the
/// rest of the body changes: that does not compile. The value of a part waits for its item's turn, and no more items
/// are handed out than may run at once. After a crash, the parts of these items run again. With `max_attempts`, an
/// attempt is the whole item: the part, then the rest.
#[macro_export]
macro_rules! ahead {
    (@filled_in $($filled_in:tt)*) => { $($filled_in)* };
    // The attribute has reported an error already, and one error is enough.
    (@as_is $($as_is:tt)*) => { $($as_is)* };
    ($($misplaced:tt)*) => {
        compile_error!(
            "`ahead!` is the value of the first `let` in the body of a loop whose items run side by side, as with \
             `#[resumable(concurrency = 16)]` or `threads = 4`"
        )
    };
}
