//! A server in this process, for tests, which fails like a network when told to.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::{AcquireRequest, Acquired, Connect, LeaseToken, Session, Timeouts, Trouble};
use safe_state_backends::Appended;

#[derive(Clone, Default)]
pub(super) struct Server(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    rows: BTreeMap<String, Row>,
    faults: BTreeMap<&'static str, VecDeque<Fault>>,
    connections: usize,
    /// Whether a connection can have another lease.
    keeps: bool,
    late: Vec<Late>,
}

/// A request that reaches the server after its connection is gone.
type Late = Box<dyn FnOnce(&mut State) + Send>;

struct Row {
    epoch: u64,
    holder: Option<String>,
    ends: Instant,
    checkpoint: Option<Vec<Vec<u8>>>,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Fault {
    /// The connection breaks before the server has done anything.
    Before,
    /// The connection breaks after the server has done the work.
    After,
    /// The connection breaks, and the request stays on its way until [`Server::deliver`].
    Late,
    /// The server refuses the request.
    Refusal,
    Panic,
}

impl Server {
    /// Makes the next `times` calls of `operation` fail with `fault`.
    pub(super) fn disturb(&self, operation: &'static str, fault: Fault, times: usize) {
        let mut state = self.0.lock().unwrap();
        state.faults.entry(operation).or_default().extend(vec![fault; times]);
    }

    /// Lets each connection have another lease.
    pub(super) fn keep_connections(&self) {
        self.0.lock().unwrap().keeps = true;
    }

    /// Returns the number of connections that are open, and of handles of the server.
    pub(super) fn handles(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    pub(super) fn connections(&self) -> usize {
        self.0.lock().unwrap().connections
    }

    /// Ends the lease, as the server's clock would.
    pub(super) fn end_lease(&self, key: &str) {
        self.0.lock().unwrap().rows.get_mut(key).unwrap().ends = Instant::now();
    }

    /// Delivers the requests that are still on their way.
    pub(super) fn deliver(&self) {
        let mut state = self.0.lock().unwrap();
        for work in std::mem::take(&mut state.late) {
            work(&mut state);
        }
    }

    /// Stores that somebody has the lease.
    pub(super) fn hold(&self, key: &str, holder: &str) {
        let ends = Instant::now() + Duration::from_secs(60);
        let row = Row { epoch: 1, holder: Some(holder.to_owned()), ends, checkpoint: None };
        self.0.lock().unwrap().rows.insert(key.to_owned(), row);
    }

    fn call<T>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&mut State) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Trouble> {
        let mut state = self.0.lock().unwrap();
        let fault = state.faults.get_mut(operation).and_then(VecDeque::pop_front);
        match fault {
            None => work(&mut state),
            Some(Fault::Before) => Err(Trouble::transient("the connection broke")),
            Some(Fault::After) => {
                work(&mut state)?;
                Err(Trouble::transient("the answer was lost"))
            }
            Some(Fault::Late) => {
                state.late.push(Box::new(|state| drop(work(state))));
                Err(Trouble::transient("the connection broke"))
            }
            Some(Fault::Refusal) => Err(Trouble::permanent("the disk is full")),
            Some(Fault::Panic) => {
                drop(state);
                panic!("the driver panicked");
            }
        }
    }
}

impl State {
    fn claimed(&mut self, token: &LeaseToken) -> Result<&mut Row, Trouble> {
        match self.rows.get_mut(&token.key) {
            Some(row) if row.epoch == token.epoch => {
                row.ends = Instant::now() + token.time;
                Ok(row)
            }
            row => Err(lost(row)),
        }
    }
}

fn lost(row: Option<&mut Row>) -> Trouble {
    Trouble::Lost(row.and_then(|row| row.holder.clone()))
}

impl Connect for Server {
    type Session = Server;

    fn connect(&self, _: Timeouts) -> Result<Server, Trouble> {
        self.call("connect", |state| {
            state.connections += 1;
            Ok(())
        })?;
        Ok(self.clone())
    }

