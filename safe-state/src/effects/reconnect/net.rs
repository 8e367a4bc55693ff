//! Sockets, connected again to the same peer. Data under way in them is lost.

use std::io;
use std::net::{SocketAddr, TcpStream, UdpSocket};

use safe_state_base::ReconnectError;

use super::handle::Reconnect;

impl Reconnect for TcpStream {
    type Meta = SocketAddr;

    fn extract(&mut self) -> Result<SocketAddr, ReconnectError> {
        self.peer_addr().map_err(failed("find the peer of a TCP stream"))
    }

    fn reconnect(peer: SocketAddr) -> Result<Self, ReconnectError> {
        TcpStream::connect(peer).map_err(failed(format!("connect to {peer}")))
    }
}

impl Reconnect for UdpSocket {
    /// The socket's own address, and the peer's if it is connected.
    type Meta = (SocketAddr, Option<SocketAddr>);

    fn extract(&mut self) -> Result<Self::Meta, ReconnectError> {
        let own = self.local_addr().map_err(failed("find the address of a UDP socket"))?;
        Ok((own, self.peer_addr().ok()))
    }

    fn reconnect((own, peer): Self::Meta) -> Result<Self, ReconnectError> {
        let socket = UdpSocket::bind(own).map_err(failed(format!("bind {own}")))?;
        if let Some(peer) = peer {
            socket.connect(peer).map_err(failed(format!("connect to {peer}")))?;
        }
        Ok(socket)
    }
}

#[cfg(unix)]
impl Reconnect for std::os::unix::net::UnixStream {
    type Meta = std::path::PathBuf;

    fn extract(&mut self) -> Result<Self::Meta, ReconnectError> {
        let peer = self.peer_addr().map_err(failed("find the peer of a Unix stream"))?;
        let path = peer.as_pathname().map(std::path::Path::to_owned);
        path.ok_or_else(|| {
            ReconnectError::new("the peer of this Unix stream has no path to connect to again")
        })
    }

    fn reconnect(path: Self::Meta) -> Result<Self, ReconnectError> {
        Self::connect(&path).map_err(failed(format!("connect to `{}`", path.display())))
    }
}

fn failed(action: impl std::fmt::Display) -> impl FnOnce(io::Error) -> ReconnectError {
    move |error| ReconnectError::because(format!("cannot {action}"), error)
}
