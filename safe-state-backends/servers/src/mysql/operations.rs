//! The operations of the backend, in the form of statements.

use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::session::{MySqlSession, held, literal, or_no_table};
use crate::network::runtime::Runtime;
use crate::network::{AcquireRequest, Acquired, LeaseToken, Listed, Session, Trouble};
use safe_state_backends::Appended;
use safe_state_backends::tables::Tables;

/// The error of a NULL in a column that does not accept it.
const IS_NULL: u16 = 1048;
/// The errors of a server that can't run the overview: it can't parse the statement, like 5.7, which has no window functions,
/// or it has too little memory for it.
const NOT_IN_ONE: [u16; 2] = [1064, 1038];

/// The largest checkpoint, in bytes, that an overview contains, and the largest sum of all.
const LARGE: u64 = 1 << 18;
const MANY: u64 = 1 << 28;

impl Session for MySqlSession {
    fn may_run_here() -> bool {
        Runtime::may_run_here()
    }

    fn is_reusable(&mut self) -> bool {
        self.extended = None;
        self.is_idle()
    }

    fn load(&mut self, key: &str) -> Result<Option<Vec<u8>>, Trouble> {
        // One statement sees one state.
        let (records, job) = (&self.tables.records, literal(key));
        let query = format!("SELECT record FROM {records} WHERE job = {job} ORDER BY number");
        self.current(|session| session.records(&query))
    }

    fn load_held(&mut self, token: &LeaseToken) -> Result<Option<Vec<u8>>, Trouble> {
        self.load_current(token, &token.key)
    }

    fn load_current(&mut self, token: &LeaseToken, key: &str) -> Result<Option<Vec<u8>>, Trouble> {
        let (records, job) = (&self.tables.records, literal(key));
        let query =
            format!("SELECT record FROM {records} WHERE job = {job} ORDER BY number FOR UPDATE");
        self.extended(token, |session| session.records(&query))
    }

    fn limit_size(&mut self, bytes: u64) {
        self.largest = bytes;
    }

    fn exists(&mut self, key: &str) -> Result<bool, Trouble> {
        let (records, job) = (&self.tables.records, literal(key));
        let query = format!("SELECT 1 FROM {records} WHERE job = {job} LIMIT 1");
        let found: Option<Option<u8>> = self.current(|session| {
            session.call(async |conn| or_no_table(conn.query_first(query).await))
        })?;
        Ok(found.flatten().is_some())
    }

    fn list(&mut self) -> Result<Vec<String>, Trouble> {
        let query = format!("SELECT job FROM {} WHERE number = 0", self.tables.records);
        let keys: Option<Vec<String>> = self
            .current(|session| session.call(async |conn| or_no_table(conn.query(query).await)))?;
        Ok(keys.unwrap_or_default())
    }

