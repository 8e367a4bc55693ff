//! HTTP clients, built again by a registered opener.

use reqwest::Client;
use safe_state_base::ReconnectError;

use super::handle::Reconnect;

/// Implements `Reconnect` for one type of client.
macro_rules! reconnect_client {
    ($client:ty) => {
        /// Needs a [`register_opener`](super::register_opener), as a client does not tell its settings, or whether it
        /// has any. A client that the loop does not change needs none of this: `let client = ..` without `mut` runs in
        /// each run.
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
