//! The backend in Redis.

mod error;
mod reach;
mod scripts;
mod session;

use std::fmt;

use ::redis::{Client, RedisError};

use crate::network::{Connect, NetworkBackend, Timeouts, Trouble};
use error::trouble_at_first;
use reach::Reach;
use safe_state_backends::Error;
use safe_state_backends::redacted;
use session::RedisSession;

const PREFIX: &str = "safe_state";
const PREFIX_LIMIT: usize = 40;

/// A backend that keeps checkpoints in Redis, or Valkey.
///
/// A job has two keys: `{safe_state}:lease:JOB`, a hash that says who runs it, and `{safe_state}:checkpoint:JOB`, a list with a
/// snapshot and the records behind it. Each operation is a script, which runs wholly or not at all, by the server's clock. A
/// user of the server needs `+@scripting +@hash +@list +@keyspace +time` on `~{safe_state}*`, `+select` for a database number,
/// and `+waitaof` from 7.2 on. The oldest supported version is Redis 5.
///
/// The braces keep all keys in one slot of a cluster, and so on one of its nodes. The backend finds that node from the answers
/// of the others, and follows it if the slot is moved.
///
/// The server decides what a save survives: with `appendonly yes` and `appendfsync always`, a power cut; with `everysec`, a power
/// cut except for the last second. From 7.2 on, a save under [`Durability::Power`](safe_state_backends::Durability::Power) waits until the
/// server has synced it, up to a second with `everysec`; with `appendfsync no` it does not wait, as the server never would. A
/// server without `appendonly` loses what it could not write when it ended.
///
/// A server may forget a lease, because it was flushed, or came back with older ones. The next save of the run,
/// which has all in memory, then restores it, as long as no other run can have taken the job over. What the server forgets
/// while no run of a job is under way is lost. A server with a limit on its memory (`maxmemory`) and a `maxmemory-policy` that
/// removes keys which do not expire (`allkeys-..`) is refused. A full memory is an error, and the previous save stays. The rights
/// `+info` and `+config|get`, to see such settings, are optional.
///
/// The scheme `rediss` uses TLS (feature `redis-tls`), and trusts the system's authorities; [`from_client`] accepts a client
/// that trusts others.
///
/// [`from_client`]: NetworkBackend::from_client
///
/// ```
/// use safe_state_servers::RedisBackend;
///
/// let backend = RedisBackend::new("redis://user:password@cache.example.org/0")?.key_prefix("billing")?;
/// assert!(!format!("{backend:?}").contains("password"));
/// # Ok::<(), safe_state_backends::Error>(())
/// ```
pub type RedisBackend = NetworkBackend<Redis>;

/// The server and the keys of a [`RedisBackend`].
#[derive(Clone)]
pub struct Redis {
    reach: Reach,
    place: String,
    prefix: String,
}

impl NetworkBackend<Redis> {
    /// Creates a backend on the server at a URL: `redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]`, or `rediss:` for TLS. It
    /// connects when a job needs it. In a cluster, name any of the nodes.
    ///
    /// `redis+sentinel://[[USER]:PASSWORD@]HOST[:PORT][,HOST[:PORT]..]/MASTER[/DATABASE]` names Sentinels, which are asked,
    /// without a password, for the master with this name.
    ///
    /// ```
    /// use safe_state_servers::RedisBackend;
    ///
    /// let backend = RedisBackend::new("redis+sentinel://me:secret@a,b,c:26380/main/0")?;
    /// # Ok::<(), safe_state_backends::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The text is no URL of this form.
    pub fn new(url: &str) -> Result<Self, Error> {
        let place = redacted(url);
        match Reach::to(url) {
            Ok(reach) => Ok(Self::on(Redis { reach, place, prefix: PREFIX.to_owned() })),
            Err(error) => Err(Error::Url { url: place, reason: reason(url, &error) }),
        }
    }

    /// Creates a backend on the server of a client that the user has made, for example with certificates of one's own.
    pub fn from_client(client: Client) -> Self {
        let place = format!("redis://{}", client.get_connection_info().addr());
        let reach = Reach::by(client);
        Self::on(Redis { reach, place, prefix: PREFIX.to_owned() })
    }

    /// Sets the beginning of the keys, which is put in braces; `safe_state` by default.
    ///
    /// # Errors
    ///
    /// The prefix is empty, longer than 40 bytes, or has other characters than ASCII letters, digits and `-_.:`.
    pub fn key_prefix(mut self, prefix: &str) -> Result<Self, Error> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        if prefix.is_empty() || prefix.len() > PREFIX_LIMIT || !prefix.bytes().all(is_plain) {
            return Err(Error::KeyPrefix(prefix.to_owned()));
        }
        prefix.clone_into(&mut self.connect_mut().prefix);
        Ok(self)
    }
}

fn reason(url: &str, error: &RedisError) -> String {
    if cfg!(not(feature = "redis-tls")) && url.starts_with("rediss") {
        return "turn on the feature `redis-tls` of `safe-state` for TLS".to_owned();
    }
    error.to_string()
}

impl Connect for Redis {
    type Session = RedisSession;

    fn connect(&self, timeouts: Timeouts) -> Result<RedisSession, Trouble> {
        #[cfg(feature = "redis-tls")]
        crate::network::provider::provide();
        RedisSession::new(self.reach.clone(), timeouts, self.prefix.clone())
            .map_err(|error| trouble_at_first(error, timeouts.connect))
    }

    fn place(&self) -> String {
        self.place.clone()
    }

    fn page_place(&self) -> String {
        format!("{} {}", self.place, self.prefix)
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("place", &self.place)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keys_begin_with_is_checked() {
        let backend = || RedisBackend::new("redis://127.0.0.1/").unwrap();
        for prefix in ["", "a b", "a}", "a*", "ä", &"a".repeat(41)] {
            assert!(matches!(backend().key_prefix(prefix), Err(Error::KeyPrefix(_))), "{prefix}");
        }
        backend().key_prefix("a:b-C_3.d").unwrap();
    }

    /// The server closes the connection at the first command that it does not know, as twemproxy does.
    #[test]
    fn a_server_that_closes_each_connection_is_told() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("redis://{}/", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = std::io::Read::read(&mut stream, &mut [0; 1024]);
        });
        let backend = RedisBackend::new(&url).unwrap().retry_time(std::time::Duration::ZERO);
        let error = safe_state_backends::Backend::load(&backend, "job").unwrap_err();
        server.join().unwrap();
        let source = std::error::Error::source(&error).and_then(std::error::Error::source);
        let told = source.unwrap().to_string();
        assert!(told.contains("twemproxy"), "{told}");
    }

    #[test]
    fn no_password_is_shown() {
        let error = RedisBackend::new("redis://me:secret@host/none").unwrap_err().to_string();
        assert!(error.contains("`redis://...@host/none`") && !error.contains("secret"), "{error}");
        let client = Client::open("redis://me:secret@host:81/").unwrap();
        let shown = format!("{:?}", RedisBackend::from_client(client));
        assert!(shown.contains("redis://host:81") && !shown.contains("secret"), "{shown}");
    }
}
