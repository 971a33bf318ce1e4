//! What runs on the demo's machine: programs, the ports they use, and who is at the other end. The mix is that of a
//! small server on somebody's desk who also surfs on it, so that each of the shipped rules has its dots.

use std::collections::HashMap;

use super::random::Random;
use crate::model::{
    Direction::{self, Inbound, Outbound},
    Owner,
    Protocol::{self, Tcp, Udp},
};

/// Which kind of address a service talks to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Peers {
    Homes,
    Hosts,
}

pub struct Service {
    /// The process's `comm`; `None` where its socket belongs to another user and may not be looked into.
    pub program: Option<&'static str>,
    pub protocol: Protocol,
    pub direction: Direction,
    /// Local port if inbound, else the peer's.
    pub port: u16,
    pub peers: Peers,
    /// Share of connections, in parts of all services' weights.
    pub weight: u64,
    /// The most that a connection sends and receives in a second.
    pub sent_bytes_per_sec: u64,
    pub received_bytes_per_sec: u64,
}

const fn service(
    program: &'static str,
    protocol: Protocol,
    direction: Direction,
    port: u16,
    peers: Peers,
    weight: u64,
    (sent_bytes_per_sec, received_bytes_per_sec): (u64, u64),
) -> Service {
    let program = Some(program);
    Service { program, protocol, direction, port, peers, weight, sent_bytes_per_sec, received_bytes_per_sec }
}

use Peers::{Homes, Hosts};

pub const SERVICES: &[Service] = &[
    service("nginx", Tcp, Inbound, 443, Homes, 52, (240_000, 3_000)),
    service("nginx", Tcp, Inbound, 80, Homes, 8, (20_000, 800)),
    service("firefox", Tcp, Outbound, 443, Hosts, 26, (2_000, 90_000)),
    service("firefox", Udp, Outbound, 443, Hosts, 6, (0, 0)),
    service("chrome", Tcp, Outbound, 443, Hosts, 12, (2_000, 120_000)),
    service("apt", Tcp, Outbound, 80, Hosts, 2, (500, 900_000)),
    service("irssi", Tcp, Outbound, 6667, Hosts, 3, (40, 400)),
    service("irssi", Tcp, Outbound, 6660, Hosts, 1, (40, 400)),
    service("weechat", Tcp, Outbound, 6669, Hosts, 1, (40, 400)),
    service("weechat", Tcp, Outbound, 5555, Hosts, 1, (40, 400)),
    service("ssh", Tcp, Outbound, 22, Hosts, 6, (300, 2_000)),
    service("sshd", Tcp, Inbound, 22, Homes, 5, (4_000, 600)),
    service("thunderbird", Tcp, Outbound, 993, Hosts, 5, (60, 900)),
    service("imap-login", Tcp, Inbound, 993, Homes, 6, (1_500, 120)),
    service("smtpd", Tcp, Inbound, 587, Homes, 3, (200, 6_000)),
    service("qbittorrent", Tcp, Inbound, 12_000, Homes, 14, (60_000, 30_000)),
    service("qbittorrent", Tcp, Outbound, 12_000, Homes, 8, (20_000, 160_000)),
    service("ss-server", Tcp, Inbound, 31_415, Homes, 2, (30_000, 4_000)),
    service("ss-server", Tcp, Inbound, 31_416, Homes, 1, (30_000, 4_000)),
    service("ss-local", Tcp, Outbound, 31_415, Hosts, 1, (3_000, 40_000)),
    service("ss-local", Tcp, Outbound, 31_416, Hosts, 1, (3_000, 40_000)),
    service("connmapperl", Tcp, Inbound, 6789, Homes, 2, (50, 3_000)),
    service("connmapperl-cli", Tcp, Outbound, 6789, Hosts, 1, (3_000, 50)),
    service("telegram-deskto", Tcp, Outbound, 5222, Hosts, 2, (100, 2_000)),
    service("steam", Tcp, Outbound, 27_031, Hosts, 1, (100, 4_000)),
    service("git", Tcp, Outbound, 9418, Hosts, 1, (200, 700_000)),
    Service { program: None, ..service("", Tcp, Outbound, 853, Hosts, 3, (100, 300)) },
];

