//! Provides a network that fails on request: a TCP proxy in this process.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

/// A proxy that passes on what its clients and the server say to one another, as well as it is told to. Dropping it
/// ends all connections.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    link: Arc<Link>,
}

/// The state that all connections through a proxy share.
#[derive(Debug)]
struct Link {
    state: Mutex<State>,
    changed: Condvar,
    round_trips: AtomicUsize,
    made: AtomicUsize,
}

#[derive(Debug)]
struct State {
    server: SocketAddr,
    trouble: Trouble,
    /// The open connections, which belong to the threads that pass on what is said.
    connections: Vec<Weak<Connection>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    None,
    Delay(Duration),
    HalfClosed,
    Cut,
    /// The proxy is gone.
    Gone,
}

#[derive(Debug)]
struct Connection {
    client: TcpStream,
    server: TcpStream,
    /// Whether the client has said something since the server did last.
    is_asked: AtomicBool,
}

impl Proxy {
    /// Starts a proxy on a free port, which leads to the server at this address.
    ///
    /// # Panics
    ///
    /// If no port is free.
    pub fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = State { server, trouble: Trouble::None, connections: Vec::new() };
        let link = Arc::new(Link {
            state: Mutex::new(state),
            changed: Condvar::new(),
            round_trips: AtomicUsize::new(0),
            made: AtomicUsize::new(0),
        });
        let accepting = Arc::clone(&link);
        thread::spawn(move || accept(&listener, &accepting));
        Proxy { address, link }
    }

    /// Returns the address that clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns how often the server has answered so far, on all connections.
    pub fn round_trips(&self) -> usize {
        self.link.round_trips.load(Ordering::Relaxed)
    }

    /// Returns how many connections clients have made so far.
    pub fn connections(&self) -> usize {
        self.link.made.load(Ordering::Relaxed)
    }

    /// Ends all connections, and leads each new one to the server at this address.
    pub fn lead_to(&self, server: SocketAddr) {
        self.cut();
        self.link.state().server = server;
        self.restore();
    }

    /// Ends all connections, and ends each new one at once.
    pub fn cut(&self) {
        self.link.set(Trouble::Cut);
    }

    /// Holds back all that is said for `delay`; with [`Duration::MAX`], as if the cable were pulled.
    pub fn delay(&self, delay: Duration) {
        self.link.set(Trouble::Delay(delay));
    }

    /// Makes the clients hear that the server has nothing more to say. What the clients say still arrives.
    pub fn half_close(&self) {
        self.link.set(Trouble::HalfClosed);
    }

    /// Makes all work from now on. Connections that have ended stay so.
    pub fn restore(&self) {
        self.link.set(Trouble::None);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.link.set(Trouble::Gone);
        // One more client makes the listener look at the trouble, and end.
        let _ = TcpStream::connect(self.address);
    }
}

impl Link {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, trouble: Trouble) {
        let mut state = self.state();
        state.trouble = trouble;
        let lives = |connection: Arc<Connection>| connection.suffers(trouble);
        state.connections.retain(|connection| connection.upgrade().is_some_and(lives));
        self.changed.notify_all();
    }

    /// Connects a client to the server, under the present trouble.
    fn connect(self: &Arc<Self>, client: TcpStream) -> io::Result<()> {
        self.made.fetch_add(1, Ordering::Relaxed);
        let address = self.state().server;
        let server = TcpStream::connect(address)?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let connection = Arc::new(Connection { client, server, is_asked: AtomicBool::new(false) });
        let mut state = self.state();
        if connection.suffers(state.trouble) {
            state.connections.retain(|connection| connection.strong_count() > 0);
            state.connections.push(Arc::downgrade(&connection));
            connection.pass_on(self);
        }
        Ok(())
    }

    /// Waits until what has been said may go on.
    fn hold_back(&self) {
        let state = self.state();
        if let Trouble::Delay(delay) = state.trouble {
            let delayed = |state: &mut State| matches!(state.trouble, Trouble::Delay(_));
            drop(self.changed.wait_timeout_while(state, delay, delayed));
        }
    }
}

impl Connection {
    /// Applies the trouble to a connection. Returns whether the connection lives on. An error of a connection that has
    /// ended by itself is ignored.
    fn suffers(&self, trouble: Trouble) -> bool {
        match trouble {
            Trouble::None | Trouble::Delay(_) => true,
            Trouble::HalfClosed => {
                let _ = self.client.shutdown(Shutdown::Write);
                true
            }
            Trouble::Cut | Trouble::Gone => {
                let _ = self.client.shutdown(Shutdown::Both);
                let _ = self.server.shutdown(Shutdown::Both);
                false
            }
        }
    }

    fn pass_on(self: Arc<Self>, link: &Arc<Link>) {
        let (up, to_server) = (Arc::clone(&self), Arc::clone(link));
        thread::spawn(move || {
            pass(&up.client, &up.server, &to_server, || up.is_asked.store(true, Ordering::Relaxed));
        });
        let (down, to_client) = (self, Arc::clone(link));
        thread::spawn(move || {
            let answered = || {
                if down.is_asked.swap(false, Ordering::Relaxed) {
                    to_client.round_trips.fetch_add(1, Ordering::Relaxed);
                }
            };
            pass(&down.server, &down.client, &to_client, answered);
        });
    }
}

