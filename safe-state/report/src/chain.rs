//! The chain of an error and its causes, with their types if they are known.

use std::any::type_name;
use std::error::Error as StdError;
use std::fmt::{Arguments, Debug};

use safe_state_backends::details::Link;
use safe_state_base::error::causes;
use safe_state_base::error_type::known_type;
use safe_state_base::secrets::bounded_and_masked;

use super::panic::caught;

/// The most links of a chain, and the longest text of one, in bytes.
const LINKS: usize = 33;
const TEXT: usize = 8 * 1024;

/// Returns the links of an error, whose type is named if it is known.
pub(crate) fn links<E: StdError + ?Sized>(error: &E, error_type: Option<&str>) -> Vec<Link> {
    let outermost = link(error_type, error);
    let causes = causes(error).map(|cause| link(known_type(cause), cause));
    std::iter::once(outermost).chain(causes).take(LINKS).collect()
}

/// Returns the type's name; `None` if it is a `dyn` type.
pub(super) fn type_of<E: ?Sized>() -> Option<&'static str> {
    Some(type_name::<E>()).filter(|name| !name.starts_with("dyn "))
}

/// Returns the link of an error that is only `Debug`.
pub(crate) fn link_of_debug<E: Debug>(error: &E) -> Link {
    Link {
        error_type: Some(type_name::<E>().to_owned()),
        debug: caught(|| bounded_and_masked(TEXT, format_args!("{error:#?}"))),
    }
}

/// Returns the text of a value that holds an error and prints more than the error, as `anyhow` and `eyre` do: their
/// backtrace, and where the error was made.
pub(crate) fn holder_text(held: Arguments<'_>) -> Option<String> {
    caught(|| bounded_and_masked(TEXT, held))
}

fn link<E: StdError + ?Sized>(error_type: Option<&str>, error: &E) -> Link {
    let debug = caught(|| bounded_and_masked(TEXT, format_args!("{error:#?}")));
    // For an error that is only a text, this would repeat the message.
    let is_text = |debug: &String| debug.starts_with('"');
    Link { error_type: error_type.map(str::to_owned), debug: debug.filter(|it| !is_text(it)) }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot send")]
    struct Send(#[source] io::Error);

    #[test]
    fn each_link_has_its_type_if_that_is_known() {
        let error = Send(io::ErrorKind::ConnectionReset.into());
        let links = links(&error, Some("billing::Send"));
        let types: Vec<_> = links.iter().map(|it| it.error_type.as_deref().unwrap()).collect();
        assert_eq!(types, ["billing::Send", "std::io::error::Error"]);
        assert!(links[1].debug.as_deref().unwrap().contains("ConnectionReset"));
    }

    struct Panics;

    impl Debug for Panics {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("in Debug")
        }
    }

    impl std::fmt::Display for Panics {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("panics")
        }
    }

    impl StdError for Panics {}

    #[test]
    fn an_error_that_cannot_be_shown_stops_nothing() {
        let links = links(&Panics, None);
        assert_eq!(links, [Link { error_type: None, debug: None }]);
    }
}
