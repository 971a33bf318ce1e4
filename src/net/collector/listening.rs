//! The ports this machine listens on, by which a connection is inbound. They are remembered for a while after they
//! closed, because a program may stop listening once its one visitor has come.

use std::collections::HashMap;

use crate::model::{Direction, Protocol};

/// How long a port counts as listened on after it was last seen so.
const MEMORY_MILLIS: i64 = 10_000;

#[derive(Default)]
pub struct ListeningPorts {
    last_seen_unix_millis: HashMap<(Protocol, u16), i64>,
}

impl ListeningPorts {
    /// Takes over what listens now, and forgets what has not for long.
    pub fn refresh(&mut self, ports: &[(Protocol, u16)], unix_millis: i64) {
        for &port in ports {
            self.last_seen_unix_millis.insert(port, unix_millis);
        }
        self.last_seen_unix_millis.retain(|_, last_seen| unix_millis - *last_seen <= MEMORY_MILLIS);
    }

    pub fn direction(&self, protocol: Protocol, local_port: u16) -> Direction {
        if self.last_seen_unix_millis.contains_key(&(protocol, local_port)) {
            Direction::Inbound
        } else {
            Direction::Outbound
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_inbound_while_it_listens_and_shortly_after() {
        let mut ports = ListeningPorts::default();
        ports.refresh(&[(Protocol::Tcp, 22)], 0);
        assert_eq!(ports.direction(Protocol::Tcp, 22), Direction::Inbound);
        assert_eq!(ports.direction(Protocol::Udp, 22), Direction::Outbound);
        ports.refresh(&[], MEMORY_MILLIS);
        assert_eq!(ports.direction(Protocol::Tcp, 22), Direction::Inbound);
        ports.refresh(&[], MEMORY_MILLIS + 1);
        assert_eq!(ports.direction(Protocol::Tcp, 22), Direction::Outbound);
    }
}
