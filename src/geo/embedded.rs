//! The tables built into the program: cities (DB-IP City Lite) and autonomous systems, made by `cargo xtask bake-geo`.
//! Owns how they are opened and asked; what foreign files say is not its business.

use std::{
    hint::{black_box, select_unpredictable},
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    geo::{
        GeoSource, SourceInfo,
        table::{Ids, Trusted},
    },
    model::{Asn, Place},
};

mod blocks;
mod cache;
mod careful;
pub mod image;
mod lazy_table;
pub mod packed;
mod tables;

use cache::Image;
pub use cache::{EmbeddedError, default_cache_dir};
pub use careful::CarefulGeo;
use image::{Counts, Header, Layout};
use lazy_table::LazyTable;
use tables::Tables;

/// The baked file; see [`image`].
static BAKED: &[u8] = include_bytes!("../../resources/geo.bin");

const NAME: &str = "DB-IP City Lite with Route Views ASN (embedded)";
/// What the licences (CC BY 4.0) ask for.
const ATTRIBUTION: &str = "IP Geolocation by DB-IP (https://db-ip.com), CC BY 4.0; AS numbers from Route Views \
    (routeviews.org), NRO (nro.net) and DB-IP, CC BY 4.0, collected by ip-location-db. Modified: nearby places merged, \
    ranges re-encoded.";

/// Names a place of [`EmbeddedGeo`]; never 0.
pub type PlaceId = u32;

/// The built-in tables, opened.
#[derive(Debug)]
pub struct EmbeddedGeo {
    tables: Tables,
    layout: Layout,
    counts: Counts,
    asn_date: String,
    info: SourceInfo,
    /// Values with names, made when first asked for, so that a look-up copies and allocates nothing.
    places: LazyTable<Place>,
    systems: LazyTable<Asn>,
}

impl EmbeddedGeo {
    /// Opens the tables through the cache file in `cache_dir`, or in [`default_cache_dir`] where none is given; makes
    /// the file where it is missing or not as it should be. Where it cannot be written the tables are held in memory.
    ///
    /// The first start takes some tenths of a second, later ones milliseconds, for all of it is checked: call it off the
    /// main thread. [`CarefulGeo`] is for programs that ask little.
    pub fn open(cache_dir: Option<&Path>) -> Result<Self, EmbeddedError> {
        let header = Header::from_bytes(BAKED)?;
        let cached = cache_path(cache_dir).and_then(|path| Self::open_cached(&path, &header));
        let image = cached.map_or_else(|| cache::in_memory(BAKED, &header), Ok)?;
        Self::new(image, header)
    }

    fn open_cached(path: &Path, header: &Header) -> Option<Image> {
        match cache::map(path, BAKED, header) {
            Ok(image) => return Some(image),
            Err(error) => tracing::debug!("{}: {error}; making it", path.display()),
        }
        let made = cache::make(path, BAKED, header).and_then(|()| cache::map(path, BAKED, header));
        made.inspect_err(|error| {
            tracing::info!("{}: {error}; the geographic tables are held in memory", path.display());
        })
        .ok()
    }

    fn new(image: Image, header: Header) -> Result<Self, EmbeddedError> {
        let info = source_info(&header);
        let Header { layout, counts, asn_date, .. } = header;
        let (places, systems) = (LazyTable::new(counts.places + 1)?, LazyTable::new(counts.systems + 1)?);
        let tables = Tables::new(image, &layout);
        Ok(Self { tables, layout, counts, asn_date, info, places, systems })
    }

    /// Id of an address's place. An IPv6 address that no autonomous system holds has none: the source names a city for
    /// unallocated space too, which the converter leaves out.
    #[inline(always)]
    pub fn place_id(&self, address: IpAddr) -> Option<PlaceId> {
        let id = self.ids(address).place;
        (id != 0).then_some(id)
    }

    /// The place of an address and the autonomous system that holds it, lent: one look-up for both.
    #[inline(always)]
    pub fn located_ref(&self, address: IpAddr) -> (Option<&Place>, Option<&Asn>) {
        let ids = self.ids(address);
        (self.place_of(ids), self.system_of(ids))
    }

    /// The place of an address, lent.
    #[inline(always)]
    pub fn place_ref(&self, address: IpAddr) -> Option<&Place> {
        self.place_of(self.ids(address))
    }

