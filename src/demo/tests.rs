use std::{
    collections::{BTreeMap, HashMap, HashSet},
    net::IpAddr,
};

use proptest::prelude::*;

use super::*;
use crate::{
    model::{Observation, Owner, Protocol},
    rules::Rules,
};

fn open_at(scene: Scene, seed: u64, elapsed_millis: u64) -> Vec<(u64, Observation)> {
    let mut out = Vec::new();
    DemoScene::new(SeededScene { scene, seed }).observations_at(elapsed_millis, &mut out);
    out
}

fn identities(open: &[(u64, Observation)]) -> HashSet<u64> {
    open.iter().map(|(identity, _)| *identity).collect()
}

#[test]
fn scenes_are_named_as_on_the_command_line() {
    let named = |text: &str| text.parse::<SeededScene>().map(|scene| (scene.scene, scene.seed));
    assert_eq!(named("world:7"), Ok((Scene::World, 7)));
    assert_eq!(named("7"), Ok((Scene::World, 7)));
    assert_eq!(named("one-place"), Ok((Scene::OnePlace, 1)));
    for scene in Scene::ALL {
        let seeded = SeededScene { scene, seed: u64::MAX };
        assert_eq!(seeded.to_string().parse(), Ok(seeded));
    }
    let error = named("wrld:7").unwrap_err().to_string();
    assert_eq!(
        error,
        "there is no scene `wrld`; there are world, antimeridian, one-place, flood, churn, ipv6, each also with a \
         seed as in `world:7`"
    );
    assert!(named("flood:many").unwrap_err().to_string().ends_with("found `many`"));
    assert!(named("").is_err() && named("world:").is_err() && named("-1").is_err());
}

#[test]
fn the_world_has_every_shipped_rule_and_every_continent() {
    let open = open_at(Scene::World, 1, 0);
    assert_eq!(open.len(), 160);
    let rules = Rules::built_in();
    let mut dots_of_label: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    for (_, socket) in &open {
        let rule = rules.matching(socket.local.port(), socket.peer.port());
        *dots_of_label.entry(rule.map(|rule| &*rules.rules()[rule].label)).or_default() += 1;
    }
    assert_eq!(dots_of_label.len(), rules.labels().len() + 1, "each label, and no match: {dots_of_label:?}");
    assert!(dots_of_label[&Some("Webserver")] > 30);

    let ipv6 = open.iter().filter(|(_, socket)| socket.peer.is_ipv6()).count();
    assert!((8..40).contains(&ipv6), "{ipv6} over IPv6");
    assert!(open.iter().any(|(_, socket)| socket.protocol == Protocol::Udp));
    assert!(open.iter().any(|(_, socket)| socket.owner == Owner::NotPermitted));
    // What must turn up in the account of sockets that have no place.
    let peers: Vec<_> = open.iter().map(|(_, socket)| socket.peer.ip()).collect();
    let v4 = |wanted: fn(&std::net::Ipv4Addr) -> bool| {
        peers.iter().any(|peer| matches!(peer, IpAddr::V4(peer) if wanted(peer)))
    };
    assert!(v4(|peer| peer.is_loopback()) && v4(|peer| peer.is_private()) && v4(|peer| peer.is_multicast()));
    assert!(v4(|peer| peer.octets()[0] == 100 && peer.octets()[1] & 0xc0 == 64), "CGNAT");
}

#[test]
fn the_world_lives() {
    let scene = DemoScene::new("world:3".parse().unwrap());
    let mut last: Option<HashSet<u64>> = None;
    let (mut opened, mut closed) = (0, 0);
    for second in 0..60 {
        let mut open = Vec::new();
        scene.observations_at(second * 1000, &mut open);
        assert!(open.len() > 140);
        let now = identities(&open);
        if let Some(last) = last {
            opened += now.difference(&last).count();
            closed += last.difference(&now).count();
        }
        last = Some(now);
    }
    assert!((60..300).contains(&opened) && (60..300).contains(&closed), "{opened} opened, {closed} closed");
}

