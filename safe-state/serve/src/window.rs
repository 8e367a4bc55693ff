//! A part of the list of jobs: those that a page shows.

use std::collections::BTreeMap;
use std::sync::Arc;

use safe_state_base::status::State;
use safe_state_base::status::row::Row;
use serde::{Deserialize, Serialize, Serializer};

use crate::jobs::{Inner, Jobs};
use crate::known::{Known, Listed};

const MOST: usize = 200;

/// Which part.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub(crate) struct Which {
    offset: usize,
    limit: usize,
    /// What names have in them, whatever the case of letters.
    q: String,
    /// In which state; all if this is nothing.
    state: String,
    sort: Sort,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Sort {
    #[default]
    Name,
    /// What was saved last comes first.
    Updated,
    /// What runs comes first, then what has failed.
    State,
}

/// What is shown.
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

/// How many jobs there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    /// In all, and of those that are asked for.
    total: usize,
    found: usize,
    /// How many have not been read yet.
    unread: usize,
    /// By their states.
    states: BTreeMap<&'static str, usize>,
    /// Why they can't be listed.
    trouble: Option<String>,
}

impl Default for Which {
    fn default() -> Self {
        let (q, state, sort) = Default::default();
        Which { offset: 0, limit: 50, q, state, sort }
    }
}

impl Which {
    /// The part as it is known now. What is in it and has not been read is read, if `reads`.
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

    /// The part, and how many jobs there are that are asked for.
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