    /// The autonomous system that holds an address, lent.
    #[inline(always)]
    pub fn asn_ref(&self, address: IpAddr) -> Option<&Asn> {
        self.system_of(self.ids(address))
    }

    #[inline(always)]
    fn ids(&self, address: IpAddr) -> Ids {
        self.tables.ids(address)
    }

    // Row 0, "none", is looked up like any other, for whether there is one shows when the row has come from memory: a
    // processor that has guessed wrong until then starts all over with the look-ups after this one.
    #[inline(always)]
    fn place_of(&self, ids: Ids) -> Option<&Place> {
        let id = ids.place as usize;
        let found = self.places.get_or_make(id, || self.make_place(id));
        select_unpredictable(id != 0, found, None)
    }

    #[inline(always)]
    fn system_of(&self, ids: Ids) -> Option<&Asn> {
        let id = ids.system as usize;
        let found = self.systems.get_or_make(id, || self.make_system(id));
        select_unpredictable(id != 0, found, None)
    }

    #[cold]
    fn make_place(&self, id: usize) -> Place {
        self.layout.place(self.tables.image().bytes(), id, &Trusted)
    }

    #[cold]
    fn make_system(&self, id: usize) -> Asn {
        self.layout.system(self.tables.image().bytes(), id, &Trusted)
    }

    /// All autonomous systems that hold addresses, in the order of the table.
    pub fn systems(&self) -> impl Iterator<Item = Asn> {
        (1..=self.counts.systems).map(|id| self.make_system(id))
    }

    /// The autonomous system of a number, or `None` where it holds no addresses.
    pub fn system(&self, number: u32) -> Option<Asn> {
        let image = self.tables.image().bytes();
        let id =
            (1..=self.counts.systems).find(|&id| self.layout.as_number(image, id, &Trusted) == number)?;
        Some(self.make_system(id))
    }

    /// How many rows and names the tables have.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Date of the ASN table, `YYYY-MM-DD`; [`SourceInfo::date`] is that of the cities.
    pub fn asn_date(&self) -> &str {
        &self.asn_date
    }

    /// Whether the tables are mapped from the cache file, not held in memory.
    pub fn is_mapped(&self) -> bool {
        matches!(self.tables.image(), Image::Mapped(_))
    }
}

/// What the built-in tables are, without opening them.
///
/// # Errors
/// When they are damaged.
pub fn built_in() -> Result<SourceInfo, EmbeddedError> {
    Ok(source_info(&Header::from_bytes(BAKED)?))
}

fn cache_path(cache_dir: Option<&Path>) -> Option<PathBuf> {
    let dir = cache_dir.map(Path::to_owned).or_else(default_cache_dir)?;
    Some(cache::cache_path(&dir, BAKED))
}

fn source_info(header: &Header) -> SourceInfo {
    SourceInfo {
        name: NAME.to_owned(),
        date: Some(header.city_date.clone()),
        attribution: ATTRIBUTION.to_owned(),
        has_places: true,
        has_asns: true,
    }
}

impl GeoSource for EmbeddedGeo {
    fn place(&self, address: IpAddr) -> Option<Place> {
        self.place_ref(address).cloned()
    }

    fn asn(&self, address: IpAddr) -> Option<Asn> {
        self.asn_ref(address).cloned()
    }

    fn place_and_asn(&self, address: IpAddr) -> (Option<Place>, Option<Asn>) {
        let (place, asn) = self.located_ref(address);
        (place.cloned(), asn.cloned())
    }

    /// Looks them up and touches what an answer is made of. Nothing here depends on what has come from memory before, so
    /// that a processor goes on to the next one meanwhile; to answer, it has to count, and cannot.
    fn expect(&self, addresses: &[IpAddr]) {
        let touched = addresses.iter().fold(0, |touched: usize, &address| {
            let (place, asn) = self.located_ref(address);
            let place =
                place.map_or(0, |place| Arc::strong_count(&place.city) ^ Arc::strong_count(&place.region));
            touched ^ place ^ asn.map_or(0, |asn| Arc::strong_count(&asn.organisation))
        });
        black_box(touched);
    }

    fn systems_date(&self) -> Option<&str> {
        Some(&self.asn_date)
    }

    fn info(&self) -> &SourceInfo {
        &self.info
    }
}