#[test]
fn still_scenes_hold_what_they_show() {
    for (scene, count) in
        [(Scene::Antimeridian, 120), (Scene::OnePlace, 500), (Scene::Flood, 20_000), (Scene::Ipv6, 120)]
    {
        let (start, later) = (open_at(scene, 5, 0), open_at(scene, 5, 3_600_000));
        assert_eq!(start.len(), count);
        let endpoints = |open: &[(u64, Observation)]| -> Vec<_> {
            open.iter().map(|(identity, socket)| (*identity, socket.local, socket.peer)).collect()
        };
        assert_eq!(endpoints(&start), endpoints(&later));
        assert!(
            start.iter().zip(&later).any(|(start, later)| start.1.traffic != later.1.traffic),
            "traffic counts on"
        );
    }
}

#[test]
fn one_place_is_one_network_that_the_seed_chooses() {
    let network = |seed| {
        let open = open_at(Scene::OnePlace, seed, 0);
        let mut networks: Vec<_> = open
            .iter()
            .map(|(_, socket)| match socket.peer.ip() {
                IpAddr::V4(peer) => peer.octets()[0],
                IpAddr::V6(peer) => panic!("{peer}"),
            })
            .collect();
        networks.sort_unstable();
        networks.dedup();
        assert_eq!(networks.len(), 1);
        networks[0]
    };
    assert_ne!(network(0), network(1));
}

#[test]
fn churn_opens_200_a_second_that_live_as_said() {
    let scene = DemoScene::new("churn:2".parse().unwrap());
    let mut seen: HashMap<u64, (u64, u64)> = HashMap::new();
    for millis in (0..8_000).step_by(5) {
        let mut open = Vec::new();
        scene.observations_at(millis, &mut open);
        assert!((400..620).contains(&open.len()), "{} open at {millis} ms", open.len());
        for (identity, _) in open {
            seen.entry(identity).or_insert((millis, millis)).1 = millis;
        }
    }
    let held = seen.values().filter(|life| **life == (0, 7_995)).count();
    assert_eq!(held, 300);
    // Born and dead while looked at: in 5.9 seconds, of which the last 2 may still be open.
    let whole: Vec<_> = seen.values().filter(|(first, _)| (1..=5_900).contains(first)).collect();
    assert_eq!(whole.len(), 1_180);
    assert!(whole.iter().all(|(first, last)| (45..=2_000).contains(&(last - first))));
}

#[test]
fn ipv6_has_its_oddities() {
    let open = open_at(Scene::Ipv6, 1, 0);
    let starts = |text: &str| open.iter().any(|(_, socket)| socket.peer.to_string().starts_with(text));
    assert!(starts("[2002:") && starts("[fd20:") && starts("[2d00:") && starts("[::1]") && starts("[ff02:"));
    // A mapped address has become plain; nothing of the form remains.
    assert_eq!(open.iter().filter(|(_, socket)| socket.peer.is_ipv4()).count(), 1);
    assert!(!starts("[::ffff:"));
}

proptest! {
    #[test]
    fn the_same_seed_and_time_show_the_same(number in 0usize..6, seed: u64, elapsed_millis in 0u64..1_000_000_000) {
        let scene = Scene::ALL[number];
        prop_assume!(scene != Scene::Flood);
        let open = open_at(scene, seed, elapsed_millis);
        prop_assert_eq!(&open, &open_at(scene, seed, elapsed_millis));
        prop_assert_eq!(identities(&open).len(), open.len());
        let tuples: HashSet<_> =
            open.iter().map(|(_, socket)| (socket.protocol, socket.local, socket.peer)).collect();
        prop_assert_eq!(tuples.len(), open.len());

        // What is still open a moment later is the same connection, whose counters do not run backwards.
        let later: HashMap<_, _> = open_at(scene, seed, elapsed_millis + 700).into_iter().collect();
        for (identity, before) in open {
            if let Some(after) = later.get(&identity) {
                prop_assert_eq!((before.local, before.peer, &before.owner), (after.local, after.peer, &after.owner));
                prop_assert!(before.traffic.sent_bytes <= after.traffic.sent_bytes);
                prop_assert!(before.traffic.received_bytes <= after.traffic.received_bytes);
            }
        }
    }

    #[test]
    fn any_time_and_seed_is_survived(number in 0usize..6, seed: u64, elapsed_millis: u64) {
        prop_assume!(Scene::ALL[number] != Scene::Flood);
        for (_, socket) in open_at(Scene::ALL[number], seed, elapsed_millis) {
            prop_assert!(socket.local.port() != 0 && socket.peer.port() != 0 && !socket.peer.ip().is_unspecified());
        }
    }
}
