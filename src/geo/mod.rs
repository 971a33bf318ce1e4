//! From address to place and ASN, offline. This file owns the question and the order in which sources are asked;
//! the tables themselves, what reads foreign files, and what counts of registries, are modules of their own.

pub mod date;
pub mod embedded;
pub mod import;
pub mod registry;
pub mod special;
pub mod table;
pub mod user_places;

use std::{fmt, net::IpAddr, sync::Arc};

use crate::model::{Asn, NoPlace, Place, plain_address};
use registry::Registry;
use special::{effective_address, special};

/// A table that answers for addresses. Answers come from memory: no file is read while asking.
pub trait GeoSource: Send + Sync {
    /// The place of an address, or `None` where the table does not know it.
    fn place(&self, address: IpAddr) -> Option<Place>;
    /// The autonomous system that holds an address, or `None`.
    fn asn(&self, address: IpAddr) -> Option<Asn>;
    /// Both at once, for tables that are faster so.
    fn place_and_asn(&self, address: IpAddr) -> (Option<Place>, Option<Asn>) {
        (self.place(address), self.asn(address))
    }
    /// These will be asked for next: a table that waits for memory may wait for all of them at the same time.
    fn expect(&self, _addresses: &[IpAddr]) {}
    /// Day of what it says of autonomous systems as `YYYY-MM-DD`, for tables in which that is another than of places.
    fn systems_date(&self) -> Option<&str> {
        self.info().date.as_deref()
    }
    fn info(&self) -> &SourceInfo;
}

/// What is shown of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceInfo {
    /// For example `DB-IP City Lite (embedded)` or a file's name.
    pub name: String,
    /// Date of the data as `YYYY-MM-DD`, where the file tells it.
    pub date: Option<String>,
    /// Text that the licence asks to show; may be empty.
    pub attribution: String,
    pub has_places: bool,
    pub has_asns: bool,
}

/// What `--version` says of it.
impl fmt::Display for SourceInfo {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}, data of {}", self.name, self.date.as_deref().unwrap_or("unknown date"))?;
        if self.attribution.is_empty() { Ok(()) } else { write!(out, "\n{}", self.attribution) }
    }
}

/// All sources of a program, and the order in which they are asked: the user's own places before anything else, then
/// what is special about an address, then the sources one after the other.
#[derive(Clone, Default)]
pub struct Geography {
    /// Wins over everything, special addresses included: a user may place the own network on the map.
    user_places: Option<Arc<dyn GeoSource>>,
    sources: Vec<Arc<dyn GeoSource>>,
    /// Asked besides for autonomous systems alone.
    registry: Option<Arc<dyn Registry>>,
}

impl Geography {
    /// `sources` in the order in which they are asked: imported files first, the embedded tables last.
    pub fn new(sources: Vec<Arc<dyn GeoSource>>) -> Self {
        Self { user_places: None, sources, registry: None }
    }

    /// The same sources, with the user's own places before them.
    pub fn with_user_places(self, user_places: Arc<dyn GeoSource>) -> Self {
        Self { user_places: Some(user_places), ..self }
    }

    /// The same sources, and what registries say of autonomous systems; [`registry`] says when that counts.
    pub fn with_registry(self, registry: Arc<dyn Registry>) -> Self {
        Self { registry: Some(registry), ..self }
    }

    /// The place of an address, or why it has none.
    pub fn locate(&self, address: IpAddr) -> Result<Place, NoPlace> {
        self.locate_with_source(address).map(|(place, _)| place)
    }

    /// The place of an address and who says so.
    pub fn locate_with_source(&self, address: IpAddr) -> Result<(Place, &SourceInfo), NoPlace> {
        let address = plain_address(address);
        if let Some(found) =
            self.user_places.iter().find_map(|user| Some((user.place(address)?, user.info())))
        {
            return Ok(found);
        }
        if let Some(reason) = special(address) {
            return Err(reason);
        }
        let address = effective_address(address);
        if address.is_ipv6() && self.knows_holders() && self.asn(address).is_none() {
            return Err(NoPlace::NoEntry);
        }
        let mut answers =
            self.sources.iter().filter_map(|source| Some((source.place(address)?, source.info())));
        answers.next().ok_or(NoPlace::NoEntry)
    }

