//! HTTP clients: built again by what is registered.

use reqwest::Client;
use safe_state_base::ReconnectError;

use super::handle::Reconnect;

/// Rebuilds one kind of client.
macro_rules! reconnect_client {
    ($client:ty) => {
        /// By [`register_opener`](super::register_opener): a client does not tell its settings, and one
        /// with settings can't be told from one without. A client that the loop does not change needs
        /// none of this: `let client = ..` without `mut` runs in each run.
        impl Reconnect for $client {
            type Meta = ();

            fn extract(&mut self) -> Result<(), ReconnectError> {
                Ok(())
            }

            fn reconnect((): ()) -> Result<Self, ReconnectError> {
                Err(ReconnectError::no_opener::<Self>())
            }

            fn needs_opener((): &()) -> bool {
                true
            }
        }
    };
}

reconnect_client!(Client);
#[cfg(feature = "reqwest-blocking")]
reconnect_client!(reqwest::blocking::Client);
