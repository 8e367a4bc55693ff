//! The operations of the backend, on objects.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use ::object_store::path::Path;

use super::epochs::{Epochs, is_deletion, is_seal};
use super::fitness::{self, Lack, unfit};
use super::layout::{DELETED, HEAD, Layout, RECORD, SEAL, SNAPSHOT};
use super::requests::{Existing, Requests};
use crate::network::runtime::Runtime;
use crate::network::{AcquireRequest, Acquired, LeaseToken, Session, Trouble};
use safe_state_backends::Appended;

/// The most records that may follow a snapshot: loading takes a request for each.
const MOST_RECORDS: u64 = 200;

/// The most times that a state is read which others change before it is used.
const LOOKS: usize = 20;

/// The resolution of a store's times: whole seconds.
const RESOLUTION: Duration = Duration::from_secs(1);

const GONE: &str = "the job's objects are gone, and its lease with them; run the job again";

/// A connection to the store, with the state of this run's objects.
#[derive(Debug)]
pub struct ObjectSession {
    requests: Requests,
    layout: Layout,
    place: String,
    /// Whether the store is known to create an object only if it does not exist.
    is_proven: Arc<AtomicBool>,
    /// The number of the next save in the epoch, which began with this session.
    next: u64,
    /// The time when the lease was written last.
    renewed: Instant,
    /// The objects that the next snapshot makes superfluous.
    stale: Vec<Path>,
}

/// The contents of a lease's object.
struct Held {
    holder: String,
    time: Duration,
    since: SystemTime,
}

enum Loaded {
    Found(Option<Vec<u8>>),
    /// The listed objects were superseded before they were read.
    Superseded,
}

impl ObjectSession {
    pub(super) fn new(
        requests: Requests,
        layout: Layout,
        place: String,
        is_proven: Arc<AtomicBool>,
    ) -> Self {
        let (next, renewed, stale) = (0, Instant::now(), Vec::new());
        ObjectSession { requests, layout, place, is_proven, next, renewed, stale }
    }

