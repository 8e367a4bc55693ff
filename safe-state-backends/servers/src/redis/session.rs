//! The operations of the backend on a connection to Redis.

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use ::redis::{
    Cmd, Connection, ErrorKind, FromRedisValue, RedisError, RedisResult, ServerErrorKind, Value,
    cmd, from_redis_value,
};

use super::error::{is_a_replicas, tells_no_syncs, trouble};
use super::reach::{At, Reach};
use super::scripts::{Call, Lua, Scripts};
use crate::network::{AcquireRequest, Acquired, LeaseToken, Session, Timeouts, Trouble};
use safe_state_backends::size::too_large;
use safe_state_backends::{Appended, Durability};

static SCRIPTS: LazyLock<Scripts> = LazyLock::new(Scripts::new);

const FORGOTTEN: &str = "the server has forgotten the lease (it was flushed, evicts keys, or lost some when it restarted), \
     and since it could not be renewed in time another run may have had it; run the job again";

const NOT_SYNCED: &str = "the server did not sync in time; with `appendfsync no` it never does: let it have `everysec` or \
     `always`, or let the user have the right `+config|get`, to find that out";

/// The error of a server that may remove the keys of a run.
#[derive(Debug, thiserror::Error)]
#[error(
    "the server removes keys when its memory is full (`maxmemory-policy` is `{policy}`), so it may forget what was saved, \
     and who runs a job, and two runs could both begin; let it have `noeviction` or one of the `volatile-` policies, \
     or use another server"
)]
struct Evicts {
    policy: String,
}

/// The error of a server that copies another. A replica may accept writes (`replica-read-only no`).
#[derive(Debug, thiserror::Error)]
#[error(
    "the server is a replica: what is saved there, if it accepts that, is lost when it next copies its master; connect to \
     the master"
)]
struct Replica;

/// A connection to Redis.
#[allow(missing_debug_implementations)] // No code outside of the crate gets one.
pub struct RedisSession {
    reach: Reach,
    connection: Connection,
    /// The server that `connection` leads to.
    at: At,
    elsewhere: Elsewhere,
    timeouts: Timeouts,
    prefix: String,
    /// Whether the server can say when it has synced a save; true until it says that it can't.
    tells_syncs: bool,
    /// The largest size in bytes of a checkpoint that is loaded.
    largest: u64,
}

/// The node that the keys are being moved to.
#[derive(Default)]
struct Elsewhere {
    /// The connection to it, with its address.
    node: Option<(String, Connection)>,
    /// Whether that node has done the last operation.
    was_there: bool,
}

/// The answer of a script: the outcome, and the epoch and the holder where they matter.
type Answer = (String, Option<u64>, Option<String>);

impl RedisSession {
    pub(super) fn new(reach: Reach, timeouts: Timeouts, prefix: String) -> RedisResult<Self> {
        let (connection, at) = reach.connect(timeouts.connect)?;
        limit(&connection, timeouts)?;
        Ok(RedisSession {
            reach,
            connection,
            at,
            elsewhere: Elsewhere::default(),
            timeouts,
            prefix,
            tells_syncs: true,
            largest: u64::MAX,
        })
    }

    fn lease(&self, key: &str) -> String {
        format!("{{{}}}:lease:{key}", self.prefix)
    }

    fn checkpoint(&self, key: &str) -> String {
        format!("{{{}}}:checkpoint:{key}", self.prefix)
    }

    fn ask<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T, Trouble> {
        let asked = command.query(&mut self.connection);
        self.followed(asked, |connection| command.query(connection))
    }

    fn run<T: FromRedisValue>(&mut self, call: &Call) -> Result<T, Trouble> {
        let asked = call.run(&mut self.connection);
        self.followed(asked, |connection| call.run_untold(connection))
    }

    /// Returns the answer, or that of another node if the first says that the keys are being moved there. If they have moved
    /// for good, the new node is remembered, and the next attempt asks it.
    fn followed<T>(
        &mut self,
        asked: RedisResult<T>,
        again: impl FnOnce(&mut Connection) -> RedisResult<T>,
    ) -> Result<T, Trouble> {
        self.elsewhere.was_there = false;
        let Err(error) = asked else { return asked.map_err(|error| self.trouble(error)) };
        let address = error.redirect_node().map(|(address, _)| address.to_owned());
        match (error.kind(), address) {
            (ErrorKind::Server(ServerErrorKind::Moved), Some(address)) => {
                self.reach.moved(&address);
                Err(Trouble::transient(error))
            }
            (ErrorKind::Server(ServerErrorKind::Ask), Some(address)) => {
                let answered = self.elsewhere(&address).and_then(|connection| {
                    cmd("ASKING").exec(connection)?;
                    again(connection)
                });
                answered.map_err(|error| self.trouble(error))
            }
            _ => Err(self.trouble(error)),
        }
    }

