//! `check-geo`: asks the built-in tables and the databases they were made from for the same addresses.

use std::{net::IpAddr, path::PathBuf};

use anyhow::{Result, ensure};
use connmapperl::geo::embedded::EmbeddedGeo;

use crate::{
    geo_ranges::Range,
    geo_snap::distance_km,
    geo_source::{Cities, City, Organisations, open_mmdb, read_asn_csv, read_city_mmdb},
};

/// Takes the files that `bake-geo` takes. Exits with an error where a goal is missed: the country must be the source's
/// at every address, the place within 10 km at 95 of 100.
#[derive(clap::Args)]
pub struct CheckGeo {
    #[arg(long, value_name = "MMDB")]
    city_v4: PathBuf,
    #[arg(long, value_name = "MMDB")]
    city_v6: PathBuf,
    #[arg(long, value_name = "CSV")]
    asn_v4: PathBuf,
    #[arg(long, value_name = "CSV")]
    asn_v6: PathBuf,
    /// Random addresses of each IP version.
    #[arg(long, default_value_t = 100_000)]
    addresses: usize,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

const GOAL_P95_KM: f64 = 10.0;
/// A single IPv6 range counts for no more addresses than a /40 has: else some giant ones would be all that is seen.
const IPV6_RANGE_CAP: u128 = 1 << (128 - 40);

impl CheckGeo {
    pub fn run(self) -> Result<()> {
        let geo = EmbeddedGeo::open(None)?;
        let mut random = Random(self.seed);
        let organisations = &mut Organisations::new();

        let asns = read_asn_csv(&self.asn_v4, organisations)?;
        // 0.0.0.0/8 and what is above multicast belongs to nobody.
        let any_ipv4 = (0..self.addresses)
            .map(|_| IpAddr::from((random.below(0xdf00_0000) as u32 + 0x0100_0000).to_be_bytes()));
        let any_ipv4: Vec<_> = any_ipv4.collect();
        let ipv4_met = Comparison::new(&geo, &self.city_v4, &asns, &any_ipv4)?.report("IPv4");

        let asns = read_asn_csv(&self.asn_v6, organisations)?;
        let ranges = read_city_mmdb(&self.city_v6, &mut Cities::default())?.ranges;
        let any_ipv6 = ipv6_addresses(&ranges, self.addresses, &mut random);
        let ipv6_met = Comparison::new(&geo, &self.city_v6, &asns, &any_ipv6)?.report("IPv6");
        ensure!(ipv4_met && ipv6_met, "the built-in tables do not agree with their source");
        Ok(())
    }
}

/// What a set of addresses came to.
#[derive(Default)]
struct Comparison {
    unlocated: usize,
    /// Located by only one of the two, against the rules.
    missing: usize,
    other_country: usize,
    other_asn: usize,
    /// Place and system asked together differ from those asked alone.
    unlike_together: usize,
    /// Between the place and the source's, in kilometres.
    distances: Vec<f64>,
}

impl Comparison {
    fn new(
        geo: &EmbeddedGeo,
        city_file: &std::path::Path,
        asns: &[Range],
        addresses: &[IpAddr],
    ) -> Result<Self> {
        let reader = open_mmdb(city_file)?;
        let mut result = Self::default();
        for &address in addresses {
            let asn = asn_of(asns, address);
            result.other_asn += usize::from(geo.asn_ref(address).map(|asn| asn.number) != asn);
            let alone = (geo.place_ref(address), geo.asn_ref(address));
            result.unlike_together += usize::from(geo.located_ref(address) != alone);
            // An IPv6 address that nobody announces is not located, whatever the source says.
            let source = City::look_up(&reader, address)?.filter(|_| address.is_ipv4() || asn.is_some());
            match (source, geo.place_ref(address)) {
                (Some(source), Some(place)) => {
                    result.other_country += usize::from(Some(source.country) != place.country);
                    result
                        .distances
                        .push(distance_km(source.lat_lon(), (place.lat.into(), place.lon.into())));
                }
                (None, None) => result.unlocated += 1,
                _ => result.missing += 1,
            }
        }
        result.distances.sort_by(f64::total_cmp);
        Ok(result)
    }

    /// Prints the figures; true where the goals are met.
    fn report(&self, name: &str) -> bool {
        let at = |share: f64| self.distances.get((self.distances.len() as f64 * share) as usize).copied();
        let [p50, p95, p99, p999] = [0.5, 0.95, 0.99, 0.999].map(|share| at(share).unwrap_or(f64::NAN));
        let over_50_km = self.distances.iter().filter(|&&km| km > 50.0).count();
        println!(
            "{name}: {} located, {} by neither, {} by one only; other country {}, other AS {}, other together {}; distance p50 {p50:.1} km, \
             p95 {p95:.1} km, p99 {p99:.1} km, p99.9 {p999:.1} km, over 50 km: {over_50_km}",
            self.distances.len(),
            self.unlocated,
            self.missing,
            self.other_country,
            self.other_asn,
            self.unlike_together,
        );
        p95 < GOAL_P95_KM && self.other_country + self.missing + self.unlike_together == 0
    }
}

fn asn_of(ranges: &[Range], address: IpAddr) -> Option<u32> {
    let (integer, _) = crate::geo_source::integer(address);
    let range = ranges[..ranges.partition_point(|range| range.first <= integer)].last()?;
    (range.last >= integer).then_some(range.id)
}

/// Addresses that the source has an entry for; an address of a large range is more likely, up to a limit.
fn ipv6_addresses(ranges: &[Range], count: usize, random: &mut Random) -> Vec<IpAddr> {
    let size = |range: &Range| range.last - range.first + 1;
    let mut sum = 0;
    let sums: Vec<u128> = ranges
        .iter()
        .map(|range| {
            sum += size(range).min(IPV6_RANGE_CAP);
            sum
        })
        .collect();
    let any = |_| {
        let wanted = random.below(sum);
        let range = ranges[sums.partition_point(|&sum| sum <= wanted)];
        IpAddr::from((range.first + random.below(size(&range))).to_be_bytes())
    };
    (0..count).map(any).collect()
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same addresses for the same seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// From 0 up to but not including `end`. The bias of the remainder is far below what is measured here.
    fn below(&mut self, end: u128) -> u128 {
        (u128::from(self.next()) << 64 | u128::from(self.next())) % end
    }
}
