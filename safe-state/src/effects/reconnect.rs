//! Live handles that are opened again on resume: files and connections.

pub(crate) mod file;
mod handle;
pub(crate) mod means;
mod net;
mod opener;
pub(crate) mod outputs;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
mod registry;
#[cfg(feature = "reqwest")]
mod reqwest;
#[cfg(feature = "rusqlite")]
mod rusqlite;
pub(crate) mod seal;

pub use safe_state_base::ReconnectError;
pub(crate) use safe_state_base::When;

pub use file::FileMeta;
pub use handle::Reconnect;
pub use opener::register_opener;
pub use registry::{ReconnectRegistry, register_reconnector, register_sync};

#[cfg(feature = "postgres")]
pub use self::postgres::PostgresMeta;
#[cfg(feature = "redis")]
pub use self::redis::RedisMeta;
#[cfg(feature = "rusqlite")]
pub use self::rusqlite::SqliteMeta;