    fn place(&self) -> String {
        "fake://server".to_owned()
    }
}

impl Session for Server {
    fn is_reusable(&mut self) -> bool {
        self.0.lock().unwrap().keeps
    }

    fn load(&mut self, key: &str) -> Result<Option<Vec<u8>>, Trouble> {
        let key = key.to_owned();
        self.call("load", move |state| {
            let row = state.rows.get(&key);
            Ok(row.and_then(|row| row.checkpoint.as_ref()).map(|records| records.concat()))
        })
    }

    fn exists(&mut self, key: &str) -> Result<bool, Trouble> {
        Ok(self.load(key)?.is_some())
    }

    fn list(&mut self) -> Result<Vec<String>, Trouble> {
        self.call("list", |state| {
            let stored = state.rows.iter().filter(|(_, row)| row.checkpoint.is_some());
            Ok(stored.map(|(key, _)| key.clone()).collect())
        })
    }

    fn held_by(&mut self, key: &str) -> Result<Option<String>, Trouble> {
        let key = key.to_owned();
        self.call("held_by", move |state| {
            let row = state.rows.get(&key).filter(|row| row.ends > Instant::now());
            Ok(row.and_then(|row| row.holder.clone()))
        })
    }

    fn acquire(&mut self, request: &AcquireRequest<'_>) -> Result<Acquired, Trouble> {
        let (key, holder) = (request.key.to_owned(), request.holder.to_owned());
        let (time, over) = (request.time, request.over);
        self.call("acquire", move |state| {
            let row = state.rows.entry(key).or_insert_with(|| Row {
                epoch: 0,
                holder: None,
                ends: Instant::now(),
                checkpoint: None,
            });
            if let Some(holder) = &row.holder
                && row.ends > Instant::now()
                && over != Some(row.epoch)
            {
                return Ok(Acquired::No { epoch: row.epoch, holder: holder.clone() });
            }
            row.epoch += 1;
            row.holder = Some(holder);
            row.ends = Instant::now() + time;
            Ok(Acquired::Yes { epoch: row.epoch })
        })
    }

    fn resume(&mut self, token: &LeaseToken) -> Result<u64, Trouble> {
        let token = token.clone();
        self.call("resume", move |state| match state.rows.get_mut(&token.key) {
            Some(row) if row.holder.as_ref() == Some(&token.holder) => {
                row.epoch += 1;
                Ok(row.epoch)
            }
            row => Err(lost(row)),
        })
    }

    fn renew(&mut self, token: &LeaseToken) -> Result<(), Trouble> {
        let token = token.clone();
        self.call("renew", move |state| state.claimed(&token).map(drop))
    }

    fn save(&mut self, token: &LeaseToken, checkpoint: &[u8]) -> Result<(), Trouble> {
        let (token, checkpoint) = (token.clone(), checkpoint.to_vec());
        self.call("save", move |state| {
            state.claimed(&token)?.checkpoint = Some(vec![checkpoint]);
            Ok(())
        })
    }

    fn append(
        &mut self,
        token: &LeaseToken,
        number: u64,
        record: &[u8],
    ) -> Result<Appended, Trouble> {
        let (token, record) = (token.clone(), record.to_vec());
        self.call("append", move |state| {
            let records = state.claimed(&token)?.checkpoint.as_mut().unwrap();
            assert_eq!(records.len() as u64, number + 1, "a record is missing, or there twice");
            records.push(record);
            Ok(Appended::Yes)
        })
    }

    fn delete(&mut self, token: &LeaseToken) -> Result<(), Trouble> {
        let token = token.clone();
        self.call("delete", move |state| {
            state.claimed(&token)?.checkpoint = None;
            Ok(())
        })
    }

    fn release(&mut self, token: &LeaseToken) -> Result<(), Trouble> {
        let token = token.clone();
        self.call("release", move |state| {
            state.claimed(&token)?.holder = None;
            Ok(())
        })
    }
}
