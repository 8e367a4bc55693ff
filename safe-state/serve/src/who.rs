//! The user who presses a button, as far as this machine can tell.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName};

/// The state of an open connection in the kernel's table.
const OPEN: &str = "01";

/// The ways to find out who has sent a request.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    own: SocketAddr,
    /// The header in which a proxy names the user. Without a proxy, any client could write a name into it.
    header: Option<Arc<HeaderName>>,
}

impl Who {
    pub(crate) fn new(own: SocketAddr, header: Option<HeaderName>) -> Self {
        Who { own, header: header.map(Arc::new) }
    }

    /// Returns the name that a proxy gives, else the user of this machine who has the connection, else the client's
    /// address.
    pub(crate) fn has_sent(&self, headers: &HeaderMap, peer: SocketAddr) -> String {
        let told = self.header.as_deref().and_then(|name| headers.get(name));
        let told = told.map(|it| String::from_utf8_lossy(it.as_bytes()).trim().to_owned());
        if let Some(name) = told.filter(|name| !name.is_empty()) {
            return name;
        }
        match user_of(peer, self.own.port()) {
            Some(user) => format!("{user}, on the machine of the page"),
            None => peer.ip().to_string(),
        }
    }
}

/// Returns the user of this machine who has the connection, if the system has a table of connections.
fn user_of(peer: SocketAddr, to_port: u16) -> Option<String> {
    let table = if peer.is_ipv4() { "/proc/net/tcp" } else { "/proc/net/tcp6" };
    let number = user_in(&fs::read_to_string(table).ok()?, peer, to_port)?;
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == number).then(|| name.to_owned())
    });
    Some(named.unwrap_or_else(|| format!("user {number}")))
}

/// Returns the number of the user who has an open connection in the kernel's table.
fn user_in(table: &str, peer: SocketAddr, to_port: u16) -> Option<String> {
    let (from, to) = (in_table(peer), format!(":{to_port:04X}"));
    table.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, local, remote, state, _, _, _, user, ..] = fields.as_slice() else { return None };
        let is_it = *local == from && remote.ends_with(&to) && *state == OPEN;
        is_it.then(|| (*user).to_owned())
    })
}

/// Returns the address as the table has it: in words of four bytes, each in the byte order of this machine.
fn in_table(address: SocketAddr) -> String {
    let bytes = match address.ip() {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let words = bytes.as_chunks::<4>().0.iter().map(|word| u32::from_ne_bytes(*word));
    let words: Vec<String> = words.map(|word| format!("{word:08X}")).collect();
    format!("{}:{:04X}", words.concat(), address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n\
        0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1\n\
        1: 0100007F:D431 0100007F:1F90 06 00000000:00000000 00:00000000 00000000     0        0 2\n\
        2: 0100007F:D431 0100007F:1F91 01 00000000:00000000 00:00000000 00000000  1001        0 3\n\
        3: 0100007F:D431 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 4\n";

    #[cfg(target_endian = "little")]
    #[test]
    fn a_user_is_found_by_both_ends_of_an_open_connection() {
        let peer = "127.0.0.1:54321".parse().unwrap();
        assert_eq!(user_in(TABLE, peer, 8080).as_deref(), Some("1000"));
        assert_eq!(user_in(TABLE, peer, 8082), None);
        let other = "127.0.0.2:54321".parse().unwrap();
        assert_eq!(user_in(TABLE, other, 8080), None);
        let there = "[::1]:8080".parse().unwrap();
        assert_eq!(in_table(there), "00000000000000000000000001000000:1F90");
    }

    #[test]
    fn a_header_counts_where_it_was_named() {
        let own = "127.0.0.1:1".parse().unwrap();
        let peer = "192.0.2.7:5".parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("x-remote-user", "ada".parse().unwrap());
        assert_eq!(Who::new(own, None).has_sent(&headers, peer), "192.0.2.7");
        let named = Who::new(own, Some(HeaderName::from_static("x-remote-user")));
        assert_eq!(named.has_sent(&headers, peer), "ada");
        assert_eq!(named.has_sent(&HeaderMap::new(), peer), "192.0.2.7");
    }
}
