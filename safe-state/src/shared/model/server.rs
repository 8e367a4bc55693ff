//! A store on a network of which requests and answers are lost, or come late, and whose leases run out by its own clock. Each
//! worker goes by another clock. What is read without a lease may come from a copy that is behind.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use safe_state_backends::{
    Appended, Backend, Checkpoint, Error as BackendError, Head, Lease, LeaseOptions,
};

pub(super) const JOB: &str = "model";
/// The time that a lease lasts without a renewal.
pub(super) const TTL: u64 = 30;

/// xorshift64*.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % sides
    }
}

pub(super) struct Server(Mutex<State>);

type Stored = BTreeMap<String, Arc<[u8]>>;

/// What is stored.
#[derive(Default)]
struct Kept {
    now: Arc<Stored>,
    /// Copies of it, each as it was a while ago.
    copies: [Arc<Stored>; 2],
}

pub(super) struct State {
    stored: Kept,
    leases: BTreeMap<String, Granted>,
    epochs: u64,
    pub(super) dice: Dice,
    now: u64,
    pub(super) network: Network,
    pub(super) worker: AtWork,
    /// Whether a write under an older lease is refused.
    is_fenced: bool,
}

/// The network between the workers and the server.
pub(super) struct Network {
    /// One request in this many is lost or late, or its answer is lost; 0 for none.
    pub(super) loses: u64,
    /// The requests that are late.
    late: Vec<Late>,
}

/// The worker that is at work.
#[derive(Default)]
pub(super) struct AtWork {
    pub(super) number: usize,
    /// Whether the worker is dead, so that dropping a lease does not release it.
    pub(super) is_dying: bool,
    /// Whether the worker waits for each lease that another one holds.
    pub(super) waits: bool,
}

/// A lease, as the server has it.
struct Granted {
    epoch: u64,
    until: u64,
    worker: usize,
}

type Late = Box<dyn FnOnce(&mut State) + Send>;

/// The fate of a request.
enum Sent {
    Well,
    Lost,
    /// The request comes after others that were sent later.
    Late,
    /// The request was done, and its answer is lost.
    Unanswered,
}

impl Server {
    pub(super) fn new(seed: u64, loses: u64, is_fenced: bool) -> Arc<Self> {
        Arc::new(Server(Mutex::new(State {
            stored: Kept::default(),
            leases: BTreeMap::new(),
            epochs: 0,
            dice: Dice(seed | 1),
            now: 0,
            network: Network { loses, late: Vec::new() },
            worker: AtWork::default(),
            is_fenced,
        })))
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The job's head, as it is.
    pub(super) fn head(&self) -> Head {
        Checkpoint::decode(&self.state().stored.now[JOB]).unwrap().into()
    }

    /// Lets time pass; some of the late requests come.
    pub(super) fn pass(&self, time: u64) {
        let mut state = self.state();
        state.now += time;
        while !state.network.late.is_empty() && state.dice.roll(4) == 0 {
            let count = state.network.late.len() as u64;
            let which = state.dice.roll(count) as usize;
            let late = state.network.late.swap_remove(which);
            late(&mut state);
        }
        for copy in 0..state.stored.copies.len() {
            if state.dice.roll(6) == 0 {
                state.stored.copies[copy] = Arc::clone(&state.stored.now);
            }
        }
    }

    /// Releases the leases of a dead worker, whose death shows on its own machine.
    pub(super) fn bury(&self, worker: usize) {
        self.state().leases.retain(|_, lease| lease.worker != worker);
    }
}

impl State {
    fn send(&mut self) -> Sent {
        if self.network.loses == 0 || self.dice.roll(self.network.loses) > 0 {
            return Sent::Well;
        }
        match self.dice.roll(3) {
            0 => Sent::Lost,
            1 => Sent::Late,
            _ => Sent::Unanswered,
        }
    }

    /// Applies `change` to the stored state, if and when the request comes to the server.
    fn change<T>(
        &mut self,
        change: impl FnOnce(&mut Self) -> T + Send + 'static,
    ) -> Result<T, BackendError> {
        match self.send() {
            Sent::Well => Ok(change(self)),
            Sent::Lost => Err(lost()),
            Sent::Late => {
                self.network.late.push(Box::new(|state| _ = change(state)));
                Err(lost())
            }
            Sent::Unanswered => {
                change(self);
                Err(lost())
            }
        }
    }

    /// Returns the time by the worker's clock, which has an offset, and runs as fast as the server's clock, half as
    /// fast, or twice as fast.
    fn local(&self, worker: usize) -> u64 {
        1000 * worker as u64 + self.now * [2, 1, 4][worker % 3] / 2
    }

