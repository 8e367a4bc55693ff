//! Turns the plan into generated code, which only calls the runtime and has no logic of its own.
//!
//! Input:
//!
//! ```text
//! #[resumable(name = "orders")]
//! fn total(orders: Vec<Order>, rate: Rate) -> Result<u64> {
//!     for order in orders { ship(order, &rate)? }
//!     Ok(1)
//! }
//! ```
//!
//! Output, in which the user's statements are whole but for the loop's head:
//!
//! ```text
//! fn total(orders: Vec<Order>, rate: Rate) -> Result<u64> {
//!     let job = job_of::<job_of_total>().argument("rate", argument_fingerprint!(&rate));
//!     let (on_error, failing) = returns!(Result<u64>); // how an error is returned, and how one is recognised
//!     return run(&job, on_error, failing, move |run, handed| -> Result<u64> {
//!         let _ = &rate;
//!         let _ = &orders;
//!         the loop, see `lower_loop`
//!         Ok(1)
//!     });
//! }
//! type total = Companion<job_of_total>; // the companion, with `peek_checkpoint` and the like
//! ```
//!
//! An async function has an `async move` block in place of the closure. In a function that returns a future, all of
//! this stands inside that future.

pub(crate) mod ahead;
pub(crate) mod arguments;
pub(crate) mod belonging;
pub(crate) mod by_hand;
pub(crate) mod carry;
pub(crate) mod commits;
pub(crate) mod companion;
pub(crate) mod control_flow;
pub(crate) mod cursors;
pub(crate) mod feeds;
pub(crate) mod fingerprint;
pub(crate) mod function;
pub(crate) mod items;
pub(crate) mod job;
pub(crate) mod kept_values;
pub(crate) mod lending;
pub(crate) mod lower_loop;
pub(crate) mod lowered;
pub(crate) mod migrations;
pub(crate) mod policy;
pub(crate) mod proof;
pub(crate) mod restore;
pub(crate) mod returns;
pub(crate) mod rows;
pub(crate) mod run;
pub(crate) mod save_points;
pub(crate) mod side_by_side;
pub(crate) mod slices;
pub(crate) mod steps;
pub(crate) mod try_operators;
pub(crate) mod undo;
pub(crate) mod written;
