//! From the plan to generated code: calls into the runtime, and no logic of their own.
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
//! Output, the user's block whole but for the loop's head:
//!
//! ```text
//! fn total(orders: Vec<Order>, rate: Rate) -> Result<u64> {
//!     let job = Job::new("orders");
//!     let on_error = on_error!(Result<u64>);
//!     let mut run = match Run::open(&job) { Ok(run) => run, Err(error) => return on_error(error) };
//!     let outcome = {
//!         let run = &mut run;
//!         call_in(&run.spans(), move || -> Result<u64> {
//!             let _ = &rate;
//!             let _ = &orders;
//!             match () { () => {
//!                 the loop, see `lower_loop`
//!                 Ok(1)
//!             } }
//!         })
//!     };
//!     let failing = failing!(&outcome);
//!     return run.finish(outcome, failing, on_error);
//! }
//! struct total {} // the companion, with peek_checkpoint and the like
//! ```
//!
//! An async function has an `async move` block in the closure's place. In a function that returns
//! a future, all of it stands inside that future.

pub(crate) mod ahead;
pub(crate) mod arguments;
pub(crate) mod belonging;
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
pub(crate) mod run;
pub(crate) mod save_points;
pub(crate) mod side_by_side;
pub(crate) mod slices;
pub(crate) mod steps;
pub(crate) mod try_operators;
pub(crate) mod undo;
