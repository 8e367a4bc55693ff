//! Clients of PostgreSQL, opened by a registered opener and checked to be of the same database.

use postgres::{Client, SimpleQueryMessage};
use safe_state_base::ReconnectError;
use serde::{Deserialize, Serialize};

use super::handle::Reconnect;

/// The database that a client of PostgreSQL is connected to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostgresMeta {
    /// The system identifier, which a cluster gets when it is made. Its standbys have the same.
    system: String,
    database: String,
}

impl PostgresMeta {
    /// Returns the database's name.
    pub fn database(&self) -> &str {
        &self.database
    }
}

/// Needs a [`register_opener`](super::register_opener), as a client does not tell how it was connected, and the
/// password is not saved.
///
/// ```no_run
/// use postgres::{Client, NoTls};
///
/// safe_state::reconnect::register_opener::<Client>(|_| {
///     Ok(Client::connect(&std::env::var("DATABASE_URL")?, NoTls)?)
/// });
/// ```
///
/// The opened client has to be of the same database of the same cluster. Each save asks the server in one round trip
/// which database it is, and fails while a transaction is open. The opener has to set up the session again: temporary
/// tables, and what `SET` has set. Whether a commit survives a loss of power depends on the server's
/// `synchronous_commit`.
///
/// Like all of `postgres`, it can't be used in an async function.
impl Reconnect for Client {
    type Meta = PostgresMeta;

    fn extract(&mut self) -> Result<PostgresMeta, ReconnectError> {
        // One simple query, as in the extended protocol each message has its own statement timestamp.
        let answer = self.simple_query(
            "SELECT now() = statement_timestamp(), system_identifier, current_database() \
             FROM pg_control_system()",
        );
        let answer = answer.map_err(|error| {
            ReconnectError::because("cannot ask PostgreSQL which database it is", error)
        })?;
        let row = answer.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some((row.get(0)?, row.get(1)?, row.get(2)?)),
            _ => None,
        });
        let (begins_now, system, database) =
            row.ok_or_else(|| ReconnectError::new("PostgreSQL does not say which database it is"))?;
        if begins_now != "t" {
            return Err(ReconnectError::new(
                "a PostgreSQL transaction is open, and what it holds would be lost; commit it within the item",
            ));
        }
        Ok(PostgresMeta { system: system.to_owned(), database: database.to_owned() })
    }

    fn reconnect(_: PostgresMeta) -> Result<Self, ReconnectError> {
        Err(ReconnectError::no_opener::<Self>())
    }

    fn needs_opener(_: &PostgresMeta) -> bool {
        true
    }

    fn verify(&mut self, meta: &PostgresMeta) -> Result<(), ReconnectError> {
        let found = self.extract()?;
        if found == *meta {
            return Ok(());
        }
        Err(ReconnectError::new(format!(
            "this is the PostgreSQL database `{}` of the cluster {}, but it was `{}` of {} \
             when the progress was saved",
            found.database, found.system, meta.database, meta.system
        )))
    }
}