    fn overview(&mut self) -> Result<Option<Vec<Listed>>, Trouble> {
        let Tables { jobs, records, .. } = &self.tables;
        // Large checkpoints are left out, and all others once the sum is too large.
        let query = format!(
            "SELECT kept.job, IF(own <= {LARGE} AND so_far <= {MANY}, record, NULL), holder FROM (
                 SELECT job, number, record, SUM(LENGTH(record)) OVER (PARTITION BY job) AS own,
                 SUM(LENGTH(record)) OVER (ORDER BY job) AS so_far FROM {records}
             ) AS kept LEFT JOIN {jobs} AS leases
             ON leases.job = kept.job AND ends > UTC_TIMESTAMP(6) ORDER BY kept.job, number"
        );
        let asked = async |conn: &mut Conn| match conn.query(query).await {
            Err(mysql_async::Error::Server(error)) if NOT_IN_ONE.contains(&error.code) => Ok(None),
            rows => or_no_table(rows).map(|rows| Some(rows.unwrap_or_default())),
        };
        let rows = self.current(|session| session.call(asked))?;
        let Some(rows) = rows else { return Ok(None) };
        let mut listed: Vec<Listed> = Vec::new();
        for row in rows {
            let (key, record, holder): (String, Option<Vec<u8>>, Option<String>) = row;
            match listed.last_mut().filter(|last| last.key == key) {
                Some(Listed { checkpoint, .. }) => {
                    if let (Some(bytes), Some(record)) = (checkpoint, record) {
                        bytes.extend(record);
                    }
                }
                None => listed.push(Listed { key, checkpoint: record, holder }),
            }
        }
        Ok(Some(listed))
    }

    fn held_by(&mut self, key: &str) -> Result<Option<String>, Trouble> {
        let (jobs, job) = (&self.tables.jobs, literal(key));
        let query =
            format!("SELECT holder FROM {jobs} WHERE job = {job} AND ends > UTC_TIMESTAMP(6)");
        let row: Option<Option<Option<String>>> = self.current(|session| {
            session.call(async |conn| or_no_table(conn.query_first(query).await))
        })?;
        Ok(row.flatten().flatten())
    }

    fn acquire(&mut self, request: &AcquireRequest<'_>) -> Result<Acquired, Trouble> {
        self.may_write()?;
        self.prepare_tables()?;
        let (jobs, job) = (&self.tables.jobs, literal(request.key));
        let first = format!(
            "INSERT IGNORE INTO {jobs} (job, epoch, ends) VALUES ({job}, 0, UTC_TIMESTAMP(6))"
        );
        let query = format!(
            "SELECT epoch, holder, ends <= UTC_TIMESTAMP(6) FROM {jobs} WHERE job = {job} FOR UPDATE"
        );
        self.changes(&first)?;
        let take = |session: &mut Self| {
            let found = session.call(async |conn| conn.query_first(query).await)?;
            let Some((epoch, holder, has_ended)): Option<(u64, Option<String>, bool)> = found
            else {
                return Err(Trouble::transient("the row of the job was removed just now"));
            };
            match holder {
                Some(holder) if !has_ended && request.over != Some(epoch) => {
                    Ok(Acquired::No { epoch, holder })
                }
                _ => {
                    session.take(request.key, request.holder, request.time)?;
                    Ok(Acquired::Yes { epoch: epoch + 1 })
                }
            }
        };
        self.current(|session| session.locked(take))
    }

    fn resume(&mut self, token: &LeaseToken) -> Result<u64, Trouble> {
        self.may_write()?;
        let take_up = |session: &mut Self| match session.holder(&token.key, "FOR UPDATE")? {
            Some((epoch, Some(holder))) if holder == token.holder => {
                session.take(&token.key, &token.holder, token.time)?;
                Ok(epoch + 1)
            }
            other => Err(Trouble::Lost(other.and_then(|(_, holder)| holder))),
        };
        self.current(|session| session.locked(take_up))
    }

    fn renew(&mut self, token: &LeaseToken) -> Result<(), Trouble> {
        self.extend(token)
    }

    fn save(&mut self, token: &LeaseToken, checkpoint: &[u8]) -> Result<(), Trouble> {
        let (records, job) = (&self.tables.records, literal(&token.key));
        let clear = format!("DELETE FROM {records} WHERE job = {job}");
        let insert = format!("INSERT INTO {records} (job, number, record) VALUES ({job}, 0, ?)");
        self.locked(|session| {
            session.extend(token)?;
            session.changes(&clear)?;
            session.call(async |conn| conn.exec_drop(insert, (checkpoint,)).await)
        })
    }

    /// Appends a record. The statement locks the lease's row and does not change it, so it is a single one; the lease is
    /// extended separately, when a sixth of its time has passed. In a cluster, each append changes the row.
    fn append(
        &mut self,
        token: &LeaseToken,
        number: u64,
        record: &[u8],
    ) -> Result<Appended, Trouble> {
        if self.kind.is_galera {
            self.locked(|session| {
                session.extend(token)?;
                session.insert(token, number, record)
            })?;
            return Ok(Appended::Yes);
        }
        self.insert(token, number, record)?;
        if self.extended.is_none_or(|extended| extended.elapsed() > token.time / 6) {
            self.extend(token)?;
        }
        Ok(Appended::Yes)
    }

    fn holds(
        &mut self,
        token: &LeaseToken,
        number: Option<u64>,
        bytes: &[u8],
    ) -> Result<bool, Trouble> {
        let (records, job) = (&self.tables.records, literal(&token.key));
        let stored = number.map_or(0, |number| number + 1);
        let query = format!(
            "SELECT 1 FROM {records} WHERE job = {job} AND number = {stored} AND record = ? FOR UPDATE"
        );
        let found: Option<u8> = self.extended(token, |session| {
            session.call(async |conn| conn.exec_first(query, (bytes,)).await)
        })?;
        Ok(found.is_some())
    }

    fn delete(&mut self, token: &LeaseToken) -> Result<(), Trouble> {
        let (records, job) = (&self.tables.records, literal(&token.key));
        let clear = format!("DELETE FROM {records} WHERE job = {job}");
        self.locked(|session| {
            session.extend(token)?;
            session.changes(&clear).map(drop)
        })
    }

    fn release(&mut self, token: &LeaseToken) -> Result<(), Trouble> {
        let statement =
            format!("UPDATE {} SET holder = NULL WHERE {}", self.tables.jobs, held(token));
        self.changes(&statement).map(drop)
    }
}

impl MySqlSession {
    /// Runs `read`, a statement that locks, in a transaction that has written. A proxy that sends reads to a replica sends
    /// neither of these there.
    fn extended<T>(
        &mut self,
        token: &LeaseToken,
        read: impl FnOnce(&mut Self) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        self.current(|session| {
            session.locked(|session| {
                session.extend(token)?;
                read(session)
            })
        })
    }

    /// Adds a record, if the token holds the lease, whose row is locked. If not, the subquery selects NULL, which the column does
    /// not accept. That costs the server less than an `INSERT .. SELECT`, and values that stay the same under the lease are in
    /// its text, because parameters would cost more.
    fn insert(&mut self, token: &LeaseToken, number: u64, record: &[u8]) -> Result<(), Trouble> {
        let Tables { jobs, records, .. } = &self.tables;
        let held = held(token);
        let statement = format!(
            "INSERT INTO {records} (job, number, record) VALUES ((
                 SELECT job FROM {jobs} WHERE {held} LOCK IN SHARE MODE
             ), ?, ?)"
        );
        let parameters = (number + 1, record);
        let inserted =
            self.call(async |conn| match conn.exec_drop(statement, parameters).await {
                Err(mysql_async::Error::Server(error)) if error.code == IS_NULL => Ok(Err(error)),
                inserted => inserted.map(Ok),
            })?;
        match inserted {
            Ok(()) => Ok(()),
            Err(error) => {
                self.check(token)?;
                Err(Trouble::transient(error))
            }
        }
    }
}
