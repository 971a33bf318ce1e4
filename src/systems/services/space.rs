//! Whose the addresses are, for the address space: two threads have the tables; one tells of blocks, one paints the ground
//! that is made of them. What the files are like is said by the thread that places the live connections.

use std::{io, thread};

use bevy::prelude::*;
use crossbeam_channel::{Receiver, Sender, bounded};

use super::{Start, Wake};
use crate::{
    components::{
        hilbert_view::SpaceColour,
        space_tables::{BlockFacts, Owner, SpaceAnswer, SpaceLink, SpaceOrder},
        time_travel::Wish,
    },
    enrich::{DataFolders, Sources},
    geo::Geography,
    hilbert::{
        Family, Prefix,
        ground::{Ground, PLAIN},
        paint::tint,
    },
};

/// A ground and what panels ask for in a few frames.
const ORDERS_CAPACITY: usize = 8;
/// Addresses of a block that are asked for: its first, its last and some between them.
const SAMPLES: u64 = 8;
/// Networks between two looks whether the ground is still waited for: a few milliseconds.
const NETWORKS_A_LOOK: u32 = 16_384;

/// Starts the threads. They open the tables when they are first asked.
pub(super) fn start(commands: &mut Commands, start: &Start, waker: &dyn Fn() -> Wake) {
    match link(&start.folders, waker) {
        Ok(link) => commands.insert_resource(link),
        Err(error) => error!("cannot start a thread: {error}"),
    }
}

/// The map's end of two threads: what panels ask is not to wait for a ground.
///
/// # Errors
/// When a thread cannot be started.
pub fn link(folders: &DataFolders, waker: &dyn Fn() -> Wake) -> io::Result<SpaceLink> {
    let (to_map, answers) = bounded(ORDERS_CAPACITY);
    let spawn = |name: &str| {
        let (orders, from_map) = bounded(ORDERS_CAPACITY);
        let (folders, to_map, wake) = (folders.clone(), to_map.clone(), waker());
        let work = move || work(&folders, &from_map, &to_map, &wake);
        thread::Builder::new().name(name.to_owned()).spawn(work).map(|_| orders)
    };
    Ok(SpaceLink { facts: spawn("block facts")?, grounds: spawn("space ground")?, answers })
}

/// Ends when the map has no more orders.
fn work(folders: &DataFolders, orders: &Receiver<SpaceOrder>, to_map: &Sender<SpaceAnswer>, wake: &Wake) {
    let mut sources: Option<Sources> = None;
    for order in orders {
        let sources = sources.get_or_insert_with(|| Sources::open(folders));
        let are_others = sources.poll();
        sources.take_reports();
        let others = are_others.then_some(SpaceAnswer::OtherTables);
        for answer in others.into_iter().chain(answer(&order, sources.geography())) {
            if to_map.send(answer).is_err() {
                return;
            }
        }
        wake();
    }
}

/// `None` where it is not waited for any more.
fn answer(order: &SpaceOrder, geography: &Geography) -> Option<SpaceAnswer> {
    match order {
        SpaceOrder::Ground { family, colour, wish } => {
            let (family, colour) = (*family, *colour);
            ground(family, colour, geography, wish).map(|ground| SpaceAnswer::Ground {
                family,
                colour,
                ground,
            })
        }
        SpaceOrder::Facts { family, blocks } => {
            let facts = blocks.iter().map(|block| (*block, facts(*family, *block, geography)));
            Some(SpaceAnswer::Facts { family: *family, facts: facts.collect() })
        }
    }
}

fn ground(family: Family, colour: SpaceColour, geography: &Geography, wish: &Wish) -> Option<Ground> {
    let mut networks = 0_u32;
    let mut by = |number: &dyn Fn(u32) -> u8| {
        Ground::of_networks(family, |key| {
            networks += 1;
            let is_wanted = !networks.is_multiple_of(NETWORKS_A_LOOK) || wish.is_newest();
            is_wanted.then(|| number(key))
        })
    };
    match colour {
        SpaceColour::FirstOctet => Some(Ground::of_blocks(family)),
        SpaceColour::Registry => Some(Ground::of_registries(family)),
        SpaceColour::Country => by(&|key| {
            let place = geography.locate(family.address(key)).ok();
            place.and_then(|place| place.country).map_or(PLAIN, tint::country_number)
        }),
        SpaceColour::Asn => {
            by(&|key| geography.asn(family.address(key)).map_or(PLAIN, |system| tint::number(system.number)))
        }
        // Made where what was heard is known.
        SpaceColour::Rule | SpaceColour::Age => Some(Ground::plain(family)),
    }
}

