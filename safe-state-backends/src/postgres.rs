//! Checkpoints in a PostgreSQL database.

mod error;
mod operations;
mod options;
mod session;
mod source;
mod statements;
#[cfg(feature = "postgres-tls")]
mod tls;

use std::fmt;
use std::sync::Arc;

use tokio_postgres::config::{SslMode as DriverMode, TargetSessionAttrs};
use tokio_postgres::{Client, Config};

use crate::network::runtime::Runtime;
use crate::network::ssl::{self, Ssl, SslMode};
use crate::network::{Connect, LeaseToken, NetworkBackend, Timeouts, Trouble};
use crate::tables::Tables;
use crate::url::redacted;
use crate::{Error, Statements};
use options::Target;
use session::{PostgresSession, schema};
use source::Source;

/// Keeps checkpoints in tables of a PostgreSQL database.
///
/// A save is one statement, and one round trip: a snapshot replaces the rows of its job, a record
/// is a row behind it. With [`Durability::Power`](crate::Durability::Power) it survives what the
/// server says a commit survives, with `synchronous_commit` on at the least; with
/// [`Durability::Process`](crate::Durability::Process) `synchronous_commit` is off: it survives the
/// program's death, and a crash of the server may take those of the last second.
///
/// The lease is a row: see [`network`](crate::network). Nothing is prepared, and nothing set for a session: so
/// a pooler in between may give each transaction another connection, as `PgBouncer` does with
/// `pool_mode = transaction`. One that takes no transactions is refused.
///
/// Of several hosts the first that writes is taken. What begins a run is read where its lease was written.
///
/// ```no_run
/// use safe_state_backends::PostgresBackend;
///
/// let backend = PostgresBackend::new("postgres://me:secret@db.example.org/jobs?sslmode=verify-full")?;
/// # Ok::<(), safe_state_backends::Error>(())
/// ```
pub type PostgresBackend = NetworkBackend<Postgres>;

/// How a [`PostgresBackend`] connects, and to which tables.
#[derive(Clone)]
pub struct Postgres {
    source: Source,
    tables: Tables,
    needs_standbys: bool,
}

