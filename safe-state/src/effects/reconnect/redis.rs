//! Clients and connections of Redis, connected again to the same address and database. The password is not saved.

use std::path::PathBuf;
use std::time::Duration;

use redis::io::tcp::TcpSettings;
use redis::{
    Client, Connection, ConnectionAddr, ConnectionInfo, ConnectionLike, IntoConnectionInfo,
    ProtocolVersion, RedisConnectionInfo, RedisError,
};
use safe_state_base::ReconnectError;
use serde::{Deserialize, Serialize};

use super::handle::Reconnect;

/// The longest time that a server may take to accept a connection on resume.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The description of a client of Redis, without its password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedisMeta {
    address: Address,
    username: Option<String>,
    database: i64,
    is_resp3: bool,
    /// Whether this description is complete: the client has no password and no settings that are not in it.
    is_all: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Address {
    Tcp(String, u16),
    Tls(String, u16),
    Unix(PathBuf),
}

impl RedisMeta {
    /// Returns the database's number.
    pub fn database(&self) -> i64 {
        self.database
    }

    fn of(info: &ConnectionInfo) -> Result<Self, ReconnectError> {
        let (address, is_verified) = match info.addr() {
            ConnectionAddr::Tcp(host, port) => (Address::Tcp(host.clone(), *port), true),
            ConnectionAddr::TcpTls { host, port, insecure, tls_params } => {
                (Address::Tls(host.clone(), *port), !insecure && tls_params.is_none())
            }
            ConnectionAddr::Unix(path) => (Address::Unix(path.clone()), true),
            other => {
                return Err(ReconnectError::new(format!("Redis at `{other}` is of no known kind")));
            }
        };
        let settings = info.redis_settings();
        let is_resp3 = settings.protocol() == ProtocolVersion::RESP3;
        let is_all = is_verified
            && settings.password().is_none()
            && settings.lib_name().is_none()
            && !settings.skip_set_lib_name()
            && format!("{:?}", info.tcp_settings()) == format!("{:?}", TcpSettings::default());
        let username = settings.username().map(str::to_owned);
        Ok(RedisMeta { address, username, database: settings.db(), is_resp3, is_all })
    }

    fn info(&self) -> Result<ConnectionInfo, RedisError> {
        let address = match self.address.clone() {
            Address::Tcp(host, port) => ConnectionAddr::Tcp(host, port),
            Address::Tls(host, port) => {
                ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
            }
            Address::Unix(path) => ConnectionAddr::Unix(path),
        };
        let mut settings = RedisConnectionInfo::default().set_db(self.database);
        if let Some(username) = &self.username {
            settings = settings.set_username(username);
        }
        if self.is_resp3 {
            settings = settings.set_protocol(ProtocolVersion::RESP3);
        }
        Ok(address.into_connection_info()?.set_redis_settings(settings))
    }
}

/// Reconnects by address, user, database and protocol. A client that has a password, or its own settings for TLS or
/// TCP, needs a [`register_opener`](super::register_opener). The opened client may have another address, but has to
/// have the same database number. The server has to answer before an item runs.
///
/// ```no_run
/// safe_state::reconnect::register_opener::<redis::Client>(|_| {
///     Ok(redis::Client::open(std::env::var("REDIS_URL")?)?)
/// });
/// ```
impl Reconnect for Client {
    type Meta = RedisMeta;

    fn extract(&mut self) -> Result<RedisMeta, ReconnectError> {
        RedisMeta::of(self.get_connection_info())
    }

    fn reconnect(meta: RedisMeta) -> Result<Self, ReconnectError> {
        if !meta.is_all {
            return Err(ReconnectError::no_opener::<Self>());
        }
        let opened = meta.info().and_then(Client::open);
        let mut client = opened.map_err(failed("open a client of Redis"))?;
        client.verify(&meta)?;
        Ok(client)
    }

    fn needs_opener(meta: &RedisMeta) -> bool {
        !meta.is_all
    }

    fn verify(&mut self, meta: &RedisMeta) -> Result<(), ReconnectError> {
        let connected = self.get_connection_with_timeout(TIMEOUT);
        connected.map_err(failed("connect to Redis"))?.verify(&meta.database)
    }
}

/// Needs a [`register_opener`](super::register_opener), as a connection only tells the number of its database, which
/// has to be the same.
impl Reconnect for Connection {
    type Meta = i64;

    fn extract(&mut self) -> Result<i64, ReconnectError> {
        Ok(self.get_db())
    }

    fn reconnect(_: i64) -> Result<Self, ReconnectError> {
        Err(ReconnectError::no_opener::<Self>())
    }

    fn needs_opener(_: &i64) -> bool {
        true
    }

    fn verify(&mut self, database: &i64) -> Result<(), ReconnectError> {
        let found = self.get_db();
        if found != *database {
            return Err(ReconnectError::new(format!(
                "this is database {found} of Redis, but it was {database} when the progress was saved"
            )));
        }
        redis::cmd("PING").exec(self).map_err(failed("reach Redis"))
    }
}

fn failed(action: &'static str) -> impl FnOnce(RedisError) -> ReconnectError {
    move |error| ReconnectError::because(format!("cannot {action}"), error)
}
