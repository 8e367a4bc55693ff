//! A window of the list of jobs: the part that a page shows.

use std::collections::BTreeMap;
use std::sync::Arc;

use safe_state_base::status::State;
use safe_state_base::status::row::Row;
use serde::{Deserialize, Serialize, Serializer};

use crate::jobs::{Inner, Jobs};
use crate::known::{Known, Listed};

const MOST: usize = 200;

/// The part of the list that a page asks for.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub(crate) struct Which {
    offset: usize,
    limit: usize,
    /// A text that the names contain, in upper or lower case.
    q: String,
    /// The state of the jobs; an empty text stands for all states.
    state: String,
    sort: Sort,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Sort {
    #[default]
    Name,
    /// The job that was saved last comes first.
    Updated,
    /// Running jobs come first, then failed ones.
    State,
}

/// The part of the list that is shown.
#[derive(Serialize)]
pub(crate) struct Window {
    #[serde(flatten)]
    pub(crate) counts: Counts,
    #[serde(serialize_with = "each")]
    pub(crate) jobs: Vec<Arc<Listed>>,
    #[serde(skip)]
    pub(crate) names: Vec<String>,
    #[serde(skip)]
    pub(crate) changes: Vec<u64>,
}

/// The numbers of jobs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    /// The number of all jobs, and in `found` of those that are asked for.
    total: usize,
    found: usize,
    /// The number of jobs that have not been read yet.
    unread: usize,
    /// The numbers of jobs by their states.
    states: BTreeMap<&'static str, usize>,
    /// The reason why the jobs cannot be listed, if they cannot.
    trouble: Option<String>,
}

impl Default for Which {
    fn default() -> Self {
        let (q, state, sort) = Default::default();
        Which { offset: 0, limit: 50, q, state, sort }
    }
}

impl Which {
    /// Returns the part as it is known now. With `reads`, jobs in the part that may have changed are read first.
    pub(crate) fn of(&self, jobs: &Jobs, reads: bool) -> Window {
        if reads {
            let names: Vec<String> =
                self.part(&jobs.inner()).0.into_iter().map(|(job, _)| job.clone()).collect();
            jobs.refresh_all(&names);
        }
        let inner = jobs.inner();
        let (mut shown, found) = self.part(&inner);
        shown.retain(|(_, it)| it.listed.is_some());
        let is_there = |(_, count): &(&&'static str, &usize)| **count > 0;
        let states = inner.states.iter().filter(is_there).map(|(state, count)| (*state, *count));
        Window {
            counts: Counts {
                total: inner.known.len(),
                found,
                unread: inner.unread_count(),
                states: states.collect(),
                trouble: inner.trouble.clone(),
            },
            jobs: shown.iter().filter_map(|(_, it)| it.listed.clone()).collect(),
            names: shown.iter().map(|(job, _)| (*job).clone()).collect(),
            changes: shown.iter().map(|(_, it)| it.changed).collect(),
        }
    }

    /// Returns the jobs of the part, and the number of all jobs that are asked for.
    fn part<'a>(&self, inner: &'a Inner) -> (Vec<(&'a String, &'a Known)>, usize) {
        let (from, most) = (self.offset, self.limit.min(MOST));
        if self.q.is_empty() && self.state.is_empty() && matches!(self.sort, Sort::Name) {
            return (inner.known.iter().skip(from).take(most).collect(), inner.known.len());
        }
        let found = self.find(inner);
        let count = found.len();
        (found.into_iter().skip(from).take(most).collect(), count)
    }

    fn find<'a>(&self, inner: &'a Inner) -> Vec<(&'a String, &'a Known)> {
        let q = self.q.to_lowercase();
        let is_asked_for = |(job, known): &(&String, &Known)| {
            let is_state = || {
                let listed = known.listed.as_ref();
                listed.is_some_and(|it| it.job.state().name() == self.state)
            };
            (q.is_empty() || job.to_lowercase().contains(&q))
                && (self.state.is_empty() || is_state())
        };
        let mut found: Vec<_> = inner.known.iter().filter(is_asked_for).collect();
        match self.sort {
            Sort::Name => {}
            Sort::Updated => found.sort_by_cached_key(|(_, it)| std::cmp::Reverse(updated(it))),
            Sort::State => found.sort_by_cached_key(|(_, it)| rank(it)),
        }
        found
    }
}

fn each<S: Serializer>(jobs: &[Arc<Listed>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(jobs.iter().map(|it| &**it))
}

fn updated(known: &Known) -> Option<safe_state_backends::Timestamp> {
    match known.listed.as_deref() {
        Some(Listed { job: Row::Read(status), .. }) => status.runs.updated_at,
        _ => None,
    }
}

fn rank(known: &Known) -> u8 {
    match known.listed.as_ref().map(|it| it.job.state()) {
        Some(State::Running) => 0,
        Some(State::Failed | State::Unreadable) => 1,
        Some(State::Killed | State::Open) => 2,
        Some(State::Paused) => 3,
        Some(State::Stopped | State::Waiting) => 4,
        Some(_) => 5,
        None => 6,
    }
}