    fn elsewhere(&mut self, address: &str) -> RedisResult<&mut Connection> {
        let known = self.elsewhere.node.take().filter(|(known, _)| known == address);
        let other = if let Some(known) = known {
            known
        } else {
            let connection = self.reach.elsewhere(address, self.timeouts.connect)?;
            limit(&connection, self.timeouts)?;
            (address.to_owned(), connection)
        };
        self.elsewhere.was_there = true;
        Ok(&mut self.elsewhere.node.insert(other).1)
    }

    fn trouble(&self, error: RedisError) -> Trouble {
        trouble(error, self.timeouts.statement)
    }

    /// Returns a call of a script that is refused unless the token holds, on the lease's key and the keys `keys`.
    fn under(&self, token: &LeaseToken, script: &'static Lua, keys: &[String]) -> Call {
        let keys = [&[self.lease(&token.key)], keys].concat();
        script
            .on(&keys)
            .arg(token.epoch)
            .arg(&token.holder)
            .arg(millis(token.time))
            .arg(u8::from(Instant::now() < token.until))
    }

    /// Returns a call of a script that is refused unless the token holds, on the keys of the lease and the checkpoint.
    fn under_both(&self, token: &LeaseToken, script: &'static Lua) -> Call {
        self.under(token, script, &[self.checkpoint(&token.key)])
    }

    /// Runs a script that is refused unless the token holds. Returns whether it did its work; false for an append behind a gap.
    fn claimed(&mut self, call: &Call) -> Result<bool, Trouble> {
        let (outcome, _, holder): Answer = self.run(call)?;
        match outcome.as_str() {
            "done" => Ok(true),
            "restored" => {
                tracing::warn!(target: "safe_state", "the server had forgotten the lease, and was told of it again");
                Ok(true)
            }
            "gap" => Ok(false),
            outcome => Err(refused(outcome, holder)),
        }
    }

    /// Waits until the server has synced the last write, if the token's durability requires it and the server can tell: from
    /// 7.2 on, with `appendonly`.
    fn sync(&mut self, token: &LeaseToken) -> Result<(), Trouble> {
        let tells = self.tells_syncs && !self.reach.never_syncs(&self.at);
        if !tells || token.durability != Durability::Power {
            return Ok(());
        }
        // The answer has to come before the connection's time limit.
        let limit = millis(self.timeouts.statement / 2);
        let wait = cmd("WAITAOF").arg(1).arg(0).arg(limit).take();
        let connection = match &mut self.elsewhere.node {
            Some((_, connection)) if self.elsewhere.was_there => connection,
            _ => &mut self.connection,
        };
        match wait.query(connection) {
            Ok((1.., _replicas)) => Ok(()),
            Ok((0_u64, 0_u64..)) => Err(Trouble::transient(NOT_SYNCED)),
            Err(refusal) if tells_no_syncs(&refusal) => {
                tracing::debug!(target: "safe_state", %refusal, "the server tells no syncs");
                self.tells_syncs = false;
                Ok(())
            }
            Err(error) if is_a_replicas(&error) => Err(Trouble::transient(error)),
            Err(error) => Err(self.trouble(error)),
        }
    }

    fn give_back(&mut self, key: &str, epoch: u64) -> Result<(), Trouble> {
        let keys = [self.lease(key), self.checkpoint(key)];
        self.run::<Answer>(&SCRIPTS.release.on(&keys).arg(epoch)).map(drop)
    }

    /// Runs a script that loads a checkpoint, and returns it.
    fn loaded(&mut self, call: &Call) -> Result<Option<Vec<u8>>, Trouble> {
        let (outcome, second, third): (String, Value, Value) = self.run(call)?;
        let unread = |error| Trouble::permanent(RedisError::from(error));
        if outcome != "loaded" {
            return Err(refused(&outcome, from_redis_value(third).map_err(unread)?));
        }
        let bytes: u64 = from_redis_value(second).map_err(unread)?;
        if bytes > self.largest {
            return Err(Trouble::permanent(too_large(bytes, self.largest)));
        }
        let records: Vec<Vec<u8>> = from_redis_value(third).map_err(unread)?;
        Ok((!records.is_empty()).then(|| records.concat()))
    }
}

impl Session for RedisSession {
    fn is_reusable(&mut self) -> bool {
        self.elsewhere.node.is_none() && ::redis::ConnectionLike::is_open(&self.connection)
    }

    fn load(&mut self, key: &str) -> Result<Option<Vec<u8>>, Trouble> {
        self.loaded(&SCRIPTS.load.on(&[self.checkpoint(key)]).arg(self.largest))
    }

    fn load_held(&mut self, token: &LeaseToken) -> Result<Option<Vec<u8>>, Trouble> {
        self.loaded(&self.under_both(token, &SCRIPTS.held.load).arg(self.largest))
    }

    fn load_current(&mut self, token: &LeaseToken, key: &str) -> Result<Option<Vec<u8>>, Trouble> {
        let call = self.under(token, &SCRIPTS.held.load, &[self.checkpoint(key)]);
        self.loaded(&call.arg(self.largest))
    }

    fn limit_size(&mut self, bytes: u64) {
        self.largest = bytes;
    }

