//! All jobs of a place, as far as they were read, for the open pages.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;
use std::time::Instant;

use safe_state_backends::{Backend, Error};
use safe_state_base::error::one_line;
use safe_state_base::status::look::Look;
use tokio::sync::watch;

use crate::known::{self, Known, Read};
use crate::pace::Seen;

/// The jobs, and the pages that show them.
pub(crate) struct Jobs {
    backend: Arc<dyn Backend>,
    inner: Mutex<Inner>,
    /// The number of the last change; waiting pages subscribe to it.
    changes: watch::Sender<u64>,
}

#[derive(Default)]
pub(crate) struct Inner {
    pub(crate) known: BTreeMap<String, Known>,
    pub(crate) change: u64,
    /// The reason why the jobs cannot be listed, if they cannot.
    pub(crate) trouble: Option<String>,
    /// The numbers of jobs in each state, among the jobs that were read.
    pub(crate) states: BTreeMap<&'static str, usize>,
    /// The jobs whose runs may be under way.
    running: BTreeSet<String>,
    interests: BTreeMap<u64, Interest>,
    next_interest: u64,
    looking: Option<Thread>,
}

/// The jobs that one open page shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interest {
    pub(crate) names: Vec<String>,
    /// Whether the page shows one job in full.
    pub(crate) is_page: bool,
}

/// A look at a job.
pub(crate) struct Looked {
    pub(crate) look: Arc<Look>,
    /// The numbers of complete items at earlier looks.
    pub(crate) looks: Vec<Seen>,
    /// The number of the change of the job that the look shows.
    pub(crate) change: u64,
}

/// A registered interest, until it is dropped.
pub(crate) struct Shown {
    jobs: Arc<Jobs>,
    number: u64,
}

impl Jobs {
    pub(crate) fn new(backend: Arc<dyn Backend>) -> Self {
        Jobs { backend, inner: Mutex::default(), changes: watch::Sender::default() }
    }

    pub(crate) fn backend(&self) -> &Arc<dyn Backend> {
        &self.backend
    }

    /// Locks the state. Nothing panics while it changes the state, so a poisoned lock is still sound.
    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Tells waiting pages that something has changed, if it has.
    pub(crate) fn tell(&self) {
        let change = self.inner().change;
        self.changes.send_if_modified(|told| std::mem::replace(told, change) != change);
    }

    /// Lists the jobs, and adds new ones and removes those that are gone.
    pub(crate) fn list(&self) -> Result<(), Error> {
        let listed = self.backend.list();
        let mut inner = self.inner();
        match &listed {
            Err(error) => inner.note(Some(one_line(error))),
            Ok(names) => {
                inner.note(None);
                inner.keep_only(names);
            }
        }
        listed.map(drop)
    }

    /// Reads a job again if it may have changed. The whole look is kept only for a job whose own page is open.
    pub(crate) fn refresh(&self, job: &str) {
        let (before, is_page) = {
            let inner = self.inner();
            let is_page = inner.is_page(job);
            let before = inner
                .known
                .get(job)
                .map_or_else(|| Known::default().before(is_page), |known| known.before(is_page));
            (before, is_page)
        };
        let read = known::read(&*self.backend, job, &before);
        let mut inner = self.inner();
        match read {
            Read::Same => {
                if let Some(known) = inner.known.get_mut(job).filter(|it| it.may_run()) {
                    known.stand();
                }
            }
            Read::Gone => {
                if let Some(gone) = inner.known.remove(job) {
                    inner.uncount(job, &gone);
                    inner.change += 1;
                }
            }
            Read::New(fresh) => {
                inner.change += 1;
                let change = inner.change;
                let mut known = inner.known.remove(job).unwrap_or_default();
                inner.uncount(job, &known);
                known.learn(job, *fresh, is_page);
                known.changed = change;
                inner.count(job, &known);
                inner.known.insert(job.to_owned(), known);
            }
        }
    }