impl NetworkBackend<Postgres> {
    /// The database that a URL names: `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, and the options
    /// of [`Config`] behind a `?`. It is connected to when a job needs it.
    ///
    /// `sslmode` is `disable`, `prefer` (the default), `require`, `verify-ca` or `verify-full`;
    /// `sslrootcert` names a file with the authorities to trust instead of the system's. All but the
    /// first two need the feature `postgres-tls`.
    ///
    /// Of several hosts, as in `postgres://a,b/jobs`, it is the first that answers and writes;
    /// `target_session_attrs` is `primary`, `read-write` (which are one) or `any`.
    ///
    /// # Errors
    ///
    /// [`Error::Url`]: it is no such URL, or has an option that there is not.
    pub fn new(url: &str) -> Result<Self, Error> {
        let refused = |reason| Error::Url { url: redacted(url), reason };
        let (ssl, rest) = Ssl::taken_from(url, &ssl::POSTGRES).map_err(refused)?;
        let (target, rest) = options::taken_from(&rest).map_err(refused)?;
        // What the driver says of it may quote it.
        let mut config: Config = rest.parse().map_err(|_| refused(wrong()))?;
        #[cfg(not(feature = "postgres-tls"))]
        if !ssl.is_optional() {
            let reason = "turn on the feature `postgres-tls` of `safe-state` for TLS";
            return Err(refused(reason.to_owned()));
        }
        config.ssl_mode(match ssl.mode {
            SslMode::Disable => DriverMode::Disable,
            SslMode::Prefer => DriverMode::Prefer,
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => DriverMode::Require,
        });
        let is_cluster = target == Target::Unsaid && config.get_hosts().len() > 1;
        if is_cluster || target == Target::Primary {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        if config.get_application_name().is_none() {
            config.application_name("safe-state");
        }
        let (place, config) = (redacted(url), Box::new(config));
        Ok(Postgres::backend(Source::Url {
            place,
            config,
            #[cfg(feature = "postgres-tls")]
            ssl,
        }))
    }

    /// The database that `open` connects to, for all that a URL can't say. It is called within a
    /// runtime of tokio of the connection's own, for each lease, and after trouble; it spawns there what
    /// drives the connection.
    ///
    /// ```
    /// use safe_state_backends::PostgresBackend;
    /// use safe_state_backends::tokio_postgres::{self, NoTls};
    ///
    /// let backend = PostgresBackend::connect_with(|| async {
    ///     let (client, connection) = tokio_postgres::connect("host=/run/postgresql", NoTls).await?;
    ///     tokio::spawn(connection);
    ///     Ok(client)
    /// });
    /// ```
    pub fn connect_with<F, O>(open: F) -> Self
    where
        F: Fn() -> O + Send + Sync + 'static,
        O: Future<Output = Result<Client, tokio_postgres::Error>> + 'static,
    {
        Postgres::backend(Source::Own(Arc::new(move || Box::pin(open()))))
    }

    /// The tables are called `PREFIX_meta`, `PREFIX_jobs` and `PREFIX_records`; by default the
    /// prefix is `safe_state`. They are in the first schema of the connection's `search_path`.
    ///
    /// # Errors
    ///
    /// It is no word of letters, digits and `_`.
    pub fn table_prefix(mut self, prefix: &str) -> Result<Self, Error> {
        self.connect_mut().tables = Tables::with_prefix(prefix)?;
        Ok(self)
    }

    /// With this, a save whose transaction did not wait for its standbys to the end, because an administrator
    /// or a time limit of the server's cancelled that, is no save, and is tried again. By default it is one, with
    /// a warning to `tracing`: it is on the primary, and lost if that is. It tells nothing of a server without
    /// `synchronous_standby_names`, nor of a connection that [`connect_with`](Self::connect_with) makes.
    ///
    /// ```
    /// use safe_state_backends::PostgresBackend;
    ///
    /// let backend = PostgresBackend::new("postgres://me:secret@a,b/jobs")?.require_replication();
    /// # Ok::<(), safe_state_backends::Error>(())
    /// ```
    pub fn require_replication(mut self) -> Self {
        self.connect_mut().needs_standbys = true;
        self
    }

    /// The statements that make the tables, which the first run does if they are not there. For a
    /// program that may not make tables, let one who may run them.
    pub fn schema(&self) -> String {
        schema(&self.connect().tables)
    }
}

impl Postgres {
    fn backend(source: Source) -> PostgresBackend {
        NetworkBackend::on(Postgres { source, tables: Tables::default(), needs_standbys: false })
    }
}

impl Connect for Postgres {
    type Session = PostgresSession;

    fn connect(&self, timeouts: Timeouts) -> Result<PostgresSession, Trouble> {
        let (source, runtime) = (self.source.clone(), Runtime::new()?);
        PostgresSession::begin(source, runtime, self.tables.clone(), self.needs_standbys, timeouts)
    }

    fn place(&self) -> String {
        match &self.source {
            Source::Url { place, .. } => place.clone(),
            Source::Own(_) => "PostgreSQL".to_owned(),
        }
    }

    fn page_place(&self) -> String {
        format!("{} {}", self.place(), self.tables.jobs)
    }

    fn statements(
        &self,
        token: &LeaseToken,
        number: Option<u64>,
        bytes: &[u8],
    ) -> Result<Option<Statements>, Trouble> {
        statements::save(&self.tables, self.place(), token, number, bytes).map(Some)
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Postgres").field(&self.place()).finish()
    }
}

fn wrong() -> String {
    "it is no URL of a PostgreSQL database: `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, and options as `?NAME=VALUE`; other characters than letters, digits and `-_.~` are written as `%` and their code".to_owned()
}
