//! The operations of a backend, on a connection to Redis.

use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::io;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use ::redis::{
    Cmd, Connection, ErrorKind, FromRedisValue, RedisError, RedisResult, Script, ScriptInvocation,
    ServerErrorKind, cmd,
};

use super::scripts::Scripts;
use crate::network::{Acquired, Bid, Claim, Session, Trouble};
use crate::{Appended, Durability};

static SCRIPTS: LazyLock<Scripts> = LazyLock::new(Scripts::new);

const FORGOTTEN: &str = "the server has forgotten the lease (it was flushed, evicts keys, or lost some when it restarted), \
     and since it could not be renewed in time another run may have had it; run the job again";

/// A connection to Redis.
#[allow(missing_debug_implementations)] // No one outside comes by one.
pub struct RedisSession {
    connection: Connection,
    statement: Duration,
    prefix: String,
    /// Whether the server can say when it has synced a save; unless asked, it may.
    tells_syncs: bool,
}

type SharedError = Arc<dyn StdError + Send + Sync>;

/// What a script answers: how it went, and the epoch and the holder, as far as they matter.
type Answer = (String, Option<u64>, Option<String>);

impl RedisSession {
    pub(super) fn new(
        connection: Connection,
        statement: Duration,
        prefix: String,
    ) -> RedisResult<Self> {
        connection.set_read_timeout(Some(statement))?;
        connection.set_write_timeout(Some(statement))?;
        Ok(RedisSession { connection, statement, prefix, tells_syncs: true })
    }

    fn lease(&self, key: &str) -> String {
        format!("{{{}}}:lease:{key}", self.prefix)
    }

    fn checkpoint(&self, key: &str) -> String {
        format!("{{{}}}:checkpoint:{key}", self.prefix)
    }

    fn ask<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T, Trouble> {
        command.query(&mut self.connection).map_err(|error| trouble(error, self.statement))
    }

    fn invoke(&mut self, invocation: &ScriptInvocation<'_>) -> Result<Answer, Trouble> {
        invocation.invoke(&mut self.connection).map_err(|error| trouble(error, self.statement))
    }

    /// A script that is refused unless the claim holds, and what it needs for that.
    fn under<'s>(&self, claim: &Claim, script: &'s Script) -> ScriptInvocation<'s> {
        let mut invocation = script.prepare_invoke();
        invocation
            .key(self.lease(&claim.key))
            .key(self.checkpoint(&claim.key))
            .arg(claim.epoch)
            .arg(&claim.holder)
            .arg(millis(claim.time))
            .arg(u8::from(Instant::now() < claim.until));
        invocation
    }

    /// Runs such a script, and says whether it has done its work.
    fn claimed(&mut self, invocation: &ScriptInvocation<'_>) -> Result<bool, Trouble> {
        let (outcome, _, holder) = self.invoke(invocation)?;
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

    /// Waits until the server has synced what it was told, if the claim asks for that and the
    /// server can tell: from 7.2, with `appendonly`.
    fn sync(&mut self, claim: &Claim) -> Result<(), Trouble> {
        if !self.tells_syncs || claim.durability != Durability::Power {
            return Ok(());
        }
        // Its answer has to come before the connection's time is up.
        let limit = millis(self.statement / 2);
        let wait = cmd("WAITAOF").arg(1).arg(0).arg(limit).take();
        match self.ask(&wait) {
            Ok((1.., _replicas)) => Ok(()),
            Ok((0_u64, 0_u64..)) => Err(Trouble::passing("the server did not sync in time")),
            Err(Trouble::Lasting(refusal)) => {
                tracing::debug!(target: "safe_state", %refusal, "the server tells no syncs");
                self.tells_syncs = false;
                Ok(())
            }
            Err(trouble) => Err(trouble),
        }
    }
}

impl Session for RedisSession {
    fn load(&mut self, key: &str) -> Result<Option<Vec<u8>>, Trouble> {
        let stored = cmd("LRANGE").arg(self.checkpoint(key)).arg(0).arg(-1).take();
        let records: Vec<Vec<u8>> = self.ask(&stored)?;
        Ok((!records.is_empty()).then(|| records.concat()))
    }

    fn exists(&mut self, key: &str) -> Result<bool, Trouble> {
        let stored = cmd("EXISTS").arg(self.checkpoint(key)).take();
        self.ask(&stored)
    }

