//! What a machine does on the network, drawn from the seed: how many connections open in each stretch of time, with bursts
//! and quiet times, whom they go to, and how long they last.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use connmapperl::net::wire::messages::{Owner, Socket, Traffic};
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::{ledger::Serial, run::PROGRAMS};

/// Between two changes of pace.
const STRETCH: Duration = Duration::from_secs(5);
/// How much opens in a stretch, beside others.
const QUIET: f64 = 0.1;
const USUAL: std::ops::Range<f64> = 0.5..1.5;
pub const BURST: f64 = 4.0;
const FIRST_BURST: std::ops::Range<u64> = 4..8;
/// Every tenth peer has an IPv6 address, in a block that a registry has given out.
const V6_BLOCKS: [u64; 4] =
    [0x2600_0000_0000_0000, 0x2a00_0000_0000_0000, 0x2400_0000_0000_0000, 0x2800_0000_0000_0000];
const PORTS: [u16; 8] = [443, 443, 443, 443, 80, 993, 53, 22];

/// The same for all agents of a run.
pub struct World {
    peers: Vec<IpAddr>,
    /// Share of a stretch among all, of all connections.
    pace: Vec<f64>,
    in_all: f64,
}

impl World {
    /// A few of the peers have most of the connections.
    pub fn new(seed: u64, peers: usize, lasts: Duration, in_all: f64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let peers = (0..peers)
            .map(|at| match at % 10 {
                0 => {
                    let block = V6_BLOCKS[random.random_range(0..V6_BLOCKS.len())];
                    let high = block | random.random_range(0..1_u64 << 52);
                    Ipv6Addr::from_bits(u128::from(high) << 64 | u128::from(random.random::<u64>())).into()
                }
                // From 1.0.0.0 to 223.255.255.255; those that are nobody's are looked up as well.
                _ => Ipv4Addr::from_bits(random.random_range(0x0100_0000..0xe000_0000)).into(),
            })
            .collect();
        let stretches = lasts.as_secs().div_ceil(STRETCH.as_secs()).max(1);
        let weights: Vec<f64> = (0..stretches)
            .map(|at| match random.random_range(0..10) {
                // The worst comes early, before anything is judged.
                _ if FIRST_BURST.contains(&at) => BURST,
                0..2 => QUIET,
                2..9 => random.random_range(USUAL),
                _ => BURST,
            })
            .collect();
        let sum: f64 = weights.iter().sum();
        let pace = weights.into_iter().map(|weight| weight / sum).collect();
        Self { peers, pace, in_all }
    }

    /// Connections that all agents together shall have opened by then.
    pub fn opened_by(&self, since_start: Duration) -> f64 {
        let stretches = since_start.as_secs_f64() / STRETCH.as_secs_f64();
        let whole = (stretches as usize).min(self.pace.len());
        let part = self.pace.get(whole).map_or(0.0, |share| share * stretches.fract());
        (self.pace.iter().take(whole).sum::<f64>() + part) * self.in_all
    }

    pub fn socket(&self, serial: Serial, random: &mut StdRng) -> Socket {
        let often = random.random::<f64>().powi(3) * self.peers.len() as f64;
        let peer = self.peers[(often as usize).min(self.peers.len() - 1)];
        let program = random.random_range(0..=PROGRAMS.len() as u32);
        let mut socket = Socket {
            local_port: u32::from(serial.port()),
            peer_port: u32::from(PORTS[random.random_range(0..PORTS.len())]),
            is_udp: random.random_ratio(1, 20),
            is_inbound: random.random_ratio(1, 5),
            owner: (program > 0).then_some(Owner { program, pid: 1_000 + program, not_permitted: false }),
            uid: 1_000,
            traffic: Some(Traffic {
                sent_bytes: Some(517),
                received_bytes: Some(0),
                rtt_micros: Some(20_000),
            }),
            ..Socket::default()
        };
        match peer {
            IpAddr::V4(address) => {
                socket.local_v4 = Some(u32::from(serial.v4()));
                socket.peer_v4 = Some(u32::from(address));
            }
            IpAddr::V6(address) => {
                let halves = |bits: u128| ((bits >> 64) as u64, bits as u64);
                let (high, low) = halves(serial.v6().to_bits());
                (socket.local_v6_high, socket.local_v6_low) = (Some(high), low);
                let (high, low) = halves(address.to_bits());
                (socket.peer_v6_high, socket.peer_v6_low) = (Some(high), low);
            }
        }
        socket
    }
}

/// Most are short.
pub fn lifetime(random: &mut StdRng) -> Duration {
    let millis = match random.random_range(0..100) {
        0..85 => random.random_range(100..2_000),
        85..98 => random.random_range(2_000..15_000),
        _ => random.random_range(15_000..120_000),
    };
    Duration::from_millis(millis)
}
