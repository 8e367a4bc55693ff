//! The choice of the server to connect to: the one in the URL, the node of a cluster that has the keys, or the master that
//! Sentinel names.
//!
//! All keys are in one slot, and so on one node of a cluster, so one connection suffices. A node that does not have the keys
//! says which node has them, and is not asked again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::redis::{
    Client, Connection, ConnectionAddr, ErrorKind, IntoConnectionInfo, RedisError, RedisResult,
    Value, cmd, from_redis_value, pipe,
};

/// A host and a port.
type Address = (String, u16);

const SENTINEL_PORT: u16 = 26379;

/// The way to the server, shared by all connections of a backend.
#[derive(Clone)]
pub(super) struct Reach {
    /// The client for the server in the URL. The URL's user, password, database and TLS settings apply to all servers.
    pub(super) client: Client,
    sentinel: Option<Sentinel>,
    cluster: Arc<Mutex<Cluster>>,
}

#[derive(Clone)]
struct Sentinel {
    master: String,
    at: Vec<Address>,
}

/// The server of a connection: the one in the URL, or another.
pub(super) type At = Option<Address>;

/// The answers of servers about themselves, and the nodes of their cluster if they are in one.
#[derive(Default)]
struct Cluster {
    /// The servers that were asked, and whether each leaves all syncing to the operating system (`appendfsync no`), and so never
    /// says that it has synced.
    never_sync: HashMap<At, bool>,
    nodes: Vec<Address>,
    /// The node that has the keys, as far as known.
    owner: Option<Address>,
}

/// Returns the policy by which a server with this memory removes keys that do not expire, if its memory is limited.
fn evicts(memory: &str) -> Option<String> {
    let of = |name| memory.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let is_limited = of("maxmemory:").is_some_and(|limit| limit != "0");
    let policy = of("maxmemory_policy:").filter(|policy| policy.starts_with("allkeys-"))?;
    is_limited.then(|| policy.to_owned())
}

impl Reach {
    pub(super) fn by(client: Client) -> Self {
        Reach { client, sentinel: None, cluster: Arc::default() }
    }

    /// Creates the way that a URL names. The scheme may also be `redis+sentinel` or `rediss+sentinel`.
    pub(super) fn to(url: &str) -> RedisResult<Self> {
        let Some((scheme, rest)) = url.split_once("+sentinel://") else {
            return Ok(Reach::by(Client::open(url)?));
        };
        let wrong = |what| RedisError::from((ErrorKind::InvalidClientConfig, what));
        let (path, query) = rest
            .split_once('?')
            .map_or((rest, String::new()), |(path, query)| (path, format!("?{query}")));
        let (user, path) = match path.rsplit_once('@') {
            Some((user, path)) => (format!("{user}@"), path),
            None => (String::new(), path),
        };
        let (hosts, path) = path.split_once('/').unwrap_or((path, ""));
        let (master, database) = path.split_once('/').unwrap_or((path, ""));
        if hosts.is_empty() || master.is_empty() {
            return Err(wrong(
                "write it as redis+sentinel://USER:PASSWORD@HOST:PORT,HOST:PORT/MASTER/DATABASE, with the name \
                 that Sentinel knows the master by",
            ));
        }
        let mut at = Vec::new();
        for host in hosts.split(',') {
            let info = format!("redis://{host}").into_connection_info()?;
            let ConnectionAddr::Tcp(name, port) = info.addr() else {
                return Err(wrong("it names a host that is none"));
            };
            let has_port =
                host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
            at.push((name.clone(), if has_port { *port } else { SENTINEL_PORT }));
        }
        let client = Client::open(format!("{scheme}://{user}localhost/{database}{query}"))?;
        let sentinel = Some(Sentinel { master: master.to_owned(), at });
        Ok(Reach { sentinel, ..Reach::by(client) })
    }

