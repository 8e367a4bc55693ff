//! The operations of the backend, in the form of statements.

use std::time::Instant;

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::session::{Parameter, PostgresSession, first, held, taking};
use super::statements::{NOW, PRIMARY};
use crate::network::runtime::Runtime;
use crate::network::{AcquireRequest, Acquired, LeaseToken, Listed, Session, Trouble};
use safe_state_backends::size::too_large;
use safe_state_backends::tables::Tables;
use safe_state_backends::{Appended, Durability};

/// The largest checkpoint, in bytes, that an overview contains, and the largest sum of all.
const LARGE: i64 = 1 << 18;
const MANY: i64 = 1 << 28;

impl Session for PostgresSession {
    fn may_run_here() -> bool {
        Runtime::may_run_here()
    }

    fn is_reusable(&mut self) -> bool {
        self.extended = None;
        !self.client.is_closed()
    }

    fn load(&mut self, key: &str) -> Result<Option<Vec<u8>>, Trouble> {
        let limit = self.limit();
        let query = format!(
            "{PRIMARY} {} ORDER BY number",
            stored(&format!("FROM {} WHERE job = $1 AND {NOW}", self.tables.records), "$2")
        );
        let rows = self.asked(&query, &[(&key, Type::TEXT), (&limit, Type::INT8)])?;
        self.joined(&rows)
    }

    /// Loads by a statement that also writes, so that it runs where the lease is written, and not on a replica.
    fn load_held(&mut self, token: &LeaseToken) -> Result<Option<Vec<u8>>, Trouble> {
        let limit = self.limit();
        let query = format!(
            "{} ORDER BY number",
            stored(&format!("FROM held LEFT JOIN {} USING (job)", self.tables.records), "$5")
        );
        let rows = self.extended(token, &query, &[(&limit, Type::INT8)])?;
        self.joined(&rows)
    }

    fn load_current(&mut self, token: &LeaseToken, key: &str) -> Result<Option<Vec<u8>>, Trouble> {
        let limit = self.limit();
        let query = format!(
            "{} ORDER BY number",
            stored(
                &format!(
                    "FROM held LEFT JOIN {} AS records ON records.job = $6",
                    self.tables.records
                ),
                "$5"
            )
        );
        let rows = self.extended(token, &query, &[(&limit, Type::INT8), (&key, Type::TEXT)])?;
        self.joined(&rows)
    }

    fn limit_size(&mut self, bytes: u64) {
        self.largest = bytes;
    }

    fn exists(&mut self, key: &str) -> Result<bool, Trouble> {
        let query = format!(
            "{PRIMARY} SELECT 1 FROM {} WHERE job = $1 AND {NOW} LIMIT 1",
            self.tables.records
        );
        Ok(!self.asked(&query, &[(&key, Type::TEXT)])?.is_empty())
    }

    fn list(&mut self) -> Result<Vec<String>, Trouble> {
        let query =
            format!("{PRIMARY} SELECT job FROM {} WHERE number = 0 AND {NOW}", self.tables.records);
        let rows = self.asked(&query, &[])?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    fn overview(&mut self) -> Result<Option<Vec<Listed>>, Trouble> {
        let Tables { jobs, records, .. } = &self.tables;
        // Large checkpoints are left out, and all others once the sum is too large.
        let query = format!(
            "{PRIMARY} SELECT job, CASE WHEN own <= $1 AND so_far <= $2 THEN record END, holder FROM (
                 SELECT job, number, record, sum(octet_length(record)) OVER (PARTITION BY job) AS own,
                 sum(octet_length(record)) OVER (ORDER BY job) AS so_far FROM {records}
             ) AS stored LEFT JOIN (
                 SELECT job, holder FROM {jobs} WHERE ends > clock_timestamp()
             ) AS leases USING (job) ORDER BY job, number"
        );
        let rows = self.asked(&query, &[(&LARGE, Type::INT8), (&MANY, Type::INT8)])?;
        let mut listed: Vec<Listed> = Vec::new();
        for row in &rows {
            let (key, record): (&str, Option<&[u8]>) = (row.try_get(0)?, row.try_get(1)?);
            match listed.last_mut().filter(|last| last.key == key) {
                Some(Listed { checkpoint, .. }) => {
                    if let (Some(bytes), Some(record)) = (checkpoint, record) {
                        bytes.extend_from_slice(record);
                    }
                }
                None => listed.push(Listed {
                    key: key.to_owned(),
                    checkpoint: record.map(<[u8]>::to_vec),
                    holder: row.try_get(2)?,
                }),
            }
        }
        Ok(Some(listed))
    }

    fn held_by(&mut self, key: &str) -> Result<Option<String>, Trouble> {
        let query = format!(
            "{PRIMARY} SELECT holder FROM {} WHERE job = $1 AND ends > clock_timestamp()",
            self.tables.jobs
        );
        let rows = self.asked(&query, &[(&key, Type::TEXT)])?;
        rows.first().map_or(Ok(None), |row| Ok(row.try_get(0)?))
    }

    fn acquire(&mut self, request: &AcquireRequest<'_>) -> Result<Acquired, Trouble> {
        self.prepare_tables()?;
        let over = request.over.and_then(|epoch| i64::try_from(epoch).ok());
        let statement = taking(&self.tables.jobs);
        let time = request.time.as_secs_f64();
        let taken = self.transaction(
            &statement,
            &[
                (&request.key, Type::TEXT),
                (&request.holder, Type::TEXT),
                (&time, Type::FLOAT8),
                (&over, Type::INT8),
            ],
        )?;
        if !taken.is_empty() {
            self.extended = Some(Instant::now());
            return Ok(Acquired::Yes { epoch: first::<i64>(&taken)?.cast_unsigned() });
        }
        match self.holder(request.key)? {
            Some((epoch, Some(holder))) => {
                Ok(Acquired::No { epoch: epoch.cast_unsigned(), holder })
            }
            _ => Err(Trouble::transient("the lease was given back just now")),
        }
    }