    fn list(&mut self) -> Result<Vec<String>, Trouble> {
        let start = self.checkpoint("");
        // A key may be given more than once.
        let mut keys = BTreeSet::new();
        let mut cursor = 0_u64;
        loop {
            let scan = cmd("SCAN").arg(cursor).arg("MATCH").arg(format!("{start}*")).take();
            let (next, found): (u64, Vec<String>) =
                self.ask(scan.clone().arg("COUNT").arg(1000))?;
            keys.extend(found.iter().filter_map(|key| Some(key.strip_prefix(&start)?.to_owned())));
            cursor = next;
            if cursor == 0 {
                return Ok(keys.into_iter().collect());
            }
        }
    }

    fn held_by(&mut self, key: &str) -> Result<Option<String>, Trouble> {
        let mut invocation = SCRIPTS.held_by.prepare_invoke();
        self.invoke(invocation.key(self.lease(key))).map(|(_, _, holder)| holder)
    }

    fn acquire(&mut self, bid: &Bid<'_>) -> Result<Acquired, Trouble> {
        let mut invocation = SCRIPTS.acquire.prepare_invoke();
        let over = bid.over.map(|epoch| epoch.to_string()).unwrap_or_default();
        invocation.key(self.lease(bid.key)).arg(bid.holder).arg(millis(bid.time)).arg(over);
        match self.invoke(&invocation)? {
            (_, Some(epoch), Some(holder)) => Ok(Acquired::No { epoch, holder }),
            (_, Some(epoch), None) => Ok(Acquired::Yes { epoch }),
            answer => Err(Trouble::lasting(format!("unexpected answer {answer:?}"))),
        }
    }

    fn resume(&mut self, claim: &Claim) -> Result<u64, Trouble> {
        let known = cmd("HGET").arg(self.lease(&claim.key)).arg("epoch").take();
        let found: Option<String> = self.ask(&known)?;
        let mut invocation = self.under(claim, &SCRIPTS.resume);
        match self.invoke(invocation.arg(found.unwrap_or_default()))? {
            (_, Some(epoch), _) => Ok(epoch),
            (outcome, None, holder) => Err(refused(&outcome, holder)),
        }
    }

    fn renew(&mut self, claim: &Claim) -> Result<(), Trouble> {
        self.claimed(&self.under(claim, &SCRIPTS.renew)).map(drop)
    }

    fn save(&mut self, claim: &Claim, checkpoint: &[u8]) -> Result<(), Trouble> {
        self.claimed(self.under(claim, &SCRIPTS.save).arg(checkpoint))?;
        self.sync(claim)
    }

    fn append(&mut self, claim: &Claim, number: u64, record: &[u8]) -> Result<Appended, Trouble> {
        if !self.claimed(self.under(claim, &SCRIPTS.append).arg(record).arg(number))? {
            return Ok(Appended::No);
        }
        self.sync(claim).map(|()| Appended::Yes)
    }

    fn delete(&mut self, claim: &Claim) -> Result<(), Trouble> {
        self.claimed(&self.under(claim, &SCRIPTS.delete))?;
        self.sync(claim)
    }

    fn release(&mut self, claim: &Claim) -> Result<(), Trouble> {
        let mut invocation = SCRIPTS.release.prepare_invoke();
        invocation.key(self.lease(&claim.key)).key(self.checkpoint(&claim.key)).arg(claim.epoch);
        self.invoke(&invocation).map(drop)
    }
}

fn refused(outcome: &str, holder: Option<String>) -> Trouble {
    match outcome {
        "lost" => Trouble::Lost(holder),
        "moved" => Trouble::passing("an earlier connection came between"),
        _ => Trouble::lasting(FORGOTTEN),
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// What an error is, of an operation that may take so long.
pub(super) fn trouble(error: RedisError, limit: Duration) -> Trouble {
    if error.is_timeout() {
        return Trouble::no_answer(limit);
    }
    let may_pass = match error.kind() {
        ErrorKind::Io => !is_about_certificates(&error),
        // What a broken connection has left of an answer.
        ErrorKind::Parse => true,
        ErrorKind::Server(kind) => matches!(
            kind,
            ServerErrorKind::BusyLoading
                | ServerErrorKind::ReadOnly
                | ServerErrorKind::MasterDown
                | ServerErrorKind::ClusterDown
                | ServerErrorKind::TryAgain
        ),
        _ => error.code() == Some("BUSY"),
    };
    if may_pass { Trouble::passing(error) } else { Trouble::lasting(error) }
}

fn is_about_certificates(error: &RedisError) -> bool {
    // The driver's source is the pointer, not what it leads to.
    let source = error.source().and_then(<dyn StdError>::downcast_ref::<SharedError>);
    let source = source.and_then(|source| source.downcast_ref::<io::Error>());
    source.is_some_and(|source| source.kind() == io::ErrorKind::InvalidData)
}