/// A service, as often as its weight says.
pub fn by_weight(random: &mut Random) -> &'static Service {
    let total = SERVICES.iter().map(|service| service.weight).sum();
    let mut left = random.within(0..total);
    SERVICES
        .iter()
        .find(|service| {
            let found = left < service.weight;
            left = left.saturating_sub(service.weight);
            found
        })
        .unwrap_or(&SERVICES[0])
}

/// Every program as a process of the demo's machine.
pub fn owners() -> HashMap<&'static str, Owner> {
    let fixed = FIXED_WORLD.iter().chain(FIXED_IPV6).map(|socket| socket.0);
    let names = SERVICES.iter().filter_map(|service| service.program).chain(fixed);
    (800..)
        .step_by(41)
        .zip(names)
        .map(|(pid, name)| (name, Owner::Program { pid, name: name.into() }))
        .collect()
}

/// Program, protocol, direction, local and peer endpoint of a socket that is always the same.
pub type FixedSocket = (&'static str, Protocol, Direction, &'static str, &'static str);

/// What has no place on a map: the own machine, the own network, the carrier's, multicast, reserved space.
pub const FIXED_WORLD: &[FixedSocket] = &[
    ("postgres", Tcp, Inbound, "127.0.0.1:5432", "127.0.0.1:45810"),
    ("gitea", Tcp, Outbound, "127.0.0.1:45810", "127.0.0.1:5432"),
    ("redis-server", Tcp, Inbound, "[::1]:6379", "[::1]:50122"),
    ("sshd", Tcp, Inbound, "192.168.1.20:22", "192.168.1.34:51544"),
    ("smbd", Tcp, Inbound, "192.168.1.20:445", "192.168.1.35:49720"),
    ("mosquitto", Tcp, Inbound, "192.168.1.20:1883", "192.168.1.61:62011"),
    ("spotify", Tcp, Outbound, "192.168.1.20:47012", "10.20.0.8:8009"),
    ("cupsd", Tcp, Outbound, "[fe80::5e:20]:40118", "[fe80::5e:7]:631"),
    ("tailscaled", Udp, Outbound, "192.168.1.20:41641", "100.101.102.103:41641"),
    ("avahi-daemon", Udp, Outbound, "192.168.1.20:5353", "224.0.0.251:5353"),
    ("rsyslogd", Tcp, Outbound, "192.168.1.20:39514", "198.51.100.20:514"),
];

/// What an IPv6 network has beside plain addresses: unique local ones, 6to4 (2002::/16 with the IPv4 address of a
/// home within), and space that nobody has been given, which geographic tables place somewhere all the same. The
/// last comes from a mapped address, `::ffff:a.b.c.d`, which is IPv4 by the time a collector reports it.
pub const FIXED_IPV6: &[FixedSocket] = &[
    ("sshd", Tcp, Inbound, "[fd20:5e::20]:22", "[fd20:5e::34]:51544"),
    ("smbd", Tcp, Inbound, "[fd20:5e::20]:445", "[fd20:5e::35]:49720"),
    ("redis-server", Tcp, Inbound, "[::1]:6379", "[::1]:50122"),
    ("cupsd", Tcp, Outbound, "[fe80::5e:20]:40118", "[fe80::5e:7]:631"),
    ("nginx", Tcp, Inbound, "[2001:db8:20::20]:443", "[2002:5b98:a14:1::7]:50871"),
    ("nginx", Tcp, Inbound, "[2001:db8:20::20]:443", "[2002:7a38:117:1::3]:50872"),
    ("nginx", Tcp, Inbound, "[2001:db8:20::20]:443", "[2d00:1:2:3::4]:50873"),
    ("firefox", Tcp, Outbound, "[2001:db8:20::20]:42114", "[2e00:5:6::7]:443"),
    ("avahi-daemon", Udp, Outbound, "[2001:db8:20::20]:5353", "[ff02::fb]:5353"),
    ("nginx", Tcp, Inbound, "192.168.1.20:443", "157.157.20.30:50874"),
];
