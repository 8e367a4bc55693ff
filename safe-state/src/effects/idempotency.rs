//! Effects that happen once: a cache of the effects that are done, each known by a key.
//!
//! ```
//! use safe_state::idempotency::{IdempotencyCache, NotDone, Effect};
//!
//! # fn charge(_: u32) -> Result<String, std::io::Error> { Ok("receipt".to_owned()) }
//! # fn bank_knows(_: u32) -> bool { false }
//! let charges = IdempotencyCache::open("memory:", "charges")?;
//! for order in [1, 2, 1] {
//!     match charges.try_once(&order, || charge(order))? {
//!         Effect::Now(receipt) | Effect::Before(receipt) => println!("{receipt}"),
//!         Effect::Marked => println!("settled by hand"),
//!         // Begun by a run that did not live to see its end.
//!         Effect::InDoubt { .. } if !bank_knows(order) => charges.settle(&order, NotDone)?,
//!         Effect::InDoubt { since } => println!("ask the bank about {order}, of {since:?}"),
//!     }
//! }
//! assert_eq!(charges.len(), 2);
//! # Ok::<(), safe_state::idempotency::IdempotencyError>(())
//! ```

mod cache;
mod effect;
mod error;
mod key_locks;
mod options;
mod settlement;
mod shared;

pub use cache::IdempotencyCache;
pub use effect::Effect;
pub use error::IdempotencyError;
pub use options::CacheOptions;
pub use settlement::{Done, NotDone, Settlement};