fn accept(listener: &TcpListener, link: &Arc<Link>) {
    for client in listener.incoming() {
        if link.state().trouble == Trouble::Gone {
            break;
        }
        // If the server does not accept the client, the client finds its connection closed.
        let _ = client.and_then(|client| link.connect(client));
    }
}

/// Passes on one direction of a connection, to its end, and calls `noted` for what is passed on.
fn pass(mut from: &TcpStream, mut to: &TcpStream, link: &Link, noted: impl Fn()) {
    let mut chunk = [0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut chunk) {
        link.hold_back();
        noted();
        if to.write_all(&chunk[..length]).is_err() {
            break;
        }
    }
    // Either socket may be closed already.
    let _ = to.shutdown(Shutdown::Write);
    let _ = from.shutdown(Shutdown::Read);
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, ErrorKind, Read, Write};
    use std::net::{SocketAddr, TcpListener, TcpStream};
    use std::sync::mpsc::{Receiver, channel};
    use std::thread;
    use std::time::{Duration, Instant};

    use super::Proxy;

    /// Starts a server that answers each byte with the next one, and tells which bytes it hears.
    fn server() -> (SocketAddr, Receiver<u8>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, heard) = channel();
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, tell) = (client.unwrap(), tell.clone());
                thread::spawn(move || {
                    for byte in BufReader::new(&client).bytes().map_while(Result::ok) {
                        tell.send(byte).unwrap();
                        (&client).write_all(&[byte + 1]).unwrap();
                    }
                });
            }
        });
        (address, heard)
    }

    /// Sends a byte to the proxy, and returns the answer; `None` if the client hears that no more comes.
    fn ask(client: &mut TcpStream, byte: u8) -> Option<u8> {
        client.write_all(&[byte]).ok()?;
        let mut answer = [0];
        client.read_exact(&mut answer).ok().map(|()| answer[0])
    }

    fn connected(proxy: &Proxy) -> TcpStream {
        TcpStream::connect(proxy.address()).unwrap()
    }

    #[test]
    fn what_is_said_is_passed_on_both_ways() {
        let (address, heard) = server();
        let proxy = Proxy::to(address);
        let mut client = connected(&proxy);
        assert_eq!(ask(&mut client, 1), Some(2));
        assert_eq!(ask(&mut connected(&proxy), 7), Some(8));
        assert_eq!(ask(&mut client, 3), Some(4));
        assert_eq!(heard.try_iter().collect::<Vec<_>>(), [1, 7, 3]);
        assert_eq!(proxy.round_trips(), 3);
    }

    #[test]
    fn a_cut_ends_connections_until_it_is_restored() {
        let (address, heard) = server();
        let proxy = Proxy::to(address);
        let mut client = connected(&proxy);
        assert_eq!(ask(&mut client, 1), Some(2));
        proxy.cut();
        assert_eq!(ask(&mut client, 3), None);
        assert_eq!(ask(&mut connected(&proxy), 5), None);
        proxy.restore();
        assert_eq!(ask(&mut client, 7), None);
        assert_eq!(ask(&mut connected(&proxy), 9), Some(10));
        assert_eq!(heard.try_iter().collect::<Vec<_>>(), [1, 9]);
    }

    #[test]
    fn a_delay_holds_back_what_is_said() {
        let (address, _heard) = server();
        let proxy = Proxy::to(address);
        let mut client = connected(&proxy);
        let delay = Duration::from_millis(50);
        proxy.delay(delay);
        let begun = Instant::now();
        assert_eq!(ask(&mut client, 1), Some(2));
        assert!(begun.elapsed() >= 2 * delay, "{:?}", begun.elapsed());
    }

    #[test]
    fn a_pulled_cable_is_silent_and_loses_nothing() {
        let (address, heard) = server();
        let proxy = Proxy::to(address);
        let mut client = connected(&proxy);
        assert_eq!(ask(&mut client, 1), Some(2));
        proxy.delay(Duration::MAX);
        client.write_all(&[3]).unwrap();
        client.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let silence = client.read(&mut [0]).unwrap_err();
        assert_eq!(silence.kind(), ErrorKind::WouldBlock);
        assert_eq!(heard.try_iter().collect::<Vec<_>>(), [1]);
        proxy.restore();
        let mut answer = [0];
        client.set_read_timeout(None).unwrap();
        client.read_exact(&mut answer).unwrap();
        assert_eq!(answer, [4]);
    }

    #[test]
    fn a_server_behind_a_half_closed_proxy_hears_and_is_not_heard() {
        let (address, heard) = server();
        let proxy = Proxy::to(address);
        let mut client = connected(&proxy);
        assert_eq!(ask(&mut client, 1), Some(2));
        proxy.half_close();
        assert_eq!(ask(&mut client, 3), None);
        assert_eq!(ask(&mut connected(&proxy), 5), None);
        let next = || heard.recv_timeout(Duration::from_secs(10)).unwrap();
        let mut all = [next(), next(), next()];
        all.sort_unstable();
        assert_eq!(all, [1, 3, 5]);
    }

    #[test]
    fn a_dropped_proxy_ends_its_connections() {
        let (address, _heard) = server();
        let proxy = Proxy::to(address);
        let mut client = connected(&proxy);
        assert_eq!(ask(&mut client, 1), Some(2));
        drop(proxy);
        assert_eq!(ask(&mut client, 3), None);
    }
}