    fn exists(&mut self, key: &str) -> Result<bool, Trouble> {
        let stored = cmd("EXISTS").arg(self.checkpoint(key)).take();
        self.ask(&stored)
    }

    fn list(&mut self) -> Result<Vec<String>, Trouble> {
        let start = self.checkpoint("");
        // Any node would list its own keys. The question before makes sure that the list comes from the node that has the keys,
        // and while they are being moved, from both nodes.
        let _: bool = self.ask(&cmd("EXISTS").arg(&start).take())?;
        let mut keys = BTreeSet::new();
        let others = self.elsewhere.node.as_mut().map(|(_, connection)| connection);
        for connection in [Some(&mut self.connection), others].into_iter().flatten() {
            let found = scan(connection, &format!("{start}*"));
            let found = found.map_err(|error| trouble(error, self.timeouts.statement))?;
            keys.extend(found.iter().filter_map(|key| Some(key.strip_prefix(&start)?.to_owned())));
        }
        Ok(keys.into_iter().collect())
    }

    fn held_by(&mut self, key: &str) -> Result<Option<String>, Trouble> {
        let (_, _, holder): Answer = self.run(&SCRIPTS.held_by.on(&[self.lease(key)]))?;
        Ok(holder)
    }

    fn acquire(&mut self, request: &AcquireRequest<'_>) -> Result<Acquired, Trouble> {
        let over = request.over.map(|epoch| epoch.to_string()).unwrap_or_default();
        let call = SCRIPTS.acquire.on(&[self.lease(request.key)]);
        let answer: Answer =
            self.run(&call.arg(request.holder).arg(millis(request.time)).arg(over))?;
        let policy = self.reach.learn(&mut self.connection, &self.at);
        match answer {
            (_, Some(epoch), Some(holder)) => Ok(Acquired::No { epoch, holder }),
            (_, Some(epoch), None) => match policy {
                None => Ok(Acquired::Yes { epoch }),
                Some(policy) => {
                    self.give_back(request.key, epoch)?;
                    Err(Trouble::permanent(Evicts { policy }))
                }
            },
            (outcome, None, holder) => Err(refused(&outcome, holder)),
        }
    }

    fn resume(&mut self, token: &LeaseToken) -> Result<u64, Trouble> {
        let known = cmd("HGET").arg(self.lease(&token.key)).arg("epoch").take();
        let found: Option<String> = self.ask(&known)?;
        let call = self.under(token, &SCRIPTS.resume, &[]).arg(found.unwrap_or_default());
        // It may be another server than before, as after a failover.
        if let Some(policy) = self.reach.learn(&mut self.connection, &self.at) {
            return Err(Trouble::permanent(Evicts { policy }));
        }
        match self.run::<Answer>(&call)? {
            (_, Some(epoch), _) => Ok(epoch),
            (outcome, None, holder) => Err(refused(&outcome, holder)),
        }
    }

    fn renew(&mut self, token: &LeaseToken) -> Result<(), Trouble> {
        self.claimed(&self.under(token, &SCRIPTS.held.renew, &[])).map(drop)
    }

    fn save(&mut self, token: &LeaseToken, checkpoint: &[u8]) -> Result<(), Trouble> {
        self.claimed(&self.under_both(token, &SCRIPTS.held.save).arg(checkpoint))?;
        self.sync(token)
    }

    fn append(
        &mut self,
        token: &LeaseToken,
        number: u64,
        record: &[u8],
    ) -> Result<Appended, Trouble> {
        if !self.claimed(&self.under_both(token, &SCRIPTS.held.append).arg(record).arg(number))? {
            return Ok(Appended::No);
        }
        self.sync(token).map(|()| Appended::Yes)
    }

    fn delete(&mut self, token: &LeaseToken) -> Result<(), Trouble> {
        self.claimed(&self.under_both(token, &SCRIPTS.held.delete))?;
        self.sync(token)
    }

    fn release(&mut self, token: &LeaseToken) -> Result<(), Trouble> {
        self.give_back(&token.key, token.epoch)
    }
}

/// Returns the keys of a server that match the pattern. A key may be returned more than once.
fn scan(connection: &mut Connection, pattern: &str) -> RedisResult<Vec<String>> {
    let mut keys = Vec::new();
    let mut cursor = 0_u64;
    loop {
        let scan = cmd("SCAN").arg(cursor).arg("MATCH").arg(pattern).arg("COUNT").arg(1000).take();
        let (next, found): (u64, Vec<String>) = scan.query(connection)?;
        keys.extend(found);
        cursor = next;
        if cursor == 0 {
            return Ok(keys);
        }
    }
}

fn limit(connection: &Connection, timeouts: Timeouts) -> RedisResult<()> {
    connection.set_read_timeout(Some(timeouts.statement))?;
    connection.set_write_timeout(Some(timeouts.statement))
}

fn refused(outcome: &str, holder: Option<String>) -> Trouble {
    match outcome {
        "lost" => Trouble::Lost(holder),
        "replica" => Trouble::transient(Replica),
        "moved" => Trouble::transient("an earlier connection came between"),
        _ => Trouble::permanent(FORGOTTEN),
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
