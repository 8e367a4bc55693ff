//! Makes a report: collects all that is known about a failure.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt::{Arguments, Debug};

use safe_state_backends::details::{Details, Frame, Link, Place};
use safe_state_backends::{Failure, FailureKind, format};
use safe_state_base::error::{causes, message, panic_message};

use super::panic::{self, Panicked};
use super::stack::{self, Addresses};
use super::{Report, Settings, active_spans, chain, context, source};

/// The details of an error that have to be taken before it leaves the function.
#[derive(Debug, Default)]
pub struct ErrorDetails {
    links: Vec<Link>,
    /// The details that only a panic has.
    panicked: Option<Panicked>,
    /// The calls under way, if they were noted earlier than the report is made.
    calls: Option<Addresses>,
}

impl ErrorDetails {
    /// Takes the details of this thread's last panic, as the hook noted them.
    pub fn of_panic() -> Self {
        ErrorDetails { panicked: panic::take(), ..ErrorDetails::default() }
    }

    /// Gives the panic's details back to this thread, so that they can be taken again.
    pub fn put_back(self) {
        if let Some(panicked) = self.panicked {
            panic::put_back(panicked);
        }
    }

    /// Takes the details of an error, whose type is named if it is known.
    pub fn of_error<E: StdError + ?Sized>(error: &E, error_type: Option<&str>) -> Self {
        ErrorDetails { links: chain::links(error, error_type), ..ErrorDetails::default() }
    }

    /// Takes the details of an error held by a value whose `Debug` form is `printed`.
    pub fn of_holder(error: &(dyn StdError + '_), printed: Arguments<'_>) -> Self {
        let mut links = chain::links(error, None);
        if let Some(outermost) = links.first_mut() {
            outermost.debug = chain::holder_text(printed);
        }
        ErrorDetails { links, ..ErrorDetails::default() }
    }

    /// Takes the details of an error that is only `Debug`.
    pub fn of_debug<E: Debug>(error: &E) -> Self {
        ErrorDetails { links: vec![chain::link_of_debug(error)], ..ErrorDetails::default() }
    }

    /// Sets the type of the error that is held.
    pub fn held_as(&mut self, error_type: &str) {
        if let Some(outermost) = self.links.first_mut() {
            outermost.error_type = Some(error_type.to_owned());
        }
    }

    /// Returns the place of a panic; none for an error.
    pub fn place(&self) -> Option<String> {
        self.panicked_at().map(ToString::to_string)
    }

    /// Returns the backtrace that the error itself took, which began nearer to the failure. Removes it from the error's
    /// text, where it would appear a second time.
    fn printed_frames(&mut self) -> Option<Vec<Frame>> {
        let debug = self.links.first_mut()?.debug.as_mut()?;
        let (text, frames) = stack::printed(debug)?;
        *debug = text.to_owned();
        Some(frames)
    }

    fn panicked_at(&self) -> Option<&Place> {
        self.panicked.as_ref().and_then(|it| it.place.as_ref())
    }

    /// Notes the calls under way, unless they are noted already.
    fn note_calls(&mut self) -> &Addresses {
        self.calls.get_or_insert_with(Addresses::here)
    }

    /// Notes the calls under way, and returns a function that looks up their names. That takes long the first time, and
    /// is remembered.
    pub fn look_up_calls(&mut self) -> impl FnOnce() + Send + use<> {
        let calls = self.note_calls().clone();
        move || drop(calls.frames())
    }

    /// Completes the details of the `?` and the values by those of the stack, the error, the source and the process.
    pub fn complete(&mut self, mut details: Details) -> Details {
        details.frames = match &self.panicked {
            Some(panicked) => panicked.stack.frames(),
            None => self.printed_frames().unwrap_or_else(|| self.note_calls().frames()),
        };
        details.links = std::mem::take(&mut self.links);
        if let Some(panicked) = &mut self.panicked {
            details.spans = std::mem::take(&mut panicked.spans);
        } else if details.spans.is_empty() {
            details.spans = active_spans();
        }
        if Settings::current().include_source {
            details.excerpts = source::excerpts(&details, self.panicked_at());
        }
        details.context = context::facts();
        details
    }
}

/// Captures what is known about an error: its messages and types, the calls under way with their source, and the
/// process. Parts that can't be shown are left out; nothing stops the capture, and every part is limited in size. Pass
/// an error in a box, an `anyhow::Error` or an `eyre::Report` as `&*error`.
///
/// ```
/// let error = "x".parse::<u8>().unwrap_err();
/// let report = safe_state::report::capture(&error);
/// assert_eq!(report.failure().message(), "invalid digit found in string");
///
/// let anyhow = anyhow::Error::new(error).context("cannot read the order");
/// let report = safe_state::report::capture(&*anyhow);
/// assert_eq!(report.failure().causes(), ["invalid digit found in string"]);
/// ```
pub fn capture<E: StdError + ?Sized>(error: &E) -> Report {
    let error_type = chain::type_of::<E>();
    let named = error_type.unwrap_or("an error");
    let failure = Failure::new(FailureKind::Error, named, message(format_args!("{error}")))
        .with_causes(causes(error).map(|cause| message(format_args!("{cause}"))));
    let mut known = ErrorDetails::of_error(error, error_type);
    let failure = failure.with_details(known.complete(Details::default()));
    Report(format::Report { job: None, failure })
}

/// Captures what is known about a panic on this thread, from its payload, as `catch_unwind` returns it. The place is
/// known only if [`install_panic_hook`](super::install_panic_hook) was called.
pub fn capture_panic(payload: &(dyn Any + Send)) -> Report {
    let mut known = ErrorDetails::of_panic();
    let failure = Failure::new(FailureKind::Panic, "panic", panic_message(payload));
    let failure = match known.place() {
        Some(place) => failure.with_location(place),
        None => failure,
    };
    let failure = failure.with_details(known.complete(Details::default()));
    Report(format::Report { job: None, failure })
}