    /// Reads each of the jobs again if it may have changed.
    pub(crate) fn refresh_all<'a>(&self, jobs: impl IntoIterator<Item = &'a String>) {
        for job in jobs {
            self.refresh(job);
        }
    }

    /// Returns what is stored of a job, with its earlier looks. The job is read now, unless it has not changed.
    pub(crate) fn look(&self, job: &str) -> Result<Option<Looked>, Error> {
        self.refresh(job);
        let (kept, looks, change) = {
            let inner = self.inner();
            let known = inner.known.get(job);
            let looks = known.map(|it| it.pace.looks().to_vec()).unwrap_or_default();
            let change = known.map_or(0, |it| it.changed);
            (known.and_then(|it| it.look.clone()), looks, change)
        };
        if let Some(look) = kept {
            return Ok(Some(Looked { look, looks, change }));
        }
        let look = Look::at(&*self.backend, job)?;
        Ok(look.map(|look| Looked { look: Arc::new(look), looks, change }))
    }

    /// Registers the interest of a page, and wakes the thread that looks.
    pub(crate) fn show(self: &Arc<Self>, interest: Interest) -> Shown {
        let mut inner = self.inner();
        let number = inner.next_interest;
        inner.next_interest += 1;
        inner.interests.insert(number, interest);
        if let Some(looking) = &inner.looking {
            looking.unpark();
        }
        Shown { jobs: Arc::clone(self), number }
    }
}

impl Shown {
    /// Sets the jobs that the page shows now.
    pub(crate) fn change(&self, names: Vec<String>) {
        if let Some(interest) = self.jobs.inner().interests.get_mut(&self.number) {
            interest.names = names;
        }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        let mut inner = self.jobs.inner();
        let gone = inner.interests.remove(&self.number);
        for job in gone.filter(|it| it.is_page).into_iter().flat_map(|it| it.names) {
            if !inner.is_page(&job)
                && let Some(known) = inner.known.get_mut(&job)
            {
                known.look = None;
            }
        }
    }
}

impl Inner {
    fn note(&mut self, trouble: Option<String>) {
        if self.trouble != trouble {
            self.trouble = trouble;
            self.change += 1;
        }
    }

    fn keep_only(&mut self, names: &[String]) {
        let listed: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        let is_gone = |job: &&String| !listed.contains(job.as_str());
        let gone: Vec<String> = self.known.keys().filter(is_gone).cloned().collect();
        let mut is_new = !gone.is_empty();
        for job in gone {
            if let Some(known) = self.known.remove(&job) {
                self.uncount(&job, &known);
            }
        }
        for name in names {
            if let Entry::Vacant(entry) = self.known.entry(name.clone()) {
                entry.insert(Known::default());
                is_new = true;
            }
        }
        self.change += u64::from(is_new);
    }

    fn count(&mut self, job: &str, known: &Known) {
        if let Some(listed) = &known.listed {
            *self.states.entry(listed.job.state().name()).or_default() += 1;
        }
        if known.may_run() {
            self.running.insert(job.to_owned());
        }
    }

    fn uncount(&mut self, job: &str, known: &Known) {
        let state = known.listed.as_ref().map(|it| it.job.state().name());
        if let Some(count) = state.and_then(|state| self.states.get_mut(state)) {
            *count = count.saturating_sub(1);
        }
        self.running.remove(job);
    }

    /// Returns the number of jobs that have not been read.
    pub(crate) fn unread_count(&self) -> usize {
        self.known.len() - self.states.values().sum::<usize>()
    }

    fn is_page(&self, job: &str) -> bool {
        self.interests.values().any(|it| it.is_page && it.names.iter().any(|name| name == job))
    }

    /// Sets the thread that looks, which is woken when a page is opened.
    pub(crate) fn looked_by(&mut self, thread: Thread) {
        self.looking = Some(thread);
    }

    pub(crate) fn is_shown(&self) -> bool {
        !self.interests.is_empty()
    }

    /// Returns the jobs whose changes have to be seen at once: those that run, and those whose own page is open.
    pub(crate) fn lively(&self, now: Instant) -> Vec<String> {
        let pages = self.interests.values().filter(|it| it.is_page).flat_map(|it| &it.names);
        let names: BTreeSet<&String> = pages.chain(&self.running).collect();
        let is_due = |job: &&String| self.known.get(*job).is_none_or(|it| it.is_due(now));
        names.into_iter().filter(is_due).cloned().collect()
    }

    /// Returns the jobs that lists show.
    pub(crate) fn listed(&self) -> BTreeSet<String> {
        let lists = self.interests.values().filter(|it| !it.is_page);
        lists.flat_map(|it| &it.names).cloned().collect()
    }

    /// Returns at most `some` of the jobs that were never read.
    pub(crate) fn unread(&self, some: usize) -> Vec<String> {
        if self.unread_count() == 0 {
            return Vec::new();
        }
        let unread = self.known.iter().filter(|(_, it)| it.listed.is_none());
        unread.take(some).map(|(job, _)| job.clone()).collect()
    }
}