    /// The autonomous system that holds an address; special addresses have none.
    pub fn asn(&self, address: IpAddr) -> Option<Asn> {
        self.asn_with_source(address).map(|(asn, _)| asn)
    }

    /// The autonomous system that holds an address and who says so, of its number.
    pub fn asn_with_source(&self, address: IpAddr) -> Option<(Asn, &SourceInfo)> {
        if special(address).is_some() {
            return None;
        }
        let address = effective_address(address);
        let told = self.sources.iter().find_map(|source| Some((source.asn(address)?, source)));
        self.registered(address, told)
    }

    /// What a table has told of the holder, or none, with what registries know better.
    fn registered<'a>(
        &'a self,
        address: IpAddr,
        told: Option<(Asn, &'a Arc<dyn GeoSource>)>,
    ) -> Option<(Asn, &'a SourceInfo)> {
        let Some(registry) = self.registry.as_deref() else {
            return told.map(|(asn, source)| (asn, source.info()));
        };
        match told {
            Some((asn, source)) => {
                Some((registry::with_better_name(asn, &**source, registry), source.info()))
            }
            None => Some((registry::by_route(address, registry)?, registry.info())),
        }
    }

    /// What [`Self::locate`] and [`Self::asn`] say, each source asked once.
    pub fn locate_with_asn(&self, address: IpAddr) -> (Result<Place, NoPlace>, Option<Asn>) {
        let own = self.user_places.iter().find_map(|user| user.place(plain_address(address)));
        if let Some(reason) = special(address) {
            return (own.ok_or(reason), None);
        }
        let address = effective_address(address);
        let (mut place, mut asn) = (None, None);
        for source in &self.sources {
            let found = source.place_and_asn(address);
            place = place.or(found.0);
            asn = asn.or(found.1.map(|asn| (asn, source)));
            if place.is_some() && asn.is_some() {
                break;
            }
        }
        let asn = self.registered(address, asn).map(|(asn, _)| asn);
        if address.is_ipv6() && asn.is_none() && self.knows_holders() {
            place = None;
        }
        (own.or(place).ok_or(NoPlace::NoEntry), asn)
    }

    /// These addresses will be asked for next.
    pub fn expect(&self, addresses: &[IpAddr]) {
        self.sources.iter().for_each(|source| source.expect(addresses));
    }

    /// City tables fill IPv6 space that nobody announces with guesses; where holders are known, these can be told.
    fn knows_holders(&self) -> bool {
        self.sources.iter().any(|source| source.info().has_asns)
    }