    fn resume(&mut self, token: &LeaseToken) -> Result<u64, Trouble> {
        let found = match self.holder(&token.key)? {
            Some((epoch, Some(holder))) if holder == token.holder => epoch,
            other => return Err(Trouble::Lost(other.and_then(|(_, holder)| holder))),
        };
        let statement = format!(
            "UPDATE {} SET epoch = epoch + 1, ends = clock_timestamp() + make_interval(secs => $4)
             WHERE {} RETURNING epoch",
            self.tables.jobs,
            held(Durability::Power)
        );
        let time = token.time.as_secs_f64();
        let renewed = self.rows(
            &statement,
            &[
                (&token.key, Type::TEXT),
                (&found, Type::INT8),
                (&token.holder, Type::TEXT),
                (&time, Type::FLOAT8),
            ],
        )?;
        if renewed.is_empty() {
            return Err(Trouble::transient("an earlier connection was about to take the lease up"));
        }
        self.extended = Some(Instant::now());
        Ok(first::<i64>(&renewed)?.cast_unsigned())
    }

    fn renew(&mut self, token: &LeaseToken) -> Result<(), Trouble> {
        self.extended(token, "SELECT 1 FROM held", &[]).map(drop)
    }

    fn save(&mut self, token: &LeaseToken, checkpoint: &[u8]) -> Result<(), Trouble> {
        // The snapshot has the number 0, and is updated: one statement can't delete and insert the same row.
        let statement = format!(
            ", cleared AS (
                 DELETE FROM {records} WHERE number > 0 AND job IN (SELECT job FROM held)
             )
             INSERT INTO {records} (job, number, record) SELECT job, 0, $5 FROM held
             ON CONFLICT (job, number) DO UPDATE SET record = excluded.record RETURNING 1",
            records = self.tables.records
        );
        self.extended(token, &statement, &[(&checkpoint, Type::BYTEA)]).map(drop)
    }

    /// Appends a record. The statement locks the lease's row and does not change it: old versions of the row would pile up for
    /// as long as any transaction on the server is open, and slow later statements down. The lease is extended separately, when
    /// a sixth of its time has passed.
    fn append(
        &mut self,
        token: &LeaseToken,
        number: u64,
        record: &[u8],
    ) -> Result<Appended, Trouble> {
        let Tables { jobs, records, .. } = &self.tables;
        let statement = format!(
            "INSERT INTO {records} (job, number, record) SELECT job, $4, $5 FROM {jobs}
             WHERE {} FOR SHARE RETURNING 1",
            held(token.durability)
        );
        let number = i64::try_from(number + 1).map_err(Trouble::permanent)?;
        self.claimed(token, &statement, &[(&number, Type::INT8), (&record, Type::BYTEA)])?;
        if self.extended.is_none_or(|extended| extended.elapsed() > token.time / 6) {
            self.renew(token)?;
        }
        Ok(Appended::Yes)
    }

    fn holds(
        &mut self,
        token: &LeaseToken,
        number: Option<u64>,
        bytes: &[u8],
    ) -> Result<bool, Trouble> {
        let stored = number.map_or(Ok(0), |number| i64::try_from(number + 1));
        let stored = stored.map_err(Trouble::permanent)?;
        let query = format!(
            "{PRIMARY} SELECT 1 FROM {} WHERE job = $1 AND number = $2 AND record = $3 AND {NOW}",
            self.tables.records
        );
        let parameters: [Parameter<'_>; 3] =
            [(&token.key, Type::TEXT), (&stored, Type::INT8), (&bytes, Type::BYTEA)];
        Ok(!self.rows(&query, &parameters)?.is_empty())
    }

    fn delete(&mut self, token: &LeaseToken) -> Result<(), Trouble> {
        let statement = format!(
            ", cleared AS (DELETE FROM {} WHERE job IN (SELECT job FROM held))
             SELECT 1 FROM held",
            self.tables.records
        );
        self.extended(token, &statement, &[]).map(drop)
    }

    fn release(&mut self, token: &LeaseToken) -> Result<(), Trouble> {
        let statement = format!(
            "UPDATE {} SET holder = NULL WHERE job = $1 AND epoch = $2 AND holder = $3
             RETURNING 1",
            self.tables.jobs
        );
        self.claimed(token, &statement, &[]).map(drop)
    }
}

impl PostgresSession {
    fn limit(&self) -> i64 {
        i64::try_from(self.largest).unwrap_or(i64::MAX)
    }

    /// Joins the records of a checkpoint.
    fn joined(&self, rows: &[Row]) -> Result<Option<Vec<u8>>, Trouble> {
        let Some(total) = rows.first().map(|row| row.try_get::<_, Option<i64>>(1)).transpose()?
        else {
            return Ok(None);
        };
        let Some(total) = total.map(i64::cast_unsigned) else { return Ok(None) };
        if total > self.largest {
            return Err(Trouble::permanent(too_large(total, self.largest)));
        }
        let mut checkpoint = Vec::new();
        for row in rows {
            checkpoint.extend_from_slice(row.try_get(0)?);
        }
        Ok(Some(checkpoint))
    }
}

/// Returns a query for the records and the sum of their sizes. It is one statement, which sees one state. If the sum exceeds
/// the limit, the server sends no record.
fn stored(from: &str, limit: &str) -> String {
    format!(
        "SELECT CASE WHEN total <= {limit} THEN record END, total
         FROM (SELECT number, record, sum(octet_length(record)) OVER () AS total {from}) AS stored"
    )
}
