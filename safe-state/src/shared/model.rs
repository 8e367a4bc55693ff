//! Workers at random: they claim slices, do a step, finish, die, lose their leases while they go on, and lose requests or
//! the answers to them. Whatever happens, each item is done, and all that return, return the same.
//!
//! `SAFE_STATE_SCHEDULES=1000000` tries as many schedules, from `SAFE_STATE_SCHEDULE` on.
#![expect(clippy::cast_possible_truncation, reason = "what is rolled is small")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use safe_state_backends::format::Change;
use safe_state_backends::{
    Appended, Backend, Carried, Carry, Checkpoint, Error as BackendError, FinishedSlice, Lease,
    LeaseOptions, SharedJob, Store,
};

use super::hunt::{Hunt, SliceAt, Turn};
use super::state::{finish_job, finish_slice};
use super::steps::{self, Awaited, StepTurn, Steps};
use crate::Error;
use crate::job::shared::Cutting;

const JOB: &str = "model";
const STEP: &str = "step!(\"first\")";

/// xorshift64*.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % sides
    }
}

/// A store on a network of which requests and answers are lost.
struct Server(Mutex<State>);

struct State {
    stored: BTreeMap<String, Vec<u8>>,
    /// The epochs of the leases that are held.
    leases: BTreeMap<String, u64>,
    epochs: u64,
    dice: Dice,
    /// One request in so many is lost, or its answer; 0 for none.
    loses: u64,
    /// Whether what lets a lease go is dead, and can't say so.
    is_dying: bool,
}

/// What becomes of a request.
enum Sent {
    Well,
    Lost,
    /// It was done, and the answer is lost.
    Unanswered,
}

