//! How much of everything the listener takes, and which addresses it hears no more. Pure; the clock is the caller's.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    time::{Duration, Instant},
};

use crate::{
    model::plain_address,
    net::wire::{HEARTBEAT_SECS, SILENCE_SECS},
};

/// Agents at a time. At 24 KB each that is 100 MB; a thousand is what the display is made for.
pub const MOST_AGENTS: usize = 4_096;
/// Connections at a time that have not said who they are and have their turn to. A handshake takes a millisecond of this
/// machine's, so this is many times what a thousand agents need that all come back at once.
pub const MOST_STRANGERS: usize = 256;
/// Of these, from one source: half, so that no source fills the room alone. A thousand agents behind one address, with a
/// fifth of a second for each one's handshake, still get in within two seconds.
pub const MOST_STRANGERS_OF_ONE: usize = MOST_STRANGERS / 2;
/// Connections that wait for their turn: the rest of a thousand agents behind one address. Each takes a file.
pub const MOST_WAITING_STRANGERS: usize = 1_024;
/// From its turn to a valid first frame. Three round trips over a satellite take two seconds.
pub const STRANGERS_TIME: Duration = Duration::from_secs(5);
/// In a minute, from one address; then it is refused for [`BARRED_FOR`]. Somebody who mistyped a token tries less often.
pub const MOST_FAILURES: u32 = 10;
pub const BARRED_FOR: Duration = Duration::from_secs(60);
/// Addresses whose failures are remembered: half a megabyte. When there are more, the oldest is forgotten.
const MOST_ADDRESSES: usize = 4_096;
/// Open connections of one agent: a large proxy has as many.
pub const MOST_CONNECTIONS: usize = 100_000;
/// How long an agent that is lost is shown: long enough to see in the morning's first look what went at night's end.
pub const LOST_AGENT_KEPT: Duration = Duration::from_secs(60 * 60);
/// Messages of one agent on their way to the taker: one that is worked on, one that waits. More would let one agent fill
/// the channel.
pub const MOST_UNDELIVERED: usize = 2;

/// The limits of one listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Agents at a time.
    pub agents: usize,
    /// Connections at a time that have not said who they are and have their turn to.
    pub strangers: usize,
    /// Of these, from one source.
    pub strangers_of_one: usize,
    /// Connections that wait for their turn.
    pub waiting_strangers: usize,
    /// From its turn to a valid first frame.
    pub strangers_time: Duration,
    /// After this long without a word the other side is gone; a frame may not take longer either.
    pub silence: Duration,
    /// Between our own heartbeats.
    pub heartbeat: Duration,
    /// In a minute, from one address, before it is refused.
    pub failures: u32,
    /// Open connections of one agent.
    pub connections: usize,
    /// How long an agent that is lost is shown.
    pub lost_kept: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            agents: MOST_AGENTS,
            strangers: MOST_STRANGERS,
            strangers_of_one: MOST_STRANGERS_OF_ONE,
            waiting_strangers: MOST_WAITING_STRANGERS,
            strangers_time: STRANGERS_TIME,
            silence: Duration::from_secs(SILENCE_SECS),
            heartbeat: Duration::from_secs(HEARTBEAT_SECS),
            failures: MOST_FAILURES,
            connections: MOST_CONNECTIONS,
            lost_kept: LOST_AGENT_KEPT,
        }
    }
}

/// What counts as one source: an IPv4 address, or the /64 that one subscriber has.
pub fn source(address: IpAddr) -> IpAddr {
    match plain_address(address) {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
    }
}

/// Counts failures by source.
#[derive(Debug)]
pub struct Failures {
    most: u32,
    sources: HashMap<IpAddr, Record>,
}

#[derive(Clone, Copy, Debug)]
struct Record {
    since: Instant,
    count: u32,
    barred_since: Option<Instant>,
}

impl Record {
    fn is_over(&self, now: Instant) -> bool {
        now.duration_since(self.barred_since.unwrap_or(self.since)) >= BARRED_FOR
    }
}

impl Failures {
    pub fn new(most: u32) -> Self {
        Self { most, sources: HashMap::new() }
    }

    /// Counts one. Returns whether that was one too many.
    pub fn failed(&mut self, address: IpAddr, now: Instant) -> bool {
        let source = source(address);
        if self.sources.len() >= MOST_ADDRESSES && !self.sources.contains_key(&source) {
            self.make_room(now);
        }
        let fresh = Record { since: now, count: 0, barred_since: None };
        let record = self.sources.entry(source).or_insert(fresh);
        if record.is_over(now) {
            *record = fresh;
        }
        record.count += 1;
        let is_barred = record.count >= self.most && record.barred_since.is_none();
        if is_barred {
            record.barred_since = Some(now);
        }
        is_barred
    }

    pub fn is_barred(&self, address: IpAddr, now: Instant) -> bool {
        let record = self.sources.get(&source(address));
        record.is_some_and(|record| record.barred_since.is_some() && !record.is_over(now))
    }

    fn make_room(&mut self, now: Instant) {
        self.sources.retain(|_, record| !record.is_over(now));
        if self.sources.len() >= MOST_ADDRESSES
            && let Some((&oldest, _)) = self.sources.iter().min_by_key(|(_, record)| record.since)
        {
            self.sources.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn who_fails_too_often_is_barred_for_a_minute() {
        let (start, mut failures) = (Instant::now(), Failures::new(3));
        let bad = "192.0.2.1".parse().unwrap();
        let good = "192.0.2.2".parse().unwrap();
        assert!(!failures.failed(bad, start) && !failures.failed(bad, start));
        assert!(!failures.is_barred(bad, start));
        let third = start + Duration::from_secs(30);
        assert!(failures.failed(bad, third));
        assert!(failures.is_barred(bad, third) && !failures.is_barred(good, third));
        assert!(failures.is_barred(bad, third + MINUTE - Duration::from_millis(1)));
        assert!(!failures.is_barred(bad, third + MINUTE));
        assert!(!failures.failed(bad, third + MINUTE), "counted anew");
    }

    #[test]
    fn seldom_failures_are_forgiven() {
        let (start, mut failures) = (Instant::now(), Failures::new(2));
        let address = "192.0.2.1".parse().unwrap();
        assert!((0..100).all(|minute| !failures.failed(address, start + MINUTE * minute)));
    }

    #[test]
    fn a_subscriber_is_one_source() {
        let source = |text: &str| super::source(text.parse().unwrap()).to_string();
        assert_eq!(source("2001:db8:1:2:3:4:5:6"), source("2001:db8:1:2::1"));
        assert_ne!(source("2001:db8:1:2::1"), source("2001:db8:1:3::1"));
        assert_eq!(source("::ffff:192.0.2.1"), "192.0.2.1");
    }

    #[test]
    fn many_addresses_take_bounded_memory() {
        let (start, mut failures) = (Instant::now(), Failures::new(2));
        for i in 0..3 * MOST_ADDRESSES as u32 {
            failures.failed(IpAddr::V4((0x0a00_0000 + i).into()), start + Duration::from_millis(i.into()));
        }
        assert!(failures.sources.len() <= MOST_ADDRESSES);
    }
}