fn facts(family: Family, block: Prefix, geography: &Geography) -> BlockFacts {
    let keys = block.keys();
    let samples = SAMPLES.min(keys);
    let addresses = (0..samples).map(|at| {
        let key = u64::from(block.first()) + if samples > 1 { (keys - 1) * at / (samples - 1) } else { 0 };
        family.address(key as u32)
    });
    let (mut systems, mut countries) = (Owners::default(), Owners::default());
    for address in addresses {
        systems.add(geography.asn(address), |a, b| a.number == b.number);
        countries.add(geography.locate(address).ok().and_then(|place| place.country), |a, b| a == b);
    }
    BlockFacts { system: systems.0, country: countries.0 }
}

/// Puts together whose the addresses of a block are.
struct Owners<T>(Owner<T>);

impl<T> Default for Owners<T> {
    fn default() -> Self {
        Self(Owner::Nobody)
    }
}

impl<T> Owners<T> {
    /// One of which nothing is known changes nothing.
    fn add(&mut self, found: Option<T>, is_same: impl Fn(&T, &T) -> bool) {
        let Some(found) = found else {
            return;
        };
        match &self.0 {
            Owner::Nobody => self.0 = Owner::One(found),
            Owner::One(known) if is_same(known, &found) => {}
            Owner::One(_) | Owner::Several => self.0 = Owner::Several,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        components::time_travel::Wishes,
        geo::{GeoSource, SourceInfo},
        model::{Asn, CountryCode, Place},
    };

    /// 9.0.0.0/9 belongs to one, 9.128.0.0/9 to another, and all of it lies in one country.
    struct Halves(SourceInfo);

    impl GeoSource for Halves {
        fn info(&self) -> &SourceInfo {
            &self.0
        }

        fn place(&self, address: std::net::IpAddr) -> Option<Place> {
            let (_, key) = Family::key_of(address)?;
            let place = Place {
                lat: 1.0,
                lon: 1.0,
                city: "".into(),
                region: "".into(),
                country: Some(CountryCode(*b"CH")),
            };
            (key >> 24 == 9).then_some(place)
        }

        fn asn(&self, address: std::net::IpAddr) -> Option<Asn> {
            let (_, key) = Family::key_of(address)?;
            (key >> 24 == 9).then(|| Asn { number: 1 + (key >> 23 & 1), organisation: "half".into() })
        }
    }

    fn geography() -> Geography {
        let info = SourceInfo {
            name: "halves".to_owned(),
            date: None,
            attribution: String::new(),
            has_places: true,
            has_asns: true,
        };
        Geography::new(vec![Arc::new(Halves(info))])
    }

    #[test]
    fn a_block_of_one_is_told_from_one_of_several() {
        let geography = geography();
        let of = |text: &str| facts(Family::V4, text.parse().unwrap(), &geography);
        let whole = of("9.0.0.0/8");
        assert_eq!((&whole.system, &whole.country), (&Owner::Several, &Owner::One(CountryCode(*b"CH"))));
        let Owner::One(system) = of("9.128.0.0/9").system else { panic!("one") };
        assert_eq!(system.number, 2);
        assert_eq!(of("8.0.0.0/8"), BlockFacts::default());
        assert!(matches!(of("9.1.2.3/32").system, Owner::One(Asn { number: 1, .. })));
    }

    #[test]
    fn the_ground_is_whose_it_is_and_is_given_up_when_another_is_wanted() {
        let wishes = Wishes::default();
        let painted = ground(Family::V4, SpaceColour::Asn, &geography(), &wishes.next()).unwrap();
        let number = |text: &str| painted.number(text.parse::<Prefix>().unwrap().first());
        assert_eq!(number("9.1.2.3"), tint::number(1));
        assert_eq!((number("9.200.2.3"), number("8.8.8.8")), (tint::number(2), PLAIN));
        let old = wishes.next();
        wishes.next();
        assert!(ground(Family::V4, SpaceColour::Country, &geography(), &old).is_none());
    }
}
