//! Tests each verb when it is ended in the middle. The job is as it was, or as it is to be, and doing the verb again
//! goes on.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use safe_state::backend::{Appended, Error as BackendError, Lease, LeaseOptions, from_url};
use safe_state::{Action, Backend, Error, Job, Request, cursor, resumable, stop};

use crate::places::{Place, done, on_each};

/// A backend in which the process dies at a change, before the change lands or after.
struct Dying {
    within: Arc<dyn Backend>,
    /// The number of changes that are left before the process dies.
    left: AtomicI64,
    lands: bool,
}

impl Dying {
    fn change<T>(
        &self,
        change: impl FnOnce() -> Result<T, BackendError>,
    ) -> Result<T, BackendError> {
        let left = self.left.fetch_sub(1, Ordering::Relaxed);
        if left > 1 || (left == 1 && self.lands) {
            let changed = change()?;
            if left > 1 {
                return Ok(changed);
            }
        }
        let source = "the process is dead".into();
        Err(BackendError::Backend { action: "changing", job: String::new(), source })
    }

    fn is_dead(&self) -> bool {
        self.left.load(Ordering::Relaxed) <= 0
    }
}

impl Backend for Dying {
    fn load(&self, job: &str) -> Result<Option<Vec<u8>>, BackendError> {
        self.within.load(job)
    }

    fn save(&self, job: &str, checkpoint: &[u8]) -> Result<(), BackendError> {
        self.change(|| self.within.save(job, checkpoint))
    }

    fn delete(&self, job: &str) -> Result<(), BackendError> {
        self.change(|| self.within.delete(job))
    }

    fn exists(&self, job: &str) -> Result<bool, BackendError> {
        self.within.exists(job)
    }

    fn list(&self) -> Result<Vec<String>, BackendError> {
        self.within.list()
    }

    fn lease(
        self: Arc<Self>,
        job: &str,
        options: LeaseOptions,
    ) -> Result<Box<dyn Lease>, BackendError> {
        let lease = Arc::clone(&self.within).lease(job, options)?;
        Ok(Box::new(DyingLease { backend: self, lease }))
    }
}

struct DyingLease {
    backend: Arc<Dying>,
    lease: Box<dyn Lease>,
}

impl Lease for DyingLease {
    fn save(&mut self, checkpoint: &[u8]) -> Result<(), BackendError> {
        self.backend.change(|| self.lease.save(checkpoint))
    }

    fn append(&mut self, record: &[u8]) -> Result<Appended, BackendError> {
        self.backend.change(|| self.lease.append(record))
    }

    fn delete(&mut self) -> Result<(), BackendError> {
        self.backend.change(|| self.lease.delete())
    }

    fn load(&mut self, _: &dyn Backend, job: &str) -> Result<Option<Vec<u8>>, BackendError> {
        self.lease.load(&*self.backend.within, job)
    }
}

/// A verb that is applied to a job that has failed at its fourth item.
struct Verb {
    name: &'static str,
    does: fn(&Job) -> Result<(), Error>,
    /// The items that the next run of the job does without the verb, and with it.
    before: &'static [u64],
    after: &'static [u64],
    /// The name of the job after the verb.
    then: &'static str,
}

const FROM_THREE: &[u64] = &[3, 4, 5, 6, 7];

const VERBS: [Verb; 4] = [
    Verb {
        name: "skip",
        does: |job| job.by_hand().skip(5).map(drop),
        before: FROM_THREE,
        after: &[3, 4, 6, 7],
        then: "mail",
    },
    Verb {
        name: "complete_until",
        does: |job| job.by_hand().complete_until(6).map(drop),
        before: FROM_THREE,
        after: &[6, 7],
        then: "mail",
    },
    Verb {
        name: "clear",
        does: Job::clear_checkpoint,
        before: FROM_THREE,
        after: &[0, 1, 2, 3, 4, 5, 6, 7],
        then: "mail",
    },
    Verb {
        name: "rename",
        does: |job| job.rename("post").map(drop),
        before: FROM_THREE,
        after: FROM_THREE,
        then: "post",
    },
];

/// The most changes that a verb makes.
const MOST: i64 = 12;

/// Calls `does` in a process that dies at the change `at`. Returns whether the process died.
fn dies(place: &Place, at: i64, lands: bool, does: impl FnOnce(&Job) -> Result<(), Error>) -> bool {
    assert!(at <= MOST, "it makes more changes than that");
    let left = AtomicI64::new(at);
    let dying = Arc::new(Dying { within: Arc::clone(&place.backend), left, lands });
    let outcome = does(&Job::new("mail").backend(Arc::clone(&dying) as Arc<dyn Backend>));
    // A verb that asks for something again may not hear of the death.
    assert!(outcome.is_ok() || dying.is_dead(), "{outcome:?}");
    dying.is_dead()
}