    /// What is shown of all sources, in the order in which they are asked.
    pub fn infos(&self) -> impl Iterator<Item = &SourceInfo> {
        let tables = self.user_places.iter().chain(&self.sources).map(|source| source.info());
        tables.chain(self.registry.iter().map(|registry| registry.info()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Knows the addresses of one first byte, and puts them at its own latitude; holders only where that is above 0.
    struct Fake(SourceInfo, u8, f32);

    fn fake(name: &str, first_byte: u8, lat: f32) -> Arc<dyn GeoSource> {
        let info = SourceInfo {
            name: name.into(),
            date: None,
            attribution: String::new(),
            has_places: true,
            has_asns: true,
        };
        Arc::new(Fake(info, first_byte, lat))
    }

    impl GeoSource for Fake {
        fn place(&self, address: IpAddr) -> Option<Place> {
            let first_byte = match address {
                IpAddr::V4(v4) => v4.octets()[0],
                IpAddr::V6(v6) => v6.octets()[0],
            };
            let place = Place { lat: self.2, lon: 0.0, city: "".into(), region: "".into(), country: None };
            (first_byte == self.1).then_some(place)
        }

        fn asn(&self, address: IpAddr) -> Option<Asn> {
            let held = self.place(address).filter(|place| place.lat > 0.0);
            held.map(|place| Asn { number: place.lat as u32, organisation: "".into() })
        }

        fn info(&self) -> &SourceInfo {
            &self.0
        }
    }

    fn lat(geography: &Geography, address: &str) -> Result<f32, NoPlace> {
        geography.locate(address.parse().unwrap()).map(|place| place.lat)
    }

    #[test]
    fn sources_are_asked_in_order() {
        let geography = Geography::new(vec![fake("a", 8, 1.0), fake("b", 8, 2.0), fake("b", 9, 3.0)]);
        assert_eq!(lat(&geography, "8.8.8.8"), Ok(1.0));
        assert_eq!(lat(&geography, "9.9.9.9"), Ok(3.0));
        assert_eq!(lat(&geography, "4.4.4.4"), Err(NoPlace::NoEntry));
        let (asn, source) = geography.asn_with_source("9.9.9.9".parse().unwrap()).unwrap();
        assert_eq!((asn.number, source.name.as_str()), (3, "b"));
    }

    #[test]
    fn special_addresses_reach_no_source_but_the_users_own() {
        let geography = Geography::new(vec![fake("all of it", 10, 1.0)]);
        assert_eq!(lat(&geography, "10.0.0.1"), Err(NoPlace::Lan));
        assert_eq!(geography.asn("10.0.0.1".parse().unwrap()), None);
        let geography = geography.with_user_places(fake("mine", 10, 2.0));
        assert_eq!(lat(&geography, "10.0.0.1"), Ok(2.0));
        assert_eq!(lat(&geography, "192.168.0.1"), Err(NoPlace::Lan));
    }

    #[test]
    fn the_users_places_win() {
        let geography = Geography::new(vec![fake("a", 8, 1.0)]).with_user_places(fake("mine", 8, 2.0));
        assert_eq!(lat(&geography, "8.8.8.8"), Ok(2.0));
        assert_eq!(geography.infos().map(|info| info.name.as_str()).collect::<Vec<_>>(), ["mine", "a"]);
    }

    #[test]
    fn ipv6_forms_of_ipv4_addresses_are_looked_up_as_ipv4() {
        let geography = Geography::new(vec![fake("a", 8, 1.0)]);
        for address in ["::ffff:8.8.8.8", "2002:808:808::1", "64:ff9b::8.8.8.8"] {
            assert_eq!(lat(&geography, address), Ok(1.0), "{address}");
        }
        assert_eq!(lat(&geography, "2002:a00:1::1"), Err(NoPlace::Lan));
    }

    #[test]
    fn place_and_system_asked_together_are_those_asked_alone() {
        let sources = || {
            vec![
                fake("a", 8, -1.0),
                fake("b", 8, 2.0),
                fake("c", 0x2a, -3.0),
                fake("d", 0x24, 4.0),
                fake("e", 9, 5.0),
            ]
        };
        let plain = Geography::new(sources());
        let own = Geography::new(sources()).with_user_places(fake("mine", 10, 6.0));
        let own_ipv6 = Geography::new(sources()).with_user_places(fake("mine", 0x2a, 7.0));
        for geography in [plain, own, own_ipv6] {
            for text in [
                "8.8.8.8",
                "::ffff:8.8.8.8",
                "2002:808:808::1",
                "9.9.9.9",
                "10.0.0.1",
                "7.7.7.7",
                "2a00::1",
                "2400::1",
                "::1",
            ] {
                let address = text.parse().unwrap();
                let alone = (geography.locate(address), geography.asn(address));
                assert_eq!(geography.locate_with_asn(address), alone, "{text}");
            }
        }
    }
}
