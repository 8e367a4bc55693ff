//! The backends of [`safe-state`](https://docs.rs/safe-state) on servers: PostgreSQL, MySQL, Redis and object stores; and
//! [`network`], which is what they share, for a backend of one's own on a server.
//!
//! A program depends on `safe-state`, which re-exports what it needs from here.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(missing_docs)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

#[cfg(feature = "mysql")]
mod mysql;
pub mod network;
#[cfg(feature = "object-store")]
mod object_store;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;

#[cfg(feature = "object-store")]
pub use self::object_store::{ObjectStoreBackend, Objects};
#[cfg(feature = "redis")]
pub use self::redis::{Redis, RedisBackend};
#[cfg(feature = "redis")]
pub use ::redis as redis_driver;
#[cfg(feature = "mysql")]
pub use mysql::{MySql, MySqlBackend};
#[cfg(feature = "mysql")]
pub use mysql_async;
#[cfg(feature = "postgres")]
pub use postgres::{Postgres, PostgresBackend};
#[cfg(feature = "postgres")]
pub use tokio_postgres;
