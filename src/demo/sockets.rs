//! The open sockets of a scene at a time. A scene is a row of slots; a slot holds one connection after another,
//! each with a serial number from which chance draws the rest. So nothing needs to be remembered from one question
//! to the next, and the same time always gets the same answer.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    ops::Range,
};

use super::{
    Scene, SeededScene,
    networks::{self, Networks},
    random::Random,
    services::{self, FIXED_IPV6, FIXED_WORLD, FixedSocket, Peers, SERVICES, Service},
};
use crate::model::{Direction, Observation, Owner, Protocol, Traffic};

/// A private address, as machines at home have it, and one from the block that is set aside for examples.
const LOCAL_V4: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 20);
const LOCAL_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x20, 0, 0, 0, 0, 0x20);

/// Ports that a system hands out to programs that do not ask for one (Linux's default range).
const EPHEMERAL_PORTS: Range<u64> = 32_768..61_000;

const CHURN_OPENED_EVERY_MILLIS: u64 = 5;
const CHURN_LIFE_MILLIS: Range<u64> = 50..2_001;
/// How long a connection of [`Scene::World`] that comes and goes is open, and its slot empty before the next.
const WORLD_LIFE_MILLIS: Range<u64> = 10_000..45_000;
const WORLD_PAUSE_MILLIS: Range<u64> = 500..4_000;
/// In [`Scene::World`], one peer in so many is an IPv6 one.
const WORLD_IPV6_EVERY: u64 = 9;

const RTT_MICROS: Range<u64> = 4_000..280_000;
/// What a connection had sent and received when it was first seen.
const EARLIER_BYTES: Range<u64> = 400..2_000_000;

/// Sequences of chance that must not be the same.
const LIFE: u64 = 1;
const PEER: u64 = 2;
const DISTANCE: u64 = 3;
const JITTER: u64 = 4;

/// A scene that can be asked what is open at any time.
pub struct DemoScene {
    scene: Scene,
    seed: u64,
    homes: Networks,
    hosts: Networks,
    ipv6: Networks,
    owners: HashMap<&'static str, Owner>,
}

/// One connection in the course of a scene.
struct Turn {
    /// Differs from that of any other connection of the scene.
    serial: u64,
    slot: u64,
    age_millis: u64,
}

impl DemoScene {
    pub fn new(SeededScene { scene, seed }: SeededScene) -> Self {
        let (homes, hosts) = match scene {
            Scene::Antimeridian => (networks::ANTIMERIDIAN, networks::ANTIMERIDIAN),
            Scene::OnePlace => (networks::ONE_PLACE, networks::ONE_PLACE),
            _ => (networks::HOMES, networks::HOSTS),
        };
        let networks = |text| match scene {
            Scene::OnePlace => Networks::from_text(text).one_of(seed),
            _ => Networks::from_text(text),
        };
        Self {
            scene,
            seed,
            homes: networks(homes),
            hosts: networks(hosts),
            ipv6: Networks::from_text(networks::IPV6),
            owners: services::owners(),
        }
    }

    /// Appends all sockets that are open at a time, each with a number that it keeps while it is open and that no
    /// other socket of the scene ever has. At 0 all slots are taken.
    pub fn observations_at(&self, elapsed_millis: u64, out: &mut Vec<(u64, Observation)>) {
        let fixed = self.fixed();
        let slots = self.slots();
        for slot in 0..slots {
            if let Some(turn) = self.turn_of_slot(slot, slots, elapsed_millis) {
                let observation = match fixed.get(slot as usize) {
                    Some(socket) => self.fixed_observation(socket),
                    None => Some(self.drawn_observation(&turn, elapsed_millis)),
                };
                out.extend(observation.map(|observation| (turn.serial + 1, observation)));
            }
        }
        if self.scene == Scene::Churn {
            for turn in self.short_lived(elapsed_millis) {
                out.push((turn.serial + 1, self.drawn_observation(&turn, elapsed_millis)));
            }
        }
    }

    const fn slots(&self) -> u64 {
        match self.scene {
            Scene::World => 160,
            Scene::Antimeridian | Scene::Ipv6 => 120,
            Scene::OnePlace => 500,
            Scene::Flood => 20_000,
            Scene::Churn => 300,
        }
    }

