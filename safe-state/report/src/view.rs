//! The parts of a report that are shown, whatever the form.

use std::path::Path;

use safe_state_backends::Failure;
use safe_state_backends::details::{Details, Excerpt, Frame, Link, Origin, Place, Step};
use safe_state_base::secrets::masked_value;

use super::Report;

/// A report that is to be shown.
pub(super) struct View<'a> {
    pub(super) job: Option<&'a str>,
    pub(super) failure: &'a Failure,
    pub(super) details: &'a Details,
}

/// Returns the excerpt of the source that contains the place.
pub(super) fn excerpt_of<'a>(details: &'a Details, place: &Place) -> Option<&'a Excerpt> {
    let has = |excerpt: &&Excerpt| {
        let at = place.line.checked_sub(excerpt.first).and_then(|at| usize::try_from(at).ok());
        excerpt.file == place.file && at.is_some_and(|at| at < excerpt.lines.len())
    };
    details.excerpts.iter().find(has)
}

/// Returns the heading of values of this origin.
pub(super) fn origin_name(origin: Origin) -> &'static str {
    match origin {
        Origin::Item => "item",
        Origin::Argument => "arguments",
        Origin::Carried => "carried, as the next run restores it",
        _ => "values",
    }
}

impl<'a> View<'a> {
    pub(super) fn of(report: &'a Report, details: &'a Details) -> Self {
        View { job: report.job(), failure: report.failure(), details }
    }

    pub(super) fn message(&self) -> &'a str {
        self.failure.message()
    }

    pub(super) fn steps(&self) -> &'a [Step] {
        &self.details.trail
    }

    /// Returns the place of the failure, taken from its location.
    pub(super) fn place(&self) -> Option<Place> {
        let (rest, column) = self.failure.location()?.rsplit_once(':')?;
        let (file, line) = rest.rsplit_once(':')?;
        Some(Place {
            file: file.to_owned(),
            line: line.parse().ok()?,
            column: column.parse().ok()?,
        })
    }

    pub(super) fn place_label(&self) -> &'static str {
        match self.failure.kind() {
            safe_state_backends::FailureKind::Panic => "panicked here",
            _ => "in this loop",
        }
    }

    /// Returns the causes, each with its link, which has its type and its `Debug` text.
    pub(super) fn causes(&self) -> impl Iterator<Item = (&'a str, Option<&'a Link>)> {
        let causes = self.failure.causes().iter().enumerate();
        causes.map(|(at, cause)| (cause.as_str(), self.details.links.get(at + 1)))
    }

    /// Returns the calls in the program's own code, with their places; leaves out the one at the failure's own place.
    pub(super) fn calls(&self) -> impl Iterator<Item = (&'a Frame, &'a Place)> {
        let shown = self.place();
        let own = self.details.frames.iter().filter(|frame| frame.is_own);
        let calls = own.filter_map(|frame| Some((frame, frame.place.as_ref()?)));
        calls.filter(move |(_, place)| {
            let is_shown = |shown: &Place| {
                shown.line == place.line && Path::new(&place.file).ends_with(&shown.file)
            };
            !shown.as_ref().is_some_and(is_shown) && !self.is_generated(place)
        })
    }

    /// Returns whether the place is an attribute, so that the call is in generated code.
    pub(super) fn is_generated(&self, place: &Place) -> bool {
        let line = excerpt_of(self.details, place).and_then(|excerpt| {
            excerpt.lines.get(usize::try_from(place.line - excerpt.first).ok()?)
        });
        line.is_some_and(|line| line.trim_start().starts_with("#["))
    }

    /// Returns the facts about the job: its name, the item, the place and the time.
    pub(super) fn job_facts(&self) -> Vec<(String, String)> {
        let fact = |name: &str, value: String| Some((name.to_owned(), value));
        let facts = [
            self.job.and_then(|job| fact("name", job.to_owned())),
            self.failure.index().and_then(|index| fact("item", index.to_string())),
            self.failure.location().and_then(|place| fact("at", place.to_owned())),
            fact("time", super::readable(self.failure.at())),
        ];
        facts.into_iter().flatten().collect()
    }

    pub(super) fn captured(&self) -> Vec<(String, String)> {
        let captured = self.failure.captured().iter();
        captured.map(|it| (it.name.clone(), masked_value(&it.name, &it.value))).collect()
    }

    pub(super) fn process(&self) -> Vec<(String, String)> {
        let facts = self.details.context.iter();
        facts.map(|fact| (fact.name.clone(), fact.value.clone())).collect()
    }

    /// Returns the `Debug` texts of the error and its causes, with the names of their types.
    pub(super) fn debug_texts(&self) -> Vec<(String, String)> {
        let links = self.details.links.iter().enumerate();
        let named = |(at, link): (usize, &Link)| {
            let name = link.error_type.clone().unwrap_or_else(|| format!("error {at}"));
            Some((name, link.debug.clone()?))
        };
        links.filter_map(named).collect()
    }
}
