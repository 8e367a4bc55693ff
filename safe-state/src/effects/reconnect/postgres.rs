//! PostgreSQL: opened by what is registered, and checked to be the same database.

use postgres::{Client, SimpleQueryMessage};
use safe_state_base::ReconnectError;
use serde::{Deserialize, Serialize};

use super::handle::Reconnect;

/// Which database a client of PostgreSQL is connected to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostgresMeta {
    /// What a cluster is given when it is made; its standbys have the same.
    system: String,
    database: String,
}

impl PostgresMeta {
    /// The database's name.
    pub fn database(&self) -> &str {
        &self.database
    }
}

/// By [`register_opener`](super::register_opener): a client does not tell how it was connected, and
/// the password is not saved.
///
/// ```no_run
/// use postgres::{Client, NoTls};
///
/// safe_state::reconnect::register_opener::<Client>(|_| {
///     Ok(Client::connect(&std::env::var("DATABASE_URL")?, NoTls)?)
/// });
/// ```
///
/// What has been opened has to be the same database of the same cluster. Each save asks the server, in
/// one round trip, which database it is, and refuses while a transaction is open. What belongs to a
/// session, as temporary tables or what `SET` has set, is for the opener to make again. That a commit
/// survives a loss of power is for the server's `synchronous_commit` to see to.
///
/// As all of `postgres`, it can't be used within an async function.
impl Reconnect for Client {
    type Meta = PostgresMeta;

    fn extract(&mut self) -> Result<PostgresMeta, ReconnectError> {
        // As one simple query: with another kind, each of its messages has a time of its own.
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