    /// The first slots of some scenes are taken for good.
    const fn fixed(&self) -> &'static [FixedSocket] {
        match self.scene {
            Scene::World => FIXED_WORLD,
            Scene::Ipv6 => FIXED_IPV6,
            _ => &[],
        }
    }

    /// Which connection a slot holds at a time, if any.
    fn turn_of_slot(&self, slot: u64, slots: u64, elapsed_millis: u64) -> Option<Turn> {
        let always_open = (self.fixed().len() + SERVICES.len()) as u64;
        if self.scene != Scene::World || slot < always_open || !slot.is_multiple_of(2) {
            return Some(Turn { serial: slot, slot, age_millis: elapsed_millis });
        }
        let mut random = Random::from_parts(&[self.seed, LIFE, slot]);
        let life_millis = random.within(WORLD_LIFE_MILLIS);
        let period_millis = life_millis + random.within(WORLD_PAUSE_MILLIS);
        let since_first_millis = elapsed_millis.saturating_add(random.within(0..life_millis));
        let age_millis = since_first_millis % period_millis;
        let serial = since_first_millis / period_millis * slots + slot;
        (age_millis < life_millis).then_some(Turn { serial, slot, age_millis })
    }

    /// Those of [`Scene::Churn`] that are open at a time, besides the ones it holds.
    fn short_lived(&self, elapsed_millis: u64) -> impl Iterator<Item = Turn> {
        // The first ones opened before the scene was first looked at.
        let now_millis = elapsed_millis.saturating_add(CHURN_LIFE_MILLIS.end);
        let first = (now_millis - CHURN_LIFE_MILLIS.end) / CHURN_OPENED_EVERY_MILLIS;
        (first..=now_millis / CHURN_OPENED_EVERY_MILLIS).filter_map(move |number| {
            let age_millis = now_millis - number * CHURN_OPENED_EVERY_MILLIS;
            let life_millis = Random::from_parts(&[self.seed, LIFE, number]).within(CHURN_LIFE_MILLIS);
            let serial = self.slots() + number;
            (age_millis < life_millis).then_some(Turn { serial, slot: serial, age_millis })
        })
    }

    fn fixed_observation(
        &self,
        &(program, protocol, direction, local, peer): &FixedSocket,
    ) -> Option<Observation> {
        Some(Observation {
            protocol,
            local: local.parse().ok()?,
            peer: peer.parse().ok()?,
            direction,
            owner: self.owner(Some(program)),
            uid: uid(direction),
            traffic: Traffic::default(),
        })
    }

    fn drawn_observation(&self, turn: &Turn, elapsed_millis: u64) -> Observation {
        let mut random = Random::from_parts(&[self.seed, PEER, turn.serial]);
        let service = self.service(turn, &mut random);
        let peer = self.peer_address(turn, service.peers, &mut random);
        let local: IpAddr = if peer.is_ipv4() { LOCAL_V4.into() } else { LOCAL_V6.into() };
        let span = EPHEMERAL_PORTS.end - EPHEMERAL_PORTS.start;
        let ephemeral = (EPHEMERAL_PORTS.start + turn.serial % span) as u16;
        let (local_port, peer_port) = match service.direction {
            Direction::Inbound => (service.port, ephemeral),
            Direction::Outbound => (ephemeral, service.port),
        };
        Observation {
            protocol: service.protocol,
            local: SocketAddr::new(local, local_port),
            peer: SocketAddr::new(peer, peer_port),
            direction: service.direction,
            owner: self.owner(service.program),
            uid: uid(service.direction),
            traffic: self.traffic(service, turn, peer, elapsed_millis, &mut random),
        }
    }

    /// Each service once, then as many of each as its weight says.
    fn service(&self, turn: &Turn, random: &mut Random) -> &'static Service {
        let place = turn.slot.checked_sub(self.fixed().len() as u64).unwrap_or(u64::MAX);
        match SERVICES.get(place as usize) {
            Some(service) => service,
            None => services::by_weight(random),
        }
    }

    fn peer_address(&self, turn: &Turn, peers: Peers, random: &mut Random) -> IpAddr {
        match (self.scene, peers) {
            (Scene::Ipv6, _) => self.ipv6.address_in_turn(turn.slot, random),
            (Scene::World, _) if turn.slot.is_multiple_of(WORLD_IPV6_EVERY) => self.ipv6.address(random),
            (Scene::Antimeridian, _) => self.homes.address_in_turn(turn.slot, random),
            (_, Peers::Homes) => self.homes.address(random),
            (_, Peers::Hosts) => self.hosts.address(random),
        }
    }

    fn owner(&self, program: Option<&'static str>) -> Owner {
        program.and_then(|name| self.owners.get(name)).cloned().unwrap_or(Owner::NotPermitted)
    }

    /// Half of the connections carry something, the others wait.
    fn traffic(
        &self,
        service: &Service,
        turn: &Turn,
        peer: IpAddr,
        now_millis: u64,
        random: &mut Random,
    ) -> Traffic {
        if service.protocol == Protocol::Udp {
            return Traffic::default();
        }
        let busy = random.within(0..2) == 1;
        let mut bytes = |most_per_sec: u64| {
            let earlier = random.within(EARLIER_BYTES);
            let per_sec = random.within(0..most_per_sec + 1);
            let later = u128::from(per_sec) * u128::from(turn.age_millis) / 1000;
            Some(earlier.saturating_add(if busy { later as u64 } else { 0 }))
        };
        let (sent_bytes, received_bytes) =
            (bytes(service.sent_bytes_per_sec), bytes(service.received_bytes_per_sec));
        // Neighbours are equally far away.
        let region = match peer {
            IpAddr::V4(peer) => u64::from(peer.to_bits() >> 16),
            IpAddr::V6(peer) => (peer.to_bits() >> 96) as u64,
        };
        let rtt = Random::from_parts(&[self.seed, DISTANCE, region]).within(RTT_MICROS);
        let moment = if busy { now_millis / 1000 } else { 0 };
        let jitter = Random::from_parts(&[self.seed, JITTER, turn.serial, moment]).within(0..rtt / 16);
        Traffic { sent_bytes, received_bytes, rtt_micros: u32::try_from(rtt + jitter).ok() }
    }
}

/// Servers accept as the web server's user, programs connect as the person's.
const fn uid(direction: Direction) -> u32 {
    match direction {
        Direction::Inbound => 33,
        Direction::Outbound => 1000,
    }
}
