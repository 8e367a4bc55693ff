//! Workers at random: they claim slices, do a step, finish, die, and stand still while their leases run out; requests are lost,
//! or come late, and so are answers; clocks differ; items are given up, and retried. Whatever happens, each item is done, those
//! that are retried once more, and all that return, return the same.
//!
//! `SAFE_STATE_SCHEDULES=1000000` tries as many schedules, from `SAFE_STATE_SCHEDULE` on.
#![expect(clippy::cast_possible_truncation, reason = "what is rolled is small")]

mod server;

use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use safe_state_backends::format::Change;
use safe_state_backends::{
    Backend, Carried, Carry, DeadLetter, Failure, FailureKind, FinishedSlice, Head, LeaseOptions,
    SharedJob, Store,
};

use super::hunt::{Hunt, Passed, SliceAt, Turn};
use super::state::{end_job, finish_slice};
use super::steps::{self, Awaited, StepTurn, Steps};
use crate::Error;
use crate::job::shared::Cutting;
use server::{AtWork, Dice, JOB, Server, TTL};

const STEP: &str = "step!(\"first\")";

/// Where a worker stands.
enum At {
    Step(Awaited, Steps),
    Hunting(Box<Hunt>),
    Slice(Box<Hunt>, SliceAt, Box<Store>),
    /// Behind the loop, with what it came to.
    Behind(u64, Passed),
    Finished(u64),
}

struct Model {
    server: Arc<Server>,
    job: SharedJob,
    workers: Vec<At>,
    /// How often each item was done.
    done: Vec<u32>,
    giving_up: GivingUp,
    /// Who has done the step, each time that one has.
    steps: u64,
    /// What the step was to those that have passed it.
    passed: Vec<u64>,
    slices: u32,
}

/// What becomes of items that fail.
struct GivingUp {
    /// Whether each item fails until what it fails from is mended.
    fails: Vec<bool>,
    is_mended: bool,
    /// How often each item had been done when it was put back; 0 of one that never was.
    put_back: Vec<u32>,
}

impl Model {
    fn new(seed: u64, is_fenced: bool) -> Model {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let loses = [0, 40, 12][dice.roll(3) as usize];
        let server = Server::new(dice.roll(u64::from(u32::MAX)), loses, is_fenced);
        let backend = Arc::clone(&server) as Arc<dyn Backend>;
        let job = SharedJob::new(backend, JOB, LeaseOptions::default()).unwrap();
        let items = dice.roll(12) as usize;
        let slices = 1 + u32::try_from(dice.roll(6)).unwrap();
        let (workers, done, passed) = (Vec::new(), vec![0; items], Vec::new());
        let fails = (0..items).map(|_| dice.roll(4) == 0).collect();
        let giving_up = GivingUp { fails, is_mended: false, put_back: vec![0; items] };
        let mut model = Model { server, job, workers, done, giving_up, steps: 0, passed, slices };
        model.undisturbed(|model| {
            let head = Head::new(JOB);
            model.job.change(|_| Ok::<_, Error>((Some(head.clone()), ()))).unwrap();
        });
        for _ in 0..=dice.roll(4) {
            let worker = model.worker();
            model.workers.push(worker);
        }
        model
    }

    fn worker(&self) -> At {
        let steps = Steps::new(self.job.clone());
        At::Step(steps.reach("first", STEP.to_owned()), steps)
    }