#[test]
fn what_a_verb_changes_is_as_it_was_or_as_it_is_to_be() {
    on_each(|place| {
        for verb in &VERBS {
            let mut deaths = 0;
            for (at, lands) in (1..=MOST).flat_map(|at| [(at, false), (at, true)]) {
                place.fail("mail", 3);
                if !dies(place, at, lands, verb.does) {
                    done(&place.job(verb.then));
                    break;
                }
                deaths += 1;
                let told =
                    format!("{} on {}, change {at}, which lands: {lands}", verb.name, place.name);
                // The checkpoint is one of the two; after a rename, it exists under one of the names.
                let there =
                    ["mail", verb.then].map(|name| place.job(name).peek_checkpoint().unwrap());
                if verb.name != "clear" {
                    assert!(there.iter().any(Option::is_some), "{told}: it is lost");
                }
                let has_been_done = place.job(verb.then);
                if at % 2 == 0 && verb.name != "rename" {
                    let did = done(&has_been_done);
                    assert!([verb.before, verb.after].contains(&&*did), "{told}: {did:?}");
                    continue;
                }
                (verb.does)(&place.job("mail"))
                    .unwrap_or_else(|error| panic!("{told}, again: {error}"));
                assert_eq!(done(&has_been_done), verb.after, "{told}, again");
                assert!(place.job("mail").peek_checkpoint().unwrap().is_none(), "{told}");
            }
            assert!(deaths > 0, "{} has changed nothing", verb.name);
        }
    });
}

/// A verb, and the job `mail` that it is applied to.
struct Change {
    name: &'static str,
    prepare: fn(&Place),
    does: fn(&Job) -> Result<(), Error>,
}

const CHANGES: [Change; 8] = [
    Change { name: "skip_key", prepare: keyed, does: |job| job.by_hand().skip_key("3").map(drop) },
    Change {
        name: "complete_keys",
        prepare: keyed,
        does: |job| job.by_hand().complete_keys(["3", "5"]).map(drop),
    },
    Change {
        name: "continue_after",
        prepare: by_cursor,
        does: |job| job.by_hand().continue_after(&5_u64),
    },
    Change {
        name: "skip, before the first run",
        prepare: |_| (),
        does: |job| job.by_hand().skip(5).map(drop),
    },
    Change {
        name: "complete_keys, before the first run",
        prepare: |_| (),
        does: |job| job.by_hand().complete_keys(["3"]).map(drop),
    },
    Change {
        name: "continue_after, before the first run",
        prepare: |_| (),
        does: |job| job.by_hand().continue_after(&5_u64),
    },
    Change {
        name: "clear_finished",
        prepare: |place| _ = done(&place.job("mail").keep_on_success(true)),
        does: |job| job.clear_finished(Duration::ZERO).map(drop),
    },
    Change {
        name: "restart",
        prepare: |place| _ = place.fail("mail", 3),
        does: |job| {
            let anew = job.clone().restart(true);
            match anew.run(0..8_u64, |_| Err::<(), Error>(stop!("at once"))) {
                Err(error) if error.is_stopped() => Ok(()),
                other => other,
            }
        },
    },
];

fn keyed(place: &Place) {
    #[resumable(name = "mail", backend = place.backend.clone(), key = |item| item.to_string(), fresh(place))]
    fn mail(place: &Place, items: &[u64]) -> anyhow::Result<()> {
        for item in items {
            anyhow::ensure!(*item < 2, "no");
        }
        Ok(())
    }
    mail(place, &[0, 1, 2]).unwrap_err();
}

fn by_cursor(place: &Place) {
    #[resumable(name = "mail", backend = place.backend.clone(), cursor = |item| *item, fresh(place))]
    fn mail(place: &Place, until: u64) -> anyhow::Result<()> {
        let last: Option<u64> = cursor!();
        #[resume]
        for item in last.map_or(0, |last| last + 1)..until {
            anyhow::ensure!(item < 2, "no");
        }
        Ok(())
    }
    mail(place, 3).unwrap_err();
}

/// Returns all that is stored of the job `mail` but what has a time, and the carried values.
fn stored(place: &Place) -> Option<serde_json::Value> {
    let checkpoint = place.job("mail").peek_checkpoint().unwrap()?;
    let mut json = serde_json::to_value(checkpoint).unwrap();
    let fields = json.as_object_mut().unwrap();
    for of_time in [
        "started_at",
        "updated_at",
        "item_nanos",
        "history",
        "timings",
        "failure",
        "carried",
        "arguments",
    ] {
        fields.remove(of_time);
    }
    Some(json)
}

