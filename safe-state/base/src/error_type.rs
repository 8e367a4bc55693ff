//! The types of errors behind references, as far as they can be determined.

use std::any::type_name;
use std::error::Error as StdError;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::bounded::bounded;

/// Returns whether `name` is the name of a type that holds errors of any type.
pub fn is_holder(name: &str) -> bool {
    ["anyhow::Error", "eyre::Report"].iter().any(|holder| name.ends_with(holder))
        || name.contains("Box<dyn ")
}

/// Returns the type of the error, or of the error that it is only a context of.
pub fn held_type(error: &(dyn StdError + 'static)) -> Option<&'static str> {
    let mut error = error;
    loop {
        if let Some(known) = known_type(error) {
            return Some(known);
        }
        error = if is_context(error) { error.source()? } else { return None };
    }
}

/// Returns whether the error is a context that `anyhow` or `eyre` has put around another error. The type of a context is
/// private to these crates, so its `Debug` text is compared.
fn is_context(error: &(dyn StdError + 'static)) -> bool {
    const CONTEXT: &str = "Error { context: ";
    catch_unwind(AssertUnwindSafe(|| bounded(CONTEXT.len(), format_args!("{error:?}"))))
        .is_ok_and(|it| it.starts_with(CONTEXT))
}

/// Returns the type of the error, if it is one of a list of types.
pub fn known_type(error: &(dyn StdError + 'static)) -> Option<&'static str> {
    macro_rules! one_of {
        ($($(#[$condition:meta])* $ty:ty;)*) => {{
            $(
                $(#[$condition])*
                {
                    if error.is::<$ty>() {
                        return Some(type_name::<$ty>());
                    }
                }
            )*
            None
        }};
    }
    one_of! {
        io::Error;
        std::fmt::Error;
        std::num::ParseIntError;
        std::num::ParseFloatError;
        std::num::TryFromIntError;
        std::array::TryFromSliceError;
        std::str::Utf8Error;
        std::string::FromUtf8Error;
        std::str::ParseBoolError;
        std::char::ParseCharError;
        std::net::AddrParseError;
        std::env::VarError;
        std::env::JoinPathsError;
        std::ffi::NulError;
        std::path::StripPrefixError;
        std::time::SystemTimeError;
        std::sync::mpsc::RecvError;
        std::sync::mpsc::RecvTimeoutError;
        postcard::Error;
        #[cfg(feature = "json")]
        serde_json::Error;
        #[cfg(feature = "postgres")]
        postgres::Error;
        #[cfg(feature = "mysql")]
        mysql::Error;
        #[cfg(feature = "mysql")]
        safe_state_servers::mysql_async::Error;
        #[cfg(feature = "redis")]
        redis::RedisError;
        #[cfg(feature = "rusqlite")]
        rusqlite::Error;
        #[cfg(feature = "reqwest")]
        reqwest::Error;
        crate::Error;
        safe_state_backends::Error;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot send")]
    struct Send(#[source] io::Error);

    #[test]
    fn a_context_is_looked_behind() {
        let lost = || io::Error::other("lost");
        let io = type_name::<io::Error>();
        let held = |error: anyhow::Error| held_type(error.as_ref());
        assert_eq!(held(anyhow::Error::new(lost())), Some(io));
        assert_eq!(held(anyhow::Error::new(lost()).context("at 3").context("again")), Some(io));
        let parse = anyhow::Error::new("x".parse::<u8>().unwrap_err()).context(7);
        assert_eq!(held(parse), Some(type_name::<std::num::ParseIntError>()));
        // The type of any other error is unknown, except for its cause.
        assert_eq!(held(anyhow::Error::new(Send(lost())).context("at 3")), None);
        assert_eq!(held(anyhow::anyhow!("text")), None);
    }
}