    fn undisturbed<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let loses = std::mem::take(&mut self.server.state().network.loses);
        let done = work(self);
        self.server.state().network.loses = loses;
        done
    }

    /// One worker goes on or dies, or time goes by in which none does.
    fn step(&mut self, dice: &mut Dice) {
        self.server.pass(dice.roll(TTL / 6));
        let which = dice.roll(self.workers.len() as u64) as usize;
        self.server.state().worker.number = which;
        match dice.roll(12) {
            0 => self.die(which),
            1 => self.server.pass(dice.roll(2 * TTL)),
            // One that has not ended is there to do what is put back.
            2 if self.workers.iter().any(|worker| !matches!(worker, At::Finished(_))) => {
                self.retry();
            }
            _ => {
                let before = self.worker();
                let worker = std::mem::replace(&mut self.workers[which], before);
                match self.go_on(worker) {
                    Ok(worker) => self.workers[which] = worker,
                    // It ends, and is started again.
                    Err(Error::Backend(_) | Error::Cleared { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }

    /// What items fail from is mended, and those that were given up are put back.
    fn retry(&mut self) {
        let head = self.undisturbed(|model| model.job.head_now().unwrap());
        self.giving_up.is_mended = true;
        let by_hand = AtWork { number: self.workers.len(), waits: true, ..AtWork::default() };
        self.server.state().worker = by_hand;
        let put_back = self.job.put_back_dead_letters();
        self.server.state().worker.waits = false;
        if matches!(put_back, Ok(Ok(1..))) {
            for letter in head.unwrap().dead_letters() {
                let item = letter.index() as usize;
                self.giving_up.put_back[item] = self.done[item];
            }
        }
    }

    fn die(&mut self, which: usize) {
        self.server.state().worker.is_dying = true;
        self.workers[which] = self.worker();
        self.server.state().worker.is_dying = false;
        // On the same machine it shows at once; else after a while.
        if self.server.state().dice.roll(2) == 0 {
            self.server.bury(which);
        }
    }

    fn go_on(&mut self, worker: At) -> Result<At, Error> {
        match worker {
            At::Step(mut awaited, mut steps) => match awaited.turn()? {
                StepTurn::Wait(_) => Ok(At::Step(awaited, steps)),
                StepTurn::Done(head) => {
                    self.passed.push(head.carried_within(STEP, &[]).unwrap().unwrap());
                    Ok(self.hunting())
                }
                StepTurn::Own(lease) => {
                    steps.begin(lease);
                    self.do_step(awaited, steps)
                }
            },
            At::Hunting(mut hunt) => match hunt.turn()? {
                Turn::Claimed(mut claimed) => {
                    let slice = u64::from(claimed.at.slice);
                    let is_done = self.server.head().slices_of(0).unwrap().finished.contains(slice);
                    assert!(!is_done, "slice {slice} is done again");
                    let store = claimed.take().unwrap();
                    Ok(At::Slice(hunt, claimed.at.clone(), Box::new(store)))
                }
                Turn::Over(done) => {
                    let sum = |value: &Carried| u64::restore("sum", value).unwrap();
                    Ok(At::Behind(done.values("sum").map(sum).sum(), done.passed()))
                }
                Turn::Wait(..) => Ok(At::Hunting(hunt)),
                Turn::Cancelled => panic!("nobody has cancelled it"),
            },
            At::Slice(hunt, at, store) => self.do_slice(hunt, at, store),
            At::Behind(sum, passed) => Ok(match end_job(&self.job, &[passed], None)? {
                Some(_) => At::Finished(sum),
                // It ends, and is started again.
                None => self.worker(),
            }),
            finished @ At::Finished(_) => Ok(finished),
        }
    }

    fn do_step(&mut self, awaited: Awaited, mut steps: Steps) -> Result<At, Error> {
        let is_done = self.server.head().carried_value(STEP).is_some();
        assert!(!is_done, "the step is done again");
        self.steps += 1;
        let value = self.steps;
        // Its lease may run out in the midst of it.
        if self.server.state().dice.roll(4) == 0 {
            self.server.pass(TTL);
            return Ok(At::Step(awaited, steps));
        }
        let carried = value.change(STEP, Vec::new(), None).unwrap();
        let change = Change { carried: carried.into_iter().collect(), ..Change::default() };
        let before = steps::save(&self.job, STEP, &change)?;
        let stored = |head: Box<Head>| head.carried_within(STEP, &[]).unwrap();
        self.passed.push(before.and_then(stored).unwrap_or(value));
        drop(steps.end());
        Ok(self.hunting())
    }

    /// Does the next item of a slice, or finishes it.
    fn do_slice(
        &mut self,
        mut hunt: Box<Hunt>,
        at: SliceAt,
        mut store: Box<Store>,
    ) -> Result<At, Error> {
        let within = store.checkpoint().completed().prefix();
        let next = (at.range.start + within) as usize;
        if at.range.start + within < at.range.end {
            self.done[next] += 1;
            let is_given_up = self.giving_up.fails[next] && !self.giving_up.is_mended;
            let given_up = is_given_up.then(|| {
                let failure = Failure::new(FailureKind::Error, "E", "no");
                DeadLetter::new(0, vec![], None, failure.with_index(Some(within)))
            });
            let letters = given_up.map(|letter| Box::new([letter].into_iter().collect()));
            store.save(Change { dead_letters: letters, ..Change::completed(1) })?;
            return Ok(At::Slice(hunt, at, store));
        }
        let sum: u64 = at.range.clone().sum();
        let value = sum.change("sum", Vec::new(), None).unwrap().unwrap().value;
        let SliceAt { loop_id, slice, range } = at;
        let values = vec![("sum".to_owned(), value)];
        let finished = FinishedSlice { loop_id, slice, range, values };
        hunt.knows(&finish_slice(&self.job, &finished, &mut store)?);
        Ok(At::Hunting(hunt))
    }

    fn hunting(&self) -> At {
        let cut = Cutting::by_index(self.done.len() as u64, self.slices);
        At::Hunting(Box::new(Hunt::new(self.job.clone(), (0, true), cut, 0)))
    }

    /// Checks what all have come to.
    fn check_end(&self, seed: u64) {
        self.check(seed);
        let head = self.job.head_now().unwrap().unwrap();
        for (item, before) in self.giving_up.put_back.iter().enumerate() {
            let is_left = head.dead_letters().iter().any(|letter| letter.index() == item as u64);
            assert!(*before == 0 || !is_left, "schedule {seed}: {item} was put back and given up");
            assert!(*before == 0 || self.done[item] > *before, "schedule {seed}: {item} was left");
        }
    }

    fn check(&self, seed: u64) {
        let expected: u64 = (0..self.done.len() as u64).sum();
        for worker in &self.workers {
            let At::Finished(sum) = worker else { continue };
            assert_eq!(*sum, expected, "schedule {seed}");
            assert!(self.done.iter().all(|times| *times > 0), "schedule {seed}: {:?}", self.done);
        }
        let first = self.passed.first();
        assert!(
            self.passed.iter().all(|value| Some(value) == first),
            "schedule {seed}: {:?}",
            self.passed
        );
    }
}

fn schedule(seed: u64, is_fenced: bool) -> bool {
    let mut model = Model::new(seed, is_fenced);
    let mut dice = Dice(seed.wrapping_add(0xA076_1D64_78BD_642F) | 1);
    for _ in 0..200 {
        model.step(&mut dice);
        model.check(seed);
    }
    let was_disturbed = model.done.iter().any(|times| *times > 1) || model.steps > 1;
    // In peace it comes to its end.
    model.server.state().network.loses = 0;
    for _ in 0..10_000 {
        if model.workers.iter().all(|worker| matches!(worker, At::Finished(_))) {
            model.check_end(seed);
            return was_disturbed;
        }
        for which in 0..model.workers.len() {
            model.server.state().worker.number = which;
            let before = model.worker();
            let worker = std::mem::replace(&mut model.workers[which], before);
            match model.go_on(worker) {
                Ok(worker) => model.workers[which] = worker,
                Err(error) => {
                    assert!(matches!(error, Error::Backend(_)), "schedule {seed}: {error}");
                }
            }
        }
        // The leases of the dead run out.
        model.server.pass(1);
    }
    panic!("schedule {seed} comes to no end");
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn whatever_happens_all_items_are_done_and_all_workers_return_the_same() {
    let first = number("SAFE_STATE_SCHEDULE", 0);
    let storm = number("SAFE_STATE_STORM", 1);
    let schedules = number("SAFE_STATE_SCHEDULES", if storm > 1 { 50_000 * storm } else { 1000 });
    let threads = thread::available_parallelism().map_or(1, NonZero::get) as u64;
    let disturbed: u64 = thread::scope(|scope| {
        let disturbed = |thread| {
            let seeds = (first + thread..first + schedules).step_by(threads as usize);
            seeds.filter(|seed| schedule(*seed, true)).count() as u64
        };
        let tried: Vec<_> = (0..threads).map(|it| scope.spawn(move || disturbed(it))).collect();
        tried.into_iter().map(|it| it.join().unwrap()).sum()
    });
    assert!(schedules < 100 || disturbed * 4 > schedules, "only {disturbed} were disturbed");
}

/// What the fence is there for is among what is tried.
#[test]
fn a_store_that_takes_writes_under_an_older_lease_is_found_out() {
    let is_found_out = |seed| catch_unwind(AssertUnwindSafe(|| schedule(seed, false))).is_err();
    assert!((0..2000).any(is_found_out));
}