impl Server {
    fn new(seed: u64, loses: u64) -> Arc<Self> {
        let state = State {
            stored: BTreeMap::new(),
            leases: BTreeMap::new(),
            epochs: 0,
            dice: Dice(seed | 1),
            loses,
            is_dying: false,
        };
        Arc::new(Server(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn send(&mut self) -> Sent {
        if self.loses == 0 || self.dice.roll(self.loses) > 0 {
            return Sent::Well;
        }
        if self.dice.roll(2) == 0 { Sent::Lost } else { Sent::Unanswered }
    }

    /// Does it to what is stored, if that comes to the server.
    fn change<T>(&mut self, change: impl FnOnce(&mut Self) -> T) -> Result<T, BackendError> {
        let sent = self.send();
        if matches!(sent, Sent::Lost) {
            return Err(lost());
        }
        let done = change(self);
        if matches!(sent, Sent::Unanswered) { Err(lost()) } else { Ok(done) }
    }
}

fn lost() -> BackendError {
    BackendError::Backend { action: "asking", job: JOB.to_owned(), source: "it is lost".into() }
}

impl Backend for Server {
    fn load(&self, job: &str) -> Result<Option<Vec<u8>>, BackendError> {
        self.state().change(|state| state.stored.get(job).cloned())
    }

    fn save(&self, _: &str, _: &[u8]) -> Result<(), BackendError> {
        unreachable!("workers write by leases")
    }

    fn delete(&self, _: &str) -> Result<(), BackendError> {
        unreachable!("workers write by leases")
    }

    fn exists(&self, job: &str) -> Result<bool, BackendError> {
        Ok(self.load(job)?.is_some())
    }

    fn lease(self: Arc<Self>, job: &str, _: LeaseOptions) -> Result<Box<dyn Lease>, BackendError> {
        let taken = self.state().change(|state| {
            if state.leases.contains_key(job) {
                return None;
            }
            state.epochs += 1;
            state.leases.insert(job.to_owned(), state.epochs);
            Some(state.epochs)
        });
        match taken {
            Ok(Some(epoch)) => Ok(Box::new(Held { server: self, name: job.to_owned(), epoch })),
            Ok(None) => Err(BackendError::Held { job: job.to_owned(), holder: None }),
            Err(error) => {
                // A lease whose answer is lost runs out.
                self.state().leases.remove(job);
                Err(error)
            }
        }
    }
}

struct Held {
    server: Arc<Server>,
    name: String,
    epoch: u64,
}

impl Held {
    fn write(&self, write: impl FnOnce(&mut State, &str)) -> Result<(), BackendError> {
        let mut state = self.server.state();
        if state.leases.get(&self.name) != Some(&self.epoch) {
            return Err(BackendError::LeaseLost { job: self.name.clone(), holder: None });
        }
        state.change(|state| write(state, &self.name))
    }
}

impl Lease for Held {
    fn save(&mut self, checkpoint: &[u8]) -> Result<(), BackendError> {
        self.write(|state, name| _ = state.stored.insert(name.to_owned(), checkpoint.to_vec()))
    }

    fn append(&mut self, _: &[u8]) -> Result<Appended, BackendError> {
        Ok(Appended::No)
    }

    fn delete(&mut self) -> Result<(), BackendError> {
        self.write(|state, name| _ = state.stored.remove(name))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut state = self.server.state();
        if !state.is_dying && state.leases.get(&self.name) == Some(&self.epoch) {
            state.leases.remove(&self.name);
        }
    }
}

/// Where a worker stands.
enum At {
    Step(Awaited, Steps),
    Hunting(Box<Hunt>),
    Slice(Box<Hunt>, SliceAt, Box<Store>),
    Finished(u64),
}

struct Model {
    server: Arc<Server>,
    job: SharedJob,
    workers: Vec<At>,
    /// How often each item was done.
    done: Vec<u32>,
    /// Who has done the step, each time that one has.
    steps: u64,
    /// What the step was to those that have passed it.
    passed: Vec<u64>,
    slices: u32,
}

impl Model {
    fn new(seed: u64) -> Model {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let server =
            Server::new(dice.roll(u64::from(u32::MAX)), [0, 40, 12][dice.roll(3) as usize]);
        let backend = Arc::clone(&server) as Arc<dyn Backend>;
        let job = SharedJob::new(backend, JOB, LeaseOptions::default()).unwrap();
        let items = dice.roll(12) as usize;
        let slices = 1 + u32::try_from(dice.roll(6)).unwrap();
        let (workers, done, passed) = (Vec::new(), vec![0; items], Vec::new());
        let mut model = Model { server, job, workers, done, steps: 0, passed, slices };
        model.undisturbed(|model| {
            let head = Checkpoint::new(JOB, None);
            model.job.change(|_| Ok::<_, Error>((Some(head), ()))).unwrap();
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
        let loses = std::mem::take(&mut self.server.state().loses);
        let done = work(self);
        self.server.state().loses = loses;
        done
    }

    /// One worker goes on, dies, or loses its leases without knowing.
    fn step(&mut self, dice: &mut Dice) {
        let which = dice.roll(self.workers.len() as u64) as usize;
        match dice.roll(12) {
            0 => self.die(which),
            1 => {
                // The leases of one that stands still run out.
                let mut state = self.server.state();
                let names: Vec<String> = state.leases.keys().cloned().collect();
                if !names.is_empty() {
                    let name = &names[dice.roll(names.len() as u64) as usize];
                    state.leases.remove(name);
                }
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

    fn die(&mut self, which: usize) {
        self.server.state().is_dying = true;
        self.workers[which] = self.worker();
        let mut state = self.server.state();
        state.is_dying = false;
        // On the same machine it shows at once; else after a while.
        if state.dice.roll(2) == 0 {
            state.leases.clear();
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
                    self.steps += 1;
                    let value = self.steps;
                    // Its lease may run out in the midst of it.
                    if self.server.state().dice.roll(4) == 0 {
                        self.server.state().leases.clear();
                        return Ok(At::Step(awaited, steps));
                    }
                    let carried = value.change(STEP, Vec::new(), None).unwrap();
                    let change =
                        Change { carried: carried.into_iter().collect(), ..Change::default() };
                    let before = steps::save(&self.job, STEP, change)?;
                    let stored = |head: Box<Checkpoint>| head.carried_within(STEP, &[]).unwrap();
                    self.passed.push(before.and_then(stored).unwrap_or(value));
                    drop(steps.end());
                    Ok(self.hunting())
                }
            },
            At::Hunting(mut hunt) => match hunt.turn()? {
                Turn::Claimed(mut claimed) => {
                    let store = claimed.take().unwrap();
                    Ok(At::Slice(hunt, claimed.at.clone(), Box::new(store)))
                }
                Turn::Over(done) => {
                    let sum = |value: &Carried| u64::restore("sum", value).unwrap();
                    let sum = done.values("sum").map(sum).sum();
                    finish_job(&self.job)?;
                    Ok(At::Finished(sum))
                }
                Turn::Wait(_) => Ok(At::Hunting(hunt)),
                Turn::Cancelled => panic!("nobody has cancelled it"),
            },
            At::Slice(mut hunt, at, mut store) => {
                let next = at.range.start + store.checkpoint().completed().len();
                if next < at.range.end {
                    self.done[next as usize] += 1;
                    store.save(Change::completed(1))?;
                    return Ok(At::Slice(hunt, at, store));
                }
                let sum: u64 = at.range.clone().sum();
                let value = sum.change("sum", Vec::new(), None).unwrap().unwrap().value;
                let SliceAt { loop_id, slice, range } = at;
                let values = vec![("sum".to_owned(), value)];
                let finished = FinishedSlice { loop_id, slice, range, values };
                hunt.knows(&finish_slice(&self.job, finished, &mut store)?);
                Ok(At::Hunting(hunt))
            }
            finished @ At::Finished(_) => Ok(finished),
        }
    }

    fn hunting(&self) -> At {
        let cut = Cutting::by_index(self.done.len() as u64, self.slices);
        At::Hunting(Box::new(Hunt::new(self.job.clone(), (0, true), cut, 0)))
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

fn schedule(seed: u64) -> bool {
    let mut model = Model::new(seed);
    let mut dice = Dice(seed.wrapping_add(0xA076_1D64_78BD_642F) | 1);
    for _ in 0..200 {
        model.step(&mut dice);
        model.check(seed);
    }
    let was_disturbed = model.done.iter().any(|times| *times > 1) || model.steps > 1;
    // In peace it comes to its end.
    model.server.state().loses = 0;
    for _ in 0..10_000 {
        if model.workers.iter().all(|worker| matches!(worker, At::Finished(_))) {
            model.check(seed);
            return was_disturbed;
        }
        for which in 0..model.workers.len() {
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
        let mut state = model.server.state();
        if state.dice.roll(20) == 0 {
            state.leases.clear();
        }
    }
    panic!("schedule {seed} comes to no end");
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn whatever_happens_all_items_are_done_and_all_workers_return_the_same() {
    let first = number("SAFE_STATE_SCHEDULE", 0);
    let schedules = number("SAFE_STATE_SCHEDULES", 500);
    let disturbed = (first..first + schedules).filter(|seed| schedule(*seed)).count() as u64;
    assert!(schedules < 100 || disturbed * 4 > schedules, "only {disturbed} were disturbed");
}
