//! Macros inside functions under `#[resumable]`, which fills them in.

/// Remembers the value of one expensive expression outside the loops of a function under
/// [`#[resumable]`](macro@crate::resumable).
///
/// `step!("name", expression)` evaluates the expression and saves its value, whose type has to be `Serialize +
/// DeserializeOwned`. A resumed run restores the value and does not evaluate the expression. The name identifies the
/// value in the checkpoint, and may be used once in a function.
///
/// ```
/// use safe_state::{resumable, step};
///
/// # fn fetch_list(_: &str) -> std::io::Result<Vec<u32>> { Ok(vec![1, 2]) }
/// # fn process(_: u32) -> std::io::Result<()> { Ok(()) }
/// #[resumable]
/// fn import(source: &str) -> std::io::Result<()> {
///     let list: Vec<u32> = step!("list", fetch_list(source)?);
///     for id in list {
///         process(id)?;
///     }
///     Ok(())
/// }
/// # let dir = tempfile::tempdir()?;
/// # std::env::set_current_dir(&dir)?;
/// # import("here")?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[macro_export]
macro_rules! step {
    (@filled_in $run:ident, $on_error:ident, [$($wait:tt)*], $remembered:ident, $remember:ident, $name:expr, $value:expr) => {
        match $run.$remembered($name)$($wait)* {
            $crate::__private::Ok($crate::__private::Some(value)) => value,
            $crate::__private::Ok($crate::__private::None) => {
                // The value may use the run.
                let value = $value;
                match $run.$remember($name, value)$($wait)* {
                    $crate::__private::Ok(value) => value,
                    $crate::__private::Err(error) => return $on_error(error),
                }
            }
            $crate::__private::Err(error) => return $on_error(error),
        }
    };
    // The attribute has reported an error already, and one error is enough.
    (@as_is $name:expr, $value:expr $(,)?) => { $value };
    ($($misplaced:tt)*) => {
        compile_error!(
            "`step!` belongs in a function under `#[resumable]`, before, between or after its resumable loops"
        )
    };
}

/// Saves the carried variables at this place, in a function under `#[resumable(manual)]`.
///
/// ```
/// use safe_state::{checkpoint, resumable};
///
/// # fn links(page: u32) -> std::io::Result<Vec<u32>> { Ok((page * 2..page * 2 + 2).filter(|p| *p < 9).collect()) }
/// #[resumable(name = "crawl", manual, carry(queue, seen))]
/// fn crawl(start: u32) -> std::io::Result<usize> {
///     let mut queue = vec![start];
///     let mut seen: Vec<u32> = Vec::new();
///     while let Some(page) = queue.pop() {
///         seen.push(page);
///         queue.extend(links(page)?);
///         checkpoint!();
///     }
///     Ok(seen.len())
/// }
/// # let dir = tempfile::tempdir()?;
/// # std::env::set_current_dir(&dir)?;
/// # assert_eq!(crawl(1)?, 8);
/// # Ok::<(), std::io::Error>(())
/// ```
#[macro_export]
macro_rules! checkpoint {
    (@filled_in $($filled_in:tt)*) => { $($filled_in)* };
    (@as_is) => { () };
    ($($misplaced:tt)*) => {
        compile_error!("`checkpoint!()` belongs in a function under `#[resumable(manual)]`")
    };
}

/// Returns the cursor of the last complete item, in a function under `#[resumable(cursor = ..)]`, so that the input can
/// go on behind it. Returns `None` on a fresh start.
///
/// The macro is used before the loop, in its head, or in the condition of a `while let`. Its type is the type of the
/// value of `cursor`. In a resumed run, no items are passed over one by one.
///
/// ```
/// use safe_state::{cursor, resumable};
///
/// # struct Row { id: i64 }
/// # fn rows_after(id: i64) -> impl Iterator<Item = Row> { (id + 1..9).map(|id| Row { id }) }
/// # fn send(_: &Row) -> std::io::Result<()> { Ok(()) }
/// #[resumable(name = "export", cursor = |row| row.id)]
/// fn export() -> std::io::Result<()> {
///     let after = cursor!().unwrap_or(0);
///     for row in rows_after(after) { // WHERE id > ? ORDER BY id
///         send(&row)?;
///     }
///     Ok(())
/// }
/// # let dir = tempfile::tempdir()?;
/// # std::env::set_current_dir(&dir)?;
/// # export()?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[macro_export]
macro_rules! cursor {
    (@filled_in $($filled_in:tt)*) => { $($filled_in)* };
    (@as_is) => { $crate::__private::None };
    ($($misplaced:tt)*) => {
        compile_error!(
            "`cursor!()` belongs in a function under `#[resumable(cursor = ..)]`, before or in the head of its loop; from inside a closure or another macro's arguments, move it to a `let` before"
        )
    };
}
