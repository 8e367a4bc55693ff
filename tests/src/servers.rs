//! Reaches the servers that `tests/servers` has started, and starts those that a test has for itself.

use std::env;
use std::fmt::Display;
use std::fs::{OpenOptions, Permissions};
use std::iter;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Returns the URL of PostgreSQL, with user and password. The server speaks TLS as well.
///
/// # Panics
///
/// If `tests/servers` has not started the servers.
pub fn postgres_url() -> String {
    variable("SAFE_STATE_TEST_POSTGRES")
}

/// Returns the URL of MariaDB, with user and password. The server speaks TLS as well.
pub fn mysql_url() -> String {
    variable("SAFE_STATE_TEST_MYSQL")
}

/// Returns the URL of Redis, with user and password.
pub fn redis_url() -> String {
    variable("SAFE_STATE_TEST_REDIS")
}

/// Returns the URL of the same Redis by TLS.
pub fn redis_tls_url() -> String {
    variable("SAFE_STATE_TEST_REDIS_TLS")
}

/// Returns the URL of the S3 endpoint. Any credentials do.
pub fn s3_url() -> String {
    variable("SAFE_STATE_TEST_S3")
}

/// Returns the URL of the objects below a prefix in S3, with credentials.
pub fn objects_url(prefix: &str) -> String {
    objects_at(&s3_url(), prefix)
}

/// Returns the URL of the objects below a prefix in S3, by TLS.
pub fn objects_tls_url(prefix: &str) -> String {
    objects_at(&variable("SAFE_STATE_TEST_S3_TLS"), prefix)
}

/// Returns the URL of the objects below a prefix in an S3 that creates an object even if it exists.
pub fn deaf_objects_url(prefix: &str) -> String {
    objects_at(&variable("SAFE_STATE_TEST_S3_DEAF"), prefix)
}

fn objects_at(endpoint: &str, prefix: &str) -> String {
    let credentials = "access_key_id=tester&secret_access_key=hush-hush-7391";
    format!("s3://{BUCKET}/{prefix}?region=us-east-1&endpoint={endpoint}&{credentials}")
}

/// The bucket that exists from the start.
pub const BUCKET: &str = "safe-state";

/// Returns the path of the certificate of the authority that vouches for the servers.
pub fn authority() -> PathBuf {
    Path::new(&variable("SAFE_STATE_TEST_TLS")).join("ca.pem")
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set; start the servers with tests/servers, as in `tests/servers cargo nextest run`")
    })
}

/// Returns the address that the server of a URL listens on.
///
/// # Panics
///
/// If the URL is none of those that this module returns.
pub fn address(url: &str) -> SocketAddr {
    url[authority_of(url)].parse().unwrap()
}

/// Returns the same URL with another address, such as that of a [`Proxy`](crate::Proxy).
pub fn at(url: &str, address: SocketAddr) -> String {
    let mut url = url.to_owned();
    url.replace_range(authority_of(&url), &address.to_string());
    url
}

/// Returns the range of the host and port in a URL; in that of its endpoint, if the URL has one.
fn authority_of(url: &str) -> std::ops::Range<usize> {
    let scheme = url.rfind("://").unwrap() + 3;
    let begin = url[scheme..].find('@').map_or(scheme, |at| scheme + at + 1);
    let end = url[begin..].find(['/', '&']).map_or(url.len(), |end| begin + end);
    begin..end
}

/// The kind of a server that a test has for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// PostgreSQL.
    Postgres,
    /// MariaDB.
    MySql,
    /// Redis, without TLS.
    Redis,
}

/// A server that belongs to a test, which may kill it. What the server stores survives a kill. Dropping it kills it,
/// too.
#[derive(Debug)]
pub struct Server {
    name: &'static str,
    /// The arguments of the server behind its port.
    more: Vec<String>,
    /// The URL of the server of the same kind that all tests share.
    url: String,
    dir: TempDir,
    address: SocketAddr,
    process: Child,
}

impl Server {
    /// Starts a server, and waits until it answers.
    ///
    /// # Panics
    ///
    /// If the server does not answer in time.
    pub fn start(kind: Kind) -> Self {
        Server::start_as(kind.name(), kind, &[])
    }

    /// Starts a server of `tests/setups/servers.sh` by its name, with the arguments `more` behind its port.
    ///
    /// # Panics
    ///
    /// If the server does not answer in time.
    pub fn start_as(name: &'static str, kind: Kind, more: &[&dyn Display]) -> Self {
        // The server runs as another user, who has to pass through the folder.
        let passable = Permissions::from_mode(0o711);
        let dir = tempfile::Builder::new().permissions(passable).tempdir().unwrap();
        let address = (Ipv4Addr::LOCALHOST, free_ports(1)).into();
        let more: Vec<String> = more.iter().map(ToString::to_string).collect();
        let process = serve(name, dir.path(), address, &more);
        let mut server = Server { name, more, url: kind.url(), dir, address, process };
        server.wait_until_ready();
        server
    }

