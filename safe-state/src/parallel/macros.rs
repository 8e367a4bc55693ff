/// In a loop whose items run side by side, the value of the body's first `let`: a part of each item that runs ahead of
/// the loop, for up to as many items at once as `concurrency` or `threads` says. The rest of the body runs in order, one
/// item at a time, and may do all that a loop's body may: change what is carried, write to what is reconnected, commit.
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
/// The part uses the item and what is shared, and may use `?`, and `.await` in async functions. What the rest of the
/// body changes it can't read: that does not compile. A value that has come waits for its turn, and no more items are
/// handed out than may run at once; after a crash their parts run again. With `max_attempts` an attempt is the whole
/// item: the part, then the rest.
#[macro_export]
macro_rules! ahead {
    (@filled_in $($filled_in:tt)*) => { $($filled_in)* };
    // After an error of the attribute, which is enough.
    (@as_is $($as_is:tt)*) => { $($as_is)* };
    ($($misplaced:tt)*) => {
        compile_error!(
            "`ahead!` is the value of the first `let` in the body of a loop whose items run side by side, as with \
             `#[resumable(concurrency = 16)]` or `threads = 4`"
        )
    };
}