#[test]
fn each_change_by_hand_is_made_or_not() {
    on_each(|place| {
        let anew = |change: &Change| {
            place.job("mail").clear_checkpoint().unwrap();
            (change.prepare)(place);
            stored(place)
        };
        for change in &CHANGES {
            let before = anew(change);
            (change.does)(&place.job("mail")).unwrap();
            let after = stored(place);
            assert_ne!(before, after, "{} on {}", change.name, place.name);
            for (at, lands) in (1..=MOST).flat_map(|at| [(at, false), (at, true)]) {
                anew(change);
                let died = dies(place, at, lands, change.does);
                let found = stored(place);
                let told =
                    format!("{} on {}, change {at}, which lands: {lands}", change.name, place.name);
                let begun = found.as_ref().and_then(|it| it["run_count"].as_u64());
                let is_begun = change.name == "restart" && begun == Some(1);
                assert!(found == before || found == after || is_begun, "{told}: {found:#?}");
                if !died {
                    break;
                }
            }
        }
        place.job("mail").clear_checkpoint().unwrap();
    });
}

#[test]
fn what_is_asked_of_a_job_is_asked_or_not() {
    type Ask = fn(&Job) -> Result<(), Error>;
    const ASKED: [(Ask, Option<Request>); 5] = [
        (Job::pause, Some(Request::Pause)),
        (Job::cancel, Some(Request::Cancel)),
        (Job::accept, Some(Request::Accept)),
        (|job| job.abandon("the customer has left"), Some(Request::Abandon)),
        (Job::resume, None),
    ];
    on_each(|place| {
        let job = place.fail("mail", 3);
        for (ask, expected) in ASKED {
            let before = job.requested().unwrap();
            for (at, lands) in (1..=MOST).flat_map(|at| [(at, false), (at, true)]) {
                let died = dies(place, at, lands, ask);
                let asked = job.requested().unwrap();
                assert!([before, expected].contains(&asked), "{} {asked:?}", place.name);
                if !died {
                    break;
                }
            }
            assert_eq!(job.requested().unwrap(), expected, "{}", place.name);
        }
        assert_eq!(done(&job), FROM_THREE);
    });
}

#[test]
fn dead_letters_are_put_back_all_or_none() {
    on_each(|place| {
        for (at, lands) in [(1, false), (1, true), (2, false)] {
            let job = place.job("mail").keep_on_success(true);
            letters(place);
            let before = job.peek_checkpoint().unwrap().unwrap().dead_letters().len();
            assert_eq!(before, 3);
            dies(place, at, lands, |job| job.retry_dead_letters().map(drop));
            let left = job.peek_checkpoint().unwrap().unwrap().dead_letters().len();
            assert!([0, 3].contains(&left), "{}: {left}", place.name);
            job.retry_dead_letters().unwrap();
            assert_eq!(job.peek_checkpoint().unwrap().unwrap().dead_letters().len(), 0);
            job.clear_checkpoint().unwrap();
        }
    });
}

/// Leaves a finished job with three dead letters.
fn letters(place: &Place) {
    #[resumable(
        name = "mail", backend = Arc::clone(&place.backend), on_error = |_| Action::DeadLetter, max_attempts = 1,
        keep_on_success, fresh(place)
    )]
    fn mail(place: &Place, items: &[u64]) -> anyhow::Result<()> {
        #[resume]
        for item in items {
            anyhow::ensure!(item % 2 == 0, "no");
        }
        Ok(())
    }
    mail(place, &[0, 1, 2, 3, 4, 5]).unwrap();
}

/// The verb is done by the command, which a signal ends at any instant.
#[test]
fn a_command_that_is_killed_has_done_it_or_not() {
    const ROUNDS: u32 = 12;
    let dir = tempfile::tempdir().unwrap();
    for (at, url) in crate::urls(dir.path()).into_iter().enumerate() {
        let backend = from_url(&url).unwrap();
        let mut outcomes = [0; 2];
        for round in 0..ROUNDS {
            let name = format!("kill-{}-{at}-{round}", std::process::id());
            let job = Job::new(&name).backend(Arc::clone(&backend)).wait(Duration::from_secs(60));
            let fails = |item| if item == 3 { Err(std::io::Error::other("no")) } else { Ok(()) };
            job.run(0..8_u64, fails).unwrap_err();
            let mut command = Command::new(env!("CARGO_BIN_EXE_command"));
            command.args(["done", &name, "--until", "6", "--backend", &url]);
            let mut command = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            // The first command runs as long as it takes, and each later one for a part of that time.
            let begun = Instant::now();
            if round > 0 {
                thread::sleep(TAKES.get() * round / ROUNDS);
                command.kill().unwrap();
            }
            command.wait().unwrap();
            if round == 0 {
                TAKES.set(begun.elapsed());
            }
            let did = done(&job);
            assert!([FROM_THREE, &[6, 7]].contains(&&*did), "{url}, round {round}: {did:?}");
            outcomes[usize::from(did.len() == 2)] += 1;
        }
        eprintln!(
            "{}: {} not done, {} done",
            backend.path("job").is_some(),
            outcomes[0],
            outcomes[1]
        );
        assert!(outcomes[1] > 0, "{url}: the first was not killed");
    }
}

thread_local! {
    /// The time that the command takes.
    static TAKES: std::cell::Cell<Duration> = const { std::cell::Cell::new(Duration::ZERO) };
}