    fn cluster(&self) -> MutexGuard<'_, Cluster> {
        self.cluster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connects to the server that probably has the keys.
    pub(super) fn connect(&self, limit: Duration) -> RedisResult<(Connection, At)> {
        let to = |node: Address| {
            let connection = self.at(&node)?.get_connection_with_timeout(limit)?;
            Ok((connection, Some(node)))
        };
        if let Some(sentinel) = &self.sentinel {
            return to(self.master(sentinel, limit)?);
        }
        let owner = self.cluster().owner.clone();
        if let Some(owner) = owner {
            match to(owner) {
                Err(_) => self.cluster().owner = None,
                connected => return connected,
            }
        }
        let nodes = self.cluster().nodes.clone();
        let connection = self.client.get_connection_with_timeout(limit);
        let mut connected = connection.map(|connection| (connection, None));
        for node in nodes {
            if connected.is_ok() {
                break;
            }
            connected = to(node).or(connected);
        }
        connected
    }

    /// Returns the master that the first Sentinel to answer names.
    fn master(&self, sentinel: &Sentinel, limit: Duration) -> RedisResult<Address> {
        let mut trouble = None;
        for at in &sentinel.at {
            let asked = || {
                let info =
                    self.info_at(at).set_redis_settings(::redis::RedisConnectionInfo::default());
                let mut connection = Client::open(info)?.get_connection_with_timeout(limit)?;
                connection.set_read_timeout(Some(limit))?;
                let question =
                    cmd("SENTINEL").arg("get-master-addr-by-name").arg(&sentinel.master).take();
                question.query::<Option<Address>>(&mut connection)
            };
            match asked() {
                Ok(Some(master)) => return Ok(master),
                Ok(None) => {
                    let unknown = "Sentinel knows no master of that name";
                    let detail = sentinel.master.clone();
                    trouble = Some((ErrorKind::InvalidClientConfig, unknown, detail).into());
                }
                Err(error) => trouble = trouble.or(Some(error)),
            }
        }
        Err(trouble
            .unwrap_or_else(|| (ErrorKind::InvalidClientConfig, "there is no Sentinel").into()))
    }