    /// Tests the store, once in each process.
    fn prove(&self) -> Result<(), Trouble> {
        if !self.is_proven.load(Ordering::Relaxed) {
            fitness::prove(&self.requests, &self.layout, &self.place)?;
            self.is_proven.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    fn epochs(&self, key: &str) -> Result<Epochs, Trouble> {
        let objects = self.requests.list(&self.layout.job(key))?;
        Ok(Epochs::of(&self.layout, objects).remove(key).unwrap_or_default())
    }

    /// Returns the lease of the last epoch; `None` if it was given back. Its time is from the list: a cache in between may answer
    /// a request for the object with an earlier version of it.
    fn held(&self, epochs: &Epochs) -> Result<Option<Held>, Trouble> {
        let Some(lease) = epochs.lease().filter(|lease| lease.size > 0) else { return Ok(None) };
        let Some(bytes) = self.requests.get(&lease.location)? else { return Ok(None) };
        let text = String::from_utf8_lossy(&bytes);
        let Some((millis, holder)) = text.split_once(' ') else { return Ok(None) };
        let time = Duration::from_millis(millis.parse().map_err(Trouble::permanent)?);
        Ok(Some(Held { holder: holder.to_owned(), time, since: lease.last_modified.into() }))
    }

    /// Returns whether a lease has ended by the store's clock, which is read by writing an object.
    fn has_ended(&self, key: &str, held: &Held) -> Result<bool, Trouble> {
        let (job, clock) = (self.layout.job(key), self.layout.clock(key));
        self.requests.put(&clock, b"tick")?;
        let listed = self.requests.list_after(&job, &self.layout.behind_epochs(key))?;
        let now = listed.into_iter().find(|object| object.location == clock);
        let now = now.map(|clock| SystemTime::from(clock.last_modified));
        self.requests.delete(vec![clock])?;
        let age = now.and_then(|now| now.duration_since(held.since).ok());
        Ok(age.is_some_and(|age| age >= held.time + RESOLUTION))
    }

    /// Begins the epoch after the last, and seals those before. Returns `None` if another run was faster.
    fn begin(&mut self, key: &str, text: &str, last: Option<u64>) -> Result<Option<u64>, Trouble> {
        let epoch = last.unwrap_or(0) + 1;
        let renewed = Instant::now();
        let lease = self.layout.lease(key, epoch);
        let Existing::Ours = self.requests.create_once(&lease, text.as_bytes())? else {
            return Ok(None);
        };
        let (objects, created) = self.requests.list_and_get(&self.layout.job(key), &lease)?;
        let epochs = Epochs::of(&self.layout, objects).remove(key).unwrap_or_default();
        match epochs.last() {
            Some(last) if last == epoch => {}
            // The list of epochs may be long outdated, and the lease of the epoch after it removed already; but the last
            // epoch's lease is never removed.
            Some(last) if last > epoch => return Ok(None),
            _ if created.is_some() => return Err(unfit(&self.place, Lack::Lists)),
            _ => return Ok(None),
        }
        if created.as_deref() != Some(text.as_bytes()) {
            return Err(unfit(&self.place, Lack::ReadBack));
        }
        let before = epochs.before(epoch);
        let mut stale = before.stale();
        for (open, next) in before.open() {
            stale.extend(self.seal(key, open, next)?);
        }
        (self.next, self.renewed, self.stale) = (0, renewed, stale);
        Ok(Some(epoch))
    }

    /// Puts a seal where the run of an epoch would save next. Returns what that run has saved meanwhile.
    fn seal(&self, key: &str, epoch: u64, mut next: u64) -> Result<Vec<Path>, Trouble> {
        let mut saved = Vec::new();
        loop {
            let path = self.layout.saved(key, epoch, next);
            match self.requests.create_once(&path, SEAL)? {
                Existing::Ours => return Ok(saved),
                Existing::Another(_) => saved.push(path),
                Existing::Gone => return Err(contended()),
            }
            next += 1;
        }
    }

    /// Renews the lease if a third of its time has passed, which fails if another run has taken over.
    fn keep(&mut self, token: &LeaseToken) -> Result<(), Trouble> {
        if self.renewed.elapsed() < token.time / 3 { Ok(()) } else { self.renew(token) }
    }

    /// Returns the trouble of a lost lease, with the run that has taken over.
    fn lost(&self, token: &LeaseToken) -> Result<Trouble, Trouble> {
        let epochs = self.epochs(&token.key)?;
        let is_over = epochs.last().is_some_and(|last| last > token.epoch);
        let held = if is_over { self.held(&epochs)? } else { None };
        Ok(Trouble::Lost(held.map(|held| held.holder)))
    }

    /// Creates the next object of the epoch.
    fn add(&mut self, token: &LeaseToken, bytes: &[u8]) -> Result<Path, Trouble> {
        self.keep(token)?;
        let path = self.layout.saved(&token.key, token.epoch, self.next);
        match self.requests.create_once(&path, bytes)? {
            Existing::Ours => {}
            Existing::Another(found) if found == SEAL => return Err(self.lost(token)?),
            Existing::Another(_) => {
                return Err(Trouble::permanent(format!("`{path}` is another's")));
            }
            Existing::Gone => return Err(contended()),
        }
        self.next += 1;
        Ok(path)
    }

    /// Adds an object that makes all before it superfluous, and removes those.
    fn supersede(&mut self, token: &LeaseToken, bytes: &[u8]) -> Result<(), Trouble> {
        let path = self.add(token, bytes)?;
        let stale = std::mem::replace(&mut self.stale, vec![path]);
        if !stale.is_empty()
            && let Err(trouble) = self.requests.delete(stale.clone())
        {
            // Superfluous objects do no harm, and are removed the next time.
            tracing::debug!(target: "safe_state", key = token.key, %trouble, "objects are left over");
            self.stale.extend(stale);
        }
        Ok(())
    }

    fn try_load(&self, key: &str) -> Result<Loaded, Trouble> {
        let epochs = self.epochs(key)?;
        let Some((number, epoch)) = epochs.current() else { return Ok(Loaded::Found(None)) };
        let saved = epoch.saved.iter().filter(|(_, object)| !is_seal(object));
        let mut saved: Vec<_> = saved.collect();
        if let Some(deleted) = saved.iter().rposition(|(_, object)| is_deletion(object)) {
            saved.drain(..=deleted);
        }
        let numbers: Vec<u64> = saved.iter().map(|(number, _)| **number).collect();
        let paths = numbers.iter().map(|at| self.layout.saved(key, number, *at)).collect();
        match self.requests.get_all(paths)? {
            Some(objects) => joined(&numbers, &objects).map(Loaded::Found),
            None => Ok(Loaded::Superseded),
        }
    }
}

/// Joins the last snapshot and the records behind it.
fn joined(numbers: &[u64], objects: &[Vec<u8>]) -> Result<Option<Vec<u8>>, Trouble> {
    if objects.is_empty() {
        return Ok(None);
    }
    let snapshot = objects.iter().rposition(|object| object.starts_with(&SNAPSHOT));
    let Some(snapshot) = snapshot else {
        return Err(Trouble::permanent("the snapshot is missing"));
    };
    let behind = numbers.iter().zip(objects).skip(snapshot);
    let mut checkpoint = Vec::new();
    for (expected, (number, object)) in (numbers.get(snapshot).copied().unwrap_or(0)..).zip(behind)
    {
        let is_known = object.starts_with(&SNAPSHOT) || object.starts_with(&RECORD);
        if expected != *number || !is_known {
            return Err(Trouble::permanent(format!("object {expected} is missing or unknown")));
        }
        checkpoint.extend(object.iter().skip(HEAD));
    }
    Ok(Some(checkpoint))
}

impl Session for ObjectSession {
    fn may_run_here() -> bool {
        Runtime::may_run_here()
    }

    fn load(&mut self, key: &str) -> Result<Option<Vec<u8>>, Trouble> {
        for _ in 0..LOOKS {
            if let Loaded::Found(checkpoint) = self.try_load(key)? {
                return Ok(checkpoint);
            }
        }
        Err(Trouble::transient("each state was superseded before it was read"))
    }

    fn exists(&mut self, key: &str) -> Result<bool, Trouble> {
        Ok(self.epochs(key)?.holds_checkpoint())
    }

    fn list(&mut self) -> Result<Vec<String>, Trouble> {
        let objects = self.requests.list(self.layout.prefix())?;
        let jobs = Epochs::of(&self.layout, objects).into_iter();
        Ok(jobs.filter(|(_, epochs)| epochs.holds_checkpoint()).map(|(key, _)| key).collect())
    }

    /// Returns the holder by this machine's clock: reading the store's would take a write.
    fn held_by(&mut self, key: &str) -> Result<Option<String>, Trouble> {
        let held = self.held(&self.epochs(key)?)?;
        let held = held.filter(|held| SystemTime::now() < held.since + held.time + RESOLUTION);
        Ok(held.map(|held| held.holder))
    }

    /// Takes the lease. A run that was faster is found at the next look: it holds the lease, or has given it back already.
    fn acquire(&mut self, request: &AcquireRequest<'_>) -> Result<Acquired, Trouble> {
        for _ in 0..LOOKS {
            let epochs = self.epochs(request.key)?;
            self.prove()?;
            if let Some(epoch) = epochs.last()
                && request.over != Some(epoch)
                && let Some(held) = self.held(&epochs)?
                && !self.has_ended(request.key, &held)?
            {
                return Ok(Acquired::No { epoch, holder: held.holder });
            }
            let text = text(request.time, request.holder);
            if let Some(epoch) = self.begin(request.key, &text, epochs.last())? {
                return Ok(Acquired::Yes { epoch });
            }
        }
        Err(contended())
    }

    fn resume(&mut self, token: &LeaseToken) -> Result<u64, Trouble> {
        let epochs = self.epochs(&token.key)?;
        let Some(last) = epochs.last() else { return Err(Trouble::permanent(GONE)) };
        let holder = self.held(&epochs)?.map(|held| held.holder);
        if holder.as_ref() != Some(&token.holder) {
            return Err(Trouble::Lost(holder));
        }
        let begun = self.begin(&token.key, &text(token.time, &token.holder), Some(last))?;
        begun.ok_or_else(contended)
    }

    fn renew(&mut self, token: &LeaseToken) -> Result<(), Trouble> {
        let renewed = Instant::now();
        let lease = self.layout.lease(&token.key, token.epoch);
        self.requests.put(&lease, text(token.time, &token.holder).as_bytes())?;
        let next = self.layout.epoch(&token.key, token.epoch + 1);
        let behind = self.requests.list_after(&self.layout.job(&token.key), &next)?;
        // Behind all epochs is the clock, which a run writes that only waits for the lease to end.
        if behind.iter().any(|object| self.layout.read(&object.location).is_some()) {
            return Err(self.lost(token)?);
        }
        self.renewed = renewed;
        Ok(())
    }

    fn save(&mut self, token: &LeaseToken, checkpoint: &[u8]) -> Result<(), Trouble> {
        self.supersede(token, &[&SNAPSHOT, checkpoint].concat())
    }

    fn append(
        &mut self,
        token: &LeaseToken,
        number: u64,
        record: &[u8],
    ) -> Result<Appended, Trouble> {
        if number >= MOST_RECORDS {
            return Ok(Appended::No);
        }
        let path = self.add(token, &[&RECORD, record].concat())?;
        self.stale.push(path);
        Ok(Appended::Yes)
    }

    fn delete(&mut self, token: &LeaseToken) -> Result<(), Trouble> {
        self.supersede(token, DELETED)
    }

    fn release(&mut self, token: &LeaseToken) -> Result<(), Trouble> {
        self.requests.put(&self.layout.lease(&token.key, token.epoch), b"")
    }
}

/// Returns the contents of a lease's object: the lease time in milliseconds, and the holder's line.
fn text(time: Duration, holder: &str) -> String {
    format!("{} {holder}", time.as_millis())
}

fn contended() -> Trouble {
    Trouble::transient("another run was at the same objects")
}