    /// Returns the server's URL, with user and password.
    pub fn url(&self) -> String {
        at(&self.url, self.address)
    }

    /// Returns the id of the server's process, which its folder belongs to.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Returns the address that the server listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends the server with a signal that it cannot catch.
    ///
    /// # Panics
    ///
    /// If the process cannot be waited for.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Kills the server if it is running, starts it on the same address with what it stored, and waits until it
    /// answers.
    ///
    /// # Panics
    ///
    /// If the server does not answer in time.
    pub fn restart(&mut self) {
        self.kill();
        self.process = serve(self.name, self.dir.path(), self.address, &self.more);
        self.wait_until_ready();
    }

    fn wait_until_ready(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !self.is_ready() {
            let log = || std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "{} does not answer: {}", self.name, log());
            // PostgreSQL refuses to start until the last child of the killed server is gone.
            if self.process.try_wait().unwrap().is_some() {
                self.process = serve(self.name, self.dir.path(), self.address, &self.more);
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn is_ready(&self) -> bool {
        let port = self.address.port().to_string();
        script().args(["--ready", self.name, &port]).status().unwrap().success()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The server may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Postgres => "postgres",
            Kind::MySql => "mysql",
            Kind::Redis => "redis",
        }
    }

    /// Returns the URL of the server of this kind that all tests share.
    fn url(self) -> String {
        match self {
            Kind::Postgres => postgres_url(),
            Kind::MySql => mysql_url(),
            Kind::Redis => redis_url(),
        }
    }
}

/// Returns the first of `count` ports in a row that are free.
///
/// The ports, and those 10,000 above them, on which the nodes of a Redis Cluster talk, are below those that Linux gives
/// to programs that ask for any port. So no connection is given one of them before the server takes it.
///
/// # Panics
///
/// If no ports are free.
pub fn free_ports(count: u16) -> u16 {
    let mut rng = fastrand::Rng::new();
    let is_free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    let firsts = iter::repeat_with(|| rng.u16(10_000..22_000)).take(10_000);
    let mut free = firsts.filter(|first| (*first..first + count).all(is_free));
    free.next().expect("as many ports that are free")
}

fn serve(name: &str, dir: &Path, address: SocketAddr, more: &[String]) -> Child {
    authority();
    script()
        .args(["--serve", name])
        .arg(dir.join("server"))
        .arg(address.port().to_string())
        .args(more)
        .stdout(Stdio::null())
        .stderr(log(dir))
        .spawn()
        .unwrap()
}

/// Opens the file beside the server's folder that takes its output.
fn log(dir: &Path) -> Stdio {
    OpenOptions::new().create(true).append(true).open(dir.join("log")).unwrap().into()
}

fn script() -> Command {
    Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/servers"))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use super::{Kind, Server, address, at, redis_url};

    #[test]
    fn a_url_leads_to_another_address() {
        let url = "postgres://tester:hush@127.0.0.1:5432/safe_state";
        assert_eq!(address(url).port(), 5432);
        let other = at(url, "127.0.0.1:81".parse().unwrap());
        assert_eq!(other, "postgres://tester:hush@127.0.0.1:81/safe_state");
        assert_eq!(address("http://127.0.0.1:80").port(), 80);
        assert_eq!(address("s3://bucket/prefix?endpoint=http://127.0.0.1:80&region=a").port(), 80);
    }

    /// Returns what Redis answers to one command.
    fn redis(server: &Server, command: &str) -> String {
        let password = redis_url().split([':', '@']).nth(2).unwrap().to_owned();
        let mut connection = TcpStream::connect(server.address()).unwrap();
        write!(connection, "AUTH {password}\r\n{command}\r\nQUIT\r\n").unwrap();
        let mut answers = String::new();
        connection.read_to_string(&mut answers).unwrap();
        answers
    }

    #[test]
    fn what_a_server_stores_survives_its_death() {
        let mut server = Server::start(Kind::Redis);
        assert_eq!(redis(&server, "SET name value"), "+OK\r\n+OK\r\n+OK\r\n");
        server.kill();
        TcpStream::connect(server.address()).unwrap_err();
        server.restart();
        assert_eq!(redis(&server, "GET name"), "+OK\r\n$5\r\nvalue\r\n+OK\r\n");
    }

    #[test]
    fn databases_start_again_after_they_were_killed() {
        for kind in [Kind::Postgres, Kind::MySql] {
            let mut server = Server::start(kind);
            server.restart();
            TcpStream::connect(server.address()).unwrap();
        }
    }
}
