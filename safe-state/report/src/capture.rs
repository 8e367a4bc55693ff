//! A report is made: all that is known of a failure is put together.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt::{Arguments, Debug};

use safe_state_backends::details::{Details, Frame, Link, Place};
use safe_state_backends::{Failure, FailureKind, format};
use safe_state_base::error::{causes, message, panic_message};

use super::panic::{self, Panicked};
use super::stack::{self, Addresses};
use super::{Report, Settings, active_spans, chain, context, source};

/// What an error says of itself, which is gone once it has left the function.
#[derive(Debug, Default)]
pub struct ErrorDetails {
    links: Vec<Link>,
    /// What only a panic has.
    panicked: Option<Panicked>,
    /// The calls that it is to be told with, if not those by then.
    calls: Option<Addresses>,
}

impl ErrorDetails {
    /// What the hook was told of this thread's last panic.
    pub fn of_panic() -> Self {
        ErrorDetails { panicked: panic::take(), ..ErrorDetails::default() }
    }

    /// Lets what the hook was told be found once more.
    pub fn put_back(self) {
        if let Some(panicked) = self.panicked {
            panic::put_back(panicked);
        }
    }

    /// Of an error of that type, if it is known.
    pub fn of_error<E: StdError + ?Sized>(error: &E, error_type: Option<&str>) -> Self {
        ErrorDetails { links: chain::links(error, error_type), ..ErrorDetails::default() }
    }

    /// Of the error in what prints like this for programmers.
    pub fn of_holder(error: &(dyn StdError + '_), printed: Arguments<'_>) -> Self {
        let mut links = chain::links(error, None);
        if let Some(outermost) = links.first_mut() {
            outermost.debug = chain::holder_text(printed);
        }
        ErrorDetails { links, ..ErrorDetails::default() }
    }

    /// Of what prints for programmers alone.
    pub fn of_debug<E: Debug>(error: &E) -> Self {
        ErrorDetails { links: vec![chain::link_of_debug(error)], ..ErrorDetails::default() }
    }

    /// Sets the type of the error that is held.
    pub fn held_as(&mut self, error_type: &str) {
        if let Some(outermost) = self.links.first_mut() {
            outermost.error_type = Some(error_type.to_owned());
        }
    }

    /// Of a panic, where it was.
    pub fn place(&self) -> Option<String> {
        self.panicked_at().map(ToString::to_string)
    }

    /// The backtrace that the error has taken itself, which began nearer to what failed: out of what it
    /// prints, where it would be there twice.
    fn printed_frames(&mut self) -> Option<Vec<Frame>> {
        let debug = self.links.first_mut()?.debug.as_mut()?;
        let (text, frames) = stack::printed(debug)?;
        *debug = text.to_owned();
        Some(frames)
    }

    fn panicked_at(&self) -> Option<&Place> {
        self.panicked.as_ref().and_then(|it| it.place.as_ref())
    }

    /// Notes the calls under way, if there are none yet.
    fn note_calls(&mut self) -> &Addresses {
        self.calls.get_or_insert_with(Addresses::here)
    }

    /// Notes the calls under way, and returns what looks their functions up: that takes long for the first time, and they
    /// are remembered.
    pub fn look_up_calls(&mut self) -> impl FnOnce() + Send + use<> {
        let calls = self.note_calls().clone();
        move || drop(calls.frames())
    }

    /// Adds what is known of the way and the process to what is known of the error and the values.
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

/// What is known of an error: its messages and types, the stack and the source of the calls on it, the
/// process. What cannot be shown is left out; nothing stops the capture, and nothing of it is without
/// end. An error that is in a box, an `anyhow::Error` or an `eyre::Report` is given by `&*error`.
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

/// What is known of a panic on this thread, from its payload, as `catch_unwind` gives it. Where it was
/// only [`install_panic_hook`](super::install_panic_hook) is told.
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