    fn grant(&mut self, name: &str, worker: usize) -> Option<u64> {
        if let Some(lease) = self.leases.get(name).filter(|lease| lease.until > self.now) {
            if !self.worker.waits && !is_waited_for(name) {
                return None;
            }
            // A worker waits for it until it may have it.
            self.now = lease.until;
        }
        self.epochs += 1;
        let lease = Granted { epoch: self.epochs, until: self.now + TTL, worker };
        self.leases.insert(name.to_owned(), lease);
        Some(self.epochs)
    }

    /// Writes under the lease with the number `epoch`, if that is still the present one, or if the server does not
    /// fence.
    fn write(&mut self, name: &str, epoch: u64, write: impl FnOnce(&mut Stored)) -> bool {
        let until = self.now + TTL;
        match self.leases.get_mut(name).filter(|lease| lease.epoch == epoch) {
            Some(lease) => lease.until = lease.until.max(until),
            None if self.is_fenced => return false,
            None => {}
        }
        write(Arc::make_mut(&mut self.stored.now));
        true
    }
}

/// Returns whether workers wait for the lease while others hold it: that of the head, and those of names for reading.
fn is_waited_for(name: &str) -> bool {
    name == JOB || name.contains("shared/read/")
}

fn lost() -> BackendError {
    BackendError::Backend { action: "asking", job: JOB.to_owned(), source: "it is lost".into() }
}

impl Backend for Server {
    fn load(&self, job: &str) -> Result<Option<Vec<u8>>, BackendError> {
        let name = job.to_owned();
        self.state().change(move |state| {
            let which = state.dice.roll(4) as usize;
            let stored = state.stored.copies.get(which).unwrap_or(&state.stored.now);
            stored.get(&name).map(|bytes| bytes.to_vec())
        })
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
        let (name, mut state) = (job.to_owned(), self.state());
        let worker = state.worker.number;
        // A lease whose grant is late, or whose answer is lost, runs out.
        let granted = state.change(move |state| state.grant(&name, worker))?;
        let renewed = state.local(worker);
        drop(state);
        match granted {
            Some(epoch) => {
                Ok(Box::new(Held { server: self, name: job.to_owned(), epoch, worker, renewed }))
            }
            None => Err(BackendError::Held { job: job.to_owned(), holder: None }),
        }
    }
}

struct Held {
    server: Arc<Server>,
    name: String,
    epoch: u64,
    worker: usize,
    /// The time of the last renewal, by the worker's clock.
    renewed: u64,
}

impl Held {
    fn write(
        &mut self,
        write: impl FnOnce(&mut Stored) + Send + 'static,
    ) -> Result<(), BackendError> {
        let mut state = self.server.state();
        let lease_lost = || BackendError::LeaseLost { job: self.name.clone(), holder: None };
        let now = state.local(self.worker);
        if now - self.renewed >= TTL {
            return Err(lease_lost());
        }
        let (name, epoch) = (self.name.clone(), self.epoch);
        let written = state.change(move |state| state.write(&name, epoch, write))?;
        if !written {
            return Err(lease_lost());
        }
        drop(state);
        self.renewed = now;
        Ok(())
    }
}

impl Lease for Held {
    fn load(&mut self, _: &dyn Backend, job: &str) -> Result<Option<Vec<u8>>, BackendError> {
        let name = job.to_owned();
        let load = move |state: &mut State| Some(state.stored.now.get(&name)?.to_vec());
        self.server.state().change(load)
    }

    fn save(&mut self, checkpoint: &[u8]) -> Result<(), BackendError> {
        let (name, checkpoint) = (self.name.clone(), Arc::from(checkpoint));
        self.write(move |stored| _ = stored.insert(name, checkpoint))
    }

    fn load_current(
        &mut self,
        backend: &dyn Backend,
        name: &str,
    ) -> Result<Option<Vec<u8>>, BackendError> {
        self.load(backend, name)
    }

    fn append(&mut self, _: &[u8]) -> Result<Appended, BackendError> {
        Ok(Appended::No)
    }

    fn delete(&mut self) -> Result<(), BackendError> {
        let name = self.name.clone();
        self.write(move |stored| _ = stored.remove(&name))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut state = self.server.state();
        if state.worker.is_dying {
            return;
        }
        let (name, epoch) = (self.name.clone(), self.epoch);
        // If this request is lost, the lease runs out.
        let _ = state.change(move |state| {
            if state.leases.get(&name).is_some_and(|lease| lease.epoch == epoch) {
                state.leases.remove(&name);
            }
        });
    }
}