    fn info_at(&self, (host, port): &Address) -> ::redis::ConnectionInfo {
        let info = self.client.get_connection_info().clone();
        let (host, port) = (host.clone(), *port);
        let address = match info.addr() {
            ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
                let (insecure, tls_params) = (*insecure, tls_params.clone());
                ConnectionAddr::TcpTls { host, port, insecure, tls_params }
            }
            _ => ConnectionAddr::Tcp(host, port),
        };
        info.set_addr(address)
    }

    fn at(&self, address: &Address) -> RedisResult<Client> {
        Client::open(self.info_at(address))
    }

    /// Parses the node in an answer. The host is missing if it is the one in the URL.
    pub(super) fn named(&self, address: &str) -> Option<Address> {
        let (host, port) = address.rsplit_once(':')?;
        let host = match (host, self.client.get_connection_info().addr()) {
            ("", ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. }) => host,
            (host, _) => host,
        };
        Some((host.to_owned(), port.parse().ok()?))
    }

    /// Notes that the keys are at the node `address` from now on.
    pub(super) fn moved(&self, address: &str) {
        self.cluster().owner = self.named(address);
    }

    /// Connects to a node that an answer names.
    pub(super) fn elsewhere(&self, address: &str, limit: Duration) -> RedisResult<Connection> {
        let node = self.named(address);
        let node = node.ok_or((ErrorKind::UnexpectedReturnType, "it names no node"))?;
        self.at(&node)?.get_connection_with_timeout(limit)
    }

    /// Asks each server once about its settings. Returns the policy by which the server removes keys that do not expire, if it
    /// does; the server is then asked again the next time. Learns the nodes of its cluster, so that the backend does not depend
    /// on the server in the URL. A server that gives no answer is not asked again.
    pub(super) fn learn(&self, connection: &mut Connection, at: &At) -> Option<String> {
        if self.cluster().never_sync.contains_key(at) {
            return None;
        }
        let questions = pipe()
            .cmd("INFO")
            .arg("memory")
            .cmd("CONFIG")
            .arg("GET")
            .arg("appendfsync")
            .cmd("CLUSTER")
            .arg("SLOTS")
            .ignore_errors()
            .query::<Vec<RedisResult<Value>>>(connection);
        let mut answers = questions.unwrap_or_default().into_iter().map(Result::ok);
        let mut next = || answers.next().flatten();
        let memory: Option<String> = next().and_then(|it| from_redis_value(it).ok());
        let policy = evicts(&memory.unwrap_or_default());
        if policy.is_some() {
            return policy;
        }
        let set: Option<HashMap<String, String>> = next().and_then(|it| from_redis_value(it).ok());
        let never = set.is_some_and(|it| it.get("appendfsync").is_some_and(|value| value == "no"));
        self.cluster().never_sync.insert(at.clone(), never);
        if self.sentinel.is_none() {
            let slots = next().and_then(|it| from_redis_value(it).ok());
            self.learn_nodes(slots.unwrap_or_default());
        }
        None
    }

    pub(super) fn never_syncs(&self, at: &At) -> bool {
        self.cluster().never_sync.get(at).copied().unwrap_or_default()
    }

    fn learn_nodes(&self, slots: Vec<Vec<Value>>) {
        let nodes = slots.into_iter().flat_map(|slot| slot.into_iter().skip(2));
        let mut nodes: Vec<Address> = nodes
            .filter_map(|node| from_redis_value::<Vec<Value>>(node).ok())
            .filter_map(|node| {
                let mut parts = node.into_iter();
                let host: String = from_redis_value(parts.next()?).ok()?;
                let port: u16 = from_redis_value(parts.next()?).ok()?;
                self.named(&format!("{host}:{port}"))
            })
            .collect();
        nodes.sort_unstable();
        nodes.dedup();
        self.cluster().nodes = nodes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_of_sentinels_names_them_and_the_master() {
        let reach =
            Reach::to("redis+sentinel://me:se%40cret@a:1,b,[::1]:3/main/7?protocol=resp3").unwrap();
        let sentinel = reach.sentinel.as_ref().unwrap();
        assert_eq!(sentinel.master, "main");
        let at = [("a", 1), ("b", 26379), ("::1", 3)].map(|(host, port)| (host.to_owned(), port));
        assert_eq!(sentinel.at, at);
        let settings = reach.client.get_connection_info().redis_settings();
        assert_eq!(settings.username(), Some("me"));
        assert_eq!((settings.password(), settings.db()), (Some("se@cret"), 7));
        for wrong in ["redis+sentinel://a", "redis+sentinel:///main", "redis+sentinel://a/"] {
            assert!(Reach::to(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_server_evicts_if_its_memory_is_limited() {
        let memory = |limit, policy| {
            format!(
                "# Memory\r\nmaxmemory:{limit}\r\nmaxmemory_human:1M\r\nmaxmemory_policy:{policy}\r\n"
            )
        };
        assert_eq!(evicts(&memory("1000", "allkeys-lfu")).as_deref(), Some("allkeys-lfu"));
        assert_eq!(evicts(&memory("0", "allkeys-lfu")), None);
        assert_eq!(evicts(&memory("1000", "volatile-lru")), None);
        assert_eq!(evicts(&memory("1000", "noeviction")), None);
        assert_eq!(evicts(""), None);
    }

    #[test]
    fn a_node_that_is_named_without_its_host_is_on_the_one_of_the_url() {
        let reach = Reach::to("redis://host:1/").unwrap();
        assert_eq!(reach.named(":7"), Some(("host".to_owned(), 7)));
        assert_eq!(reach.named("::1:7"), Some(("::1".to_owned(), 7)));
        assert_eq!(reach.named("host"), None);
    }
}
