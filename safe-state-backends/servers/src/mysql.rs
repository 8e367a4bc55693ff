//! The backend in a MySQL or MariaDB database.

mod error;
mod operations;
mod session;
mod statements;
#[cfg(feature = "mysql-tls")]
mod tls;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mysql_async::{Conn, Opts, OptsBuilder};

use crate::network::runtime::Runtime;
use crate::network::ssl::{self, Ssl};
use crate::network::{Connect, LeaseToken, NetworkBackend, Timeouts, Trouble};
use safe_state_backends::redacted;
use safe_state_backends::tables::Tables;
use safe_state_backends::{Error, Statements};
use session::{MySqlSession, schema};

/// A backend that keeps checkpoints in tables of a MySQL or MariaDB database.
///
/// An append is one statement, and one round trip. A snapshot that replaces what is stored is a transaction of five. The server
/// decides what a save survives, whatever durability is asked for: with `innodb_flush_log_at_trx_commit = 1`, which is its
/// default, a power cut. A checkpoint can be as large as `max_allowed_packet`; one that a transaction of the program's own saves,
/// half as large. Tables without transactions (`MyISAM`, Aria) are refused.
///
/// The lease is a row: see [`network`](crate::network). On a node of a Galera cluster (MariaDB's, Percona's) each save changes
/// that row, as nodes tell each other only what was written: an append is then a transaction of four round trips. A run's first
/// read goes to the server where its lease was written.
///
/// ```no_run
/// use safe_state_servers::MySqlBackend;
///
/// let backend = MySqlBackend::new("mysql://me:secret@db.example.org/jobs?ssl-mode=verify-identity")?;
/// # Ok::<(), safe_state_backends::Error>(())
/// ```
pub type MySqlBackend = NetworkBackend<MySql>;

/// The database and the tables of a [`MySqlBackend`].
#[derive(Clone)]
pub struct MySql {
    source: Source,
    tables: Tables,
    /// Whether the server was a node of a Galera cluster at the last connection.
    is_galera: Arc<AtomicBool>,
}

#[derive(Clone)]
enum Source {
    Url {
        place: String,
        opts: Opts,
        #[cfg(feature = "mysql-tls")]
        ssl: Ssl,
    },
    Own(Arc<Open>),
}

type Open = dyn Fn() -> Opening + Send + Sync;
type Opening = Pin<Box<dyn Future<Output = Result<Conn, mysql_async::Error>>>>;

impl NetworkBackend<MySql> {
    /// Creates a backend on the database that a URL names: `mysql://USER:PASSWORD@HOST:PORT/DATABASE`, with the parameters of
    /// [`Opts`] behind a `?`. It connects when a job needs it.
    ///
    /// `ssl-mode` is `disable`, `prefer` (the default), `require`, `verify-ca` or `verify-identity`. The last two mean the
    /// same: both check the name. `ssl-ca` names a file with the authorities to trust instead of the system's. All but the
    /// first two need the feature `mysql-tls`.
    ///
    /// # Errors
    ///
    /// [`Error::Url`]: the text is no URL of this form.
    pub fn new(url: &str) -> Result<Self, Error> {
        let refused = |reason| Error::Url { url: redacted(url), reason };
        let (ssl, rest) = Ssl::taken_from(url, &ssl::MYSQL).map_err(refused)?;
        // The driver's error may quote the URL, with its password, and is dropped.
        let opts = Opts::from_url(&rest).map_err(|_| refused(wrong()))?;
        if opts.db_name().is_none() {
            return Err(refused("it names no database: write it after the host and a `/`".into()));
        }
        #[cfg(not(feature = "mysql-tls"))]
        if !ssl.is_optional() {
            let reason = "turn on the feature `mysql-tls` of `safe-state` for TLS";
            return Err(refused(reason.to_owned()));
        }
        // By default the driver would leave the address for a socket that the server names.
        let opts = OptsBuilder::from_opts(opts).prefer_socket(false).into();
        Ok(MySql::backend(Source::Url {
            place: redacted(url),
            opts,
            #[cfg(feature = "mysql-tls")]
            ssl,
        }))
    }

    /// Creates a backend on the database that `open` connects to, for options that a URL can't express. `open` is called for
    /// each lease, and again after trouble, within a tokio runtime of the connection's own.
    ///
    /// ```
    /// use safe_state_servers::MySqlBackend;
    /// use safe_state_servers::mysql_async::{Conn, OptsBuilder};
    ///
    /// let opts = OptsBuilder::default().socket(Some("/run/mysqld/mysqld.sock")).db_name(Some("jobs"));
    /// let backend = MySqlBackend::connect_with(move || Conn::new(opts.clone()));
    /// ```
    pub fn connect_with<F, O>(open: F) -> Self
    where
        F: Fn() -> O + Send + Sync + 'static,
        O: Future<Output = Result<Conn, mysql_async::Error>> + 'static,
    {
        MySql::backend(Source::Own(Arc::new(move || Box::pin(open()))))
    }

    /// Names the tables `PREFIX_meta`, `PREFIX_jobs` and `PREFIX_records`; the default prefix is `safe_state`.
    ///
    /// # Errors
    ///
    /// The prefix is no word of letters, digits and `_`.
    pub fn table_prefix(mut self, prefix: &str) -> Result<Self, Error> {
        self.connect_mut().tables = Tables::with_prefix(prefix)?;
        Ok(self)
    }

    /// Returns the statements that create the tables. The first run executes them if the tables are missing. For a program that
    /// may not create tables, somebody who may can run them.
    pub fn schema(&self) -> String {
        schema(&self.connect().tables).join("")
    }
}

impl MySql {
    fn backend(source: Source) -> MySqlBackend {
        NetworkBackend::on(MySql { source, tables: Tables::default(), is_galera: Arc::default() })
    }
}

impl Source {
    async fn open(&self) -> Result<Conn, Trouble> {
        match self {
            Source::Own(open) => Ok(open().await?),
            #[cfg(feature = "mysql-tls")]
            Source::Url { opts, ssl, .. } => tls::open(opts, ssl).await,
            #[cfg(not(feature = "mysql-tls"))]
            Source::Url { opts, .. } => Ok(Conn::new(opts.clone()).await?),
        }
    }
}

impl Connect for MySql {
    type Session = MySqlSession;

    fn connect(&self, timeouts: Timeouts) -> Result<MySqlSession, Trouble> {
        let runtime = Runtime::new()?;
        let conn = runtime.within(timeouts.connect, self.source.open())?;
        let session = MySqlSession::begin(conn, runtime, self.tables.clone(), timeouts.statement)?;
        self.is_galera.store(session.kind.is_galera, Ordering::Relaxed);
        Ok(session)
    }

    fn place(&self) -> String {
        match &self.source {
            Source::Url { place, .. } => place.clone(),
            Source::Own(_) => "MySQL".to_owned(),
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
        let mut statements = statements::save(&self.tables, self.place(), token, number, bytes)?;
        if self.is_galera.load(Ordering::Relaxed) {
            statements.list.insert(0, statements::fence(&self.tables, token)?);
        }
        Ok(Some(statements))
    }
}

impl fmt::Debug for MySql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MySql").field(&self.place()).finish()
    }
}

fn wrong() -> String {
    "it is no URL of a MySQL database: `mysql://USER:PASSWORD@HOST:PORT/DATABASE`, and parameters as `?NAME=VALUE`; other characters than letters, digits and `-_.~` are written as `%` and their code".to_owned()
}
