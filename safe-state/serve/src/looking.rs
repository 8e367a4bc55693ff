//! The thread that looks at the jobs while a page is open, and sleeps otherwise.
//!
//! Running jobs are looked at ten times a second, if that is cheap. A look at everything else is followed by a rest two
//! hundred times as long as the look. So a change of a running job is seen soon, and the rest takes half a percent of a
//! core, however many jobs there are.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use safe_state_backends::Signs;

use crate::jobs::Jobs;
use crate::known::REST;

const TICK: Duration = Duration::from_millis(100);
/// The pause between two lists of the jobs where the directory does not show changes.
const SELDOM: Duration = Duration::from_secs(5);
/// The number of jobs that were never read and are read at a time.
const SOME: usize = 200;

/// Starts the thread that looks.
pub(crate) fn start(jobs: &Arc<Jobs>) -> io::Result<()> {
    let looked = Arc::clone(jobs);
    let looking = thread::Builder::new().name("looking".to_owned()).spawn(move || {
        let mut eye = Eye::default();
        loop {
            while !looked.inner().is_shown() {
                thread::park();
            }
            eye.look(&looked);
            looked.tell();
            thread::sleep(TICK);
        }
    })?;
    jobs.inner().looked_by(looking.thread().clone());
    Ok(())
}

/// The state of the looks, and when they are due again.
#[derive(Default)]
struct Eye {
    place: Option<SystemTime>,
    lists: Rest,
    shown: Rest,
}

/// The time from which something is due again.
#[derive(Default)]
struct Rest(Option<Instant>);

impl Rest {
    fn is_over(&self) -> bool {
        self.0.is_none_or(|until| until <= Instant::now())
    }

    /// Rests after work that began at `began`, in proportion to its time.
    fn after(&mut self, began: Instant) {
        self.0 = Instant::now().checked_add(began.elapsed().saturating_mul(REST));
    }
}

impl Eye {
    fn look(&mut self, jobs: &Jobs) {
        let lively = jobs.inner().lively(Instant::now());
        jobs.refresh_all(&lively);
        if self.lists.is_over() {
            self.list(jobs);
        }
        if self.shown.is_over() {
            let began = Instant::now();
            let shown = jobs.inner().listed();
            jobs.refresh_all(&shown);
            self.shown.after(began);
        }
        let unread = jobs.inner().unread(SOME);
        jobs.refresh_all(&unread);
    }

    /// Lists the jobs and looks at all of them, if any has come or gone.
    fn list(&mut self, jobs: &Jobs) {
        let began = Instant::now();
        let place = Signs::of_place(&**jobs.backend());
        if place.is_some() && place == self.place {
            return;
        }
        // The signs are taken before the list, so that a change meanwhile is seen the next time.
        self.place = place;
        // If listing fails, the page shows the reason.
        if jobs.list().is_ok() {
            let all: Vec<String> = {
                let inner = jobs.inner();
                let read = inner.known.iter().filter(|(_, it)| it.listed.is_some());
                read.map(|(job, _)| job.clone()).collect()
            };
            jobs.refresh_all(&all);
        }
        self.lists.after(began);
        if place.is_none() {
            self.lists.0 = self.lists.0.max(began.checked_add(SELDOM));
        }
    }
}
