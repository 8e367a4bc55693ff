//! The backend in a PostgreSQL database.

mod error;
mod operations;
mod options;
mod schema;
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
use options::Target;
use safe_state_backends::redacted;
use safe_state_backends::tables::Tables;
use safe_state_backends::{Error, Statements};
use session::PostgresSession;
use source::Source;

/// A backend that keeps checkpoints in tables of a PostgreSQL database.
///
/// A save is one statement, and one round trip: a snapshot replaces the rows of its job, and a record is a row behind it. With
/// [`Durability::Power`](safe_state_backends::Durability::Power), a save survives what the server guarantees for a commit, with
/// `synchronous_commit` at least on. With [`Durability::Process`](safe_state_backends::Durability::Process), `synchronous_commit` is off: a
/// save survives the program's death, but a crash of the server may lose the saves of the last second.
///
/// The lease is a row: see [`network`](crate::network). The backend prepares no statements and sets nothing for a session, so a
/// pooler in between may give each transaction another connection, as `PgBouncer` does with `pool_mode = transaction`. A pooler
/// that allows no transactions is refused.
///
/// If there are several hosts, the first that accepts writes is used. A run's first read goes to the host where its lease was
/// written.
///
/// ```no_run
/// use safe_state_servers::PostgresBackend;
///
/// let backend = PostgresBackend::new("postgres://me:secret@db.example.org/jobs?sslmode=verify-full")?;
/// # Ok::<(), safe_state_backends::Error>(())
/// ```
pub type PostgresBackend = NetworkBackend<Postgres>;

/// The database and the tables of a [`PostgresBackend`].
#[derive(Clone)]
pub struct Postgres {
    source: Source,
    tables: Tables,
    needs_standbys: bool,
}

impl NetworkBackend<Postgres> {
    /// Creates a backend on the database that a URL names: `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, with the options of
    /// [`Config`] behind a `?`. It connects when a job needs it.
    ///
    /// `sslmode` is `disable`, `prefer` (the default), `require`, `verify-ca` or `verify-full`;
    /// `sslrootcert` names a file with the authorities to trust instead of the system's. All but the
    /// first two need the feature `postgres-tls`.
    ///
    /// If there are several hosts, as in `postgres://a,b/jobs`, the first that answers and accepts writes is used.
    /// `target_session_attrs` is `primary`, `read-write` (which mean the same) or `any`.
    ///
    /// # Errors
    ///
    /// [`Error::Url`]: the text is no URL of this form, or has an unknown option.
    pub fn new(url: &str) -> Result<Self, Error> {
        let refused = |reason| Error::Url { url: redacted(url), reason };
        let (ssl, rest) = Ssl::taken_from(url, &ssl::POSTGRES).map_err(refused)?;
        let (target, rest) = options::taken_from(&rest).map_err(refused)?;
        // The driver's error may quote the URL, with its password, and is dropped.
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

    /// Creates a backend on the database that `open` connects to, for options that a URL can't express. `open` is called for
    /// each lease, and again after trouble, within a tokio runtime of the connection's own. It spawns the task there that
    /// drives the connection.
    ///
    /// ```
    /// use safe_state_servers::PostgresBackend;
    /// use safe_state_servers::tokio_postgres::{self, NoTls};
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

    /// Names the tables `PREFIX_meta`, `PREFIX_jobs` and `PREFIX_records`; the default prefix is `safe_state`. They are in the
    /// first schema of the connection's `search_path`.
    ///
    /// # Errors
    ///
    /// The prefix is no word of letters, digits and `_`.
    pub fn table_prefix(mut self, prefix: &str) -> Result<Self, Error> {
        self.connect_mut().tables = Tables::with_prefix(prefix)?;
        Ok(self)
    }

    /// Rejects a save whose transaction did not wait for its standbys to the end, because an administrator or a time limit of
    /// the server cancelled the wait; the save is then repeated. By default the save counts, with a warning to `tracing`: it is
    /// on the primary, and lost if the primary is. This has no effect on a server without `synchronous_standby_names`, nor on a
    /// connection that [`connect_with`](Self::connect_with) makes.
    ///
    /// ```
    /// use safe_state_servers::PostgresBackend;
    ///
    /// let backend = PostgresBackend::new("postgres://me:secret@a,b/jobs")?.require_replication();
    /// # Ok::<(), safe_state_backends::Error>(())
    /// ```
    pub fn require_replication(mut self) -> Self {
        self.connect_mut().needs_standbys = true;
        self
    }

    /// Returns the statements that create the tables. The first run executes them if the tables are missing. For a program that
    /// may not create tables, somebody who may can run them.
    pub fn schema(&self) -> String {
        schema::creation(&self.connect().tables)
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
