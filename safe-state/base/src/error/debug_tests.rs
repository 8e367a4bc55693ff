//! Tests of the errors' `Debug`, which `main` prints if it returns one.

use std::io;

use safe_state_backends::{CarriedError, Error as BackendError};

use super::{Error, StopReason, one_line};

#[test]
fn an_error_is_printed_as_a_sentence() {
    let stopped = Error::Stopped { job: "nightly".to_owned(), reason: StopReason::MaxRuntime };
    let text = "job `nightly` stopped at the end of its `max_runtime`, and has saved its progress; run it again to go on";
    assert_eq!(format!("{stopped:?}"), text);
    assert_eq!(format!("{stopped:#?}"), text);
}

#[test]
fn an_error_is_printed_with_its_cause_once() {
    let refused = || io::Error::from(io::ErrorKind::PermissionDenied);
    let thread = Error::Thread(refused());
    let text = "cannot start a thread, to save for an async function or to watch limits: permission denied";
    assert_eq!(format!("{thread:?}"), text);
    let backend =
        || BackendError::Io { action: "open", path: "state/job".into(), source: refused() };
    assert_eq!(format!("{:?}", backend()), "cannot open `state/job`: permission denied");
    assert_eq!(format!("{:?}", Error::from(backend())), format!("{:?}", backend()));
}

#[test]
fn all_errors_are_printed_as_one_line() {
    let carried = CarriedError::TypeChanged {
        name: "sum".to_owned(),
        stored: "u32".to_owned(),
        current: "u64",
    };
    let errors: Vec<(String, String)> = vec![
        (format!("{carried:?}"), one_line(&carried)),
        #[cfg(feature = "limits")]
        {
            let (limit, used) =
                (std::time::Duration::from_secs(1), std::time::Duration::from_secs(2));
            let exceeded =
                crate::LimitExceeded::ExecutionTimeout { limit, used, place: "here".to_owned() };
            (format!("{exceeded:?}"), one_line(&exceeded))
        },
        {
            let reconnect = crate::ReconnectError::new("it is gone");
            (format!("{reconnect:?}"), one_line(&reconnect))
        },
    ];
    for (printed, told) in errors {
        assert_eq!(printed, told);
        assert!(!printed.contains('{'), "{printed}");
    }
}
