//! The tables built into the program: cities (DB-IP City Lite) and autonomous systems, made by `cargo xtask bake-geo`.
//! Owns how they are opened and asked; what foreign files say is not its business.

use std::{
    collections::HashMap,
    net::IpAddr,
    path::Path,
    sync::{PoisonError, RwLock},
};

use crate::{
    geo::{GeoSource, SourceInfo, special::effective_address},
    model::{Asn, CountryCode, Place},
};

mod cache;
pub mod image;
pub mod packed;

use cache::Image;
pub use cache::{EmbeddedError, default_cache_dir};
use image::{Counts, Header, Layout};

/// The baked file; see [`image`].
static BAKED: &[u8] = include_bytes!("../../resources/geo.bin");

const NAME: &str = "DB-IP City Lite with Route Views ASN (embedded)";
/// What the licences (CC BY 4.0) ask for.
const ATTRIBUTION: &str = "IP Geolocation by DB-IP (https://db-ip.com), CC BY 4.0; AS numbers from Route Views \
    (routeviews.org), NRO (nro.net) and DB-IP, CC BY 4.0, collected by ip-location-db. Modified: nearby places merged, \
    ranges re-encoded.";

/// Names a place of [`EmbeddedGeo`]; never 0.
pub type PlaceId = u32;

/// A place as the tables have it, without a copy of its names.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlaceRef<'a> {
    /// Degrees north.
    pub lat: f32,
    /// Degrees east.
    pub lon: f32,
    pub city: &'a str,
    pub region: &'a str,
    pub country: Option<CountryCode>,
}

/// The built-in tables, opened.
#[derive(Debug)]
pub struct EmbeddedGeo {
    image: Image,
    layout: Layout,
    counts: Counts,
    asn_date: String,
    info: SourceInfo,
    places: Interned<Place>,
    systems: Interned<Asn>,
}

impl EmbeddedGeo {
    /// Opens the tables through the cache file in `cache_dir`, or in [`default_cache_dir`] where none is given; makes
    /// the file where it is missing or not as it should be. Where it cannot be written the tables are held in memory.
    ///
    /// The first start takes some tenths of a second, later ones milliseconds: call it off the main thread.
    pub fn open(cache_dir: Option<&Path>) -> Result<Self, EmbeddedError> {
        let header = Header::from_bytes(BAKED)?;
        let path = cache_dir
            .map(Path::to_owned)
            .or_else(default_cache_dir)
            .map(|dir| cache::cache_path(&dir, BAKED));
        let cached = path.and_then(|path| Self::open_cached(&path, &header));
        let image = cached.map_or_else(|| cache::in_memory(BAKED, &header), Ok)?;
        Ok(Self::new(image, header))
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

    fn new(image: Image, header: Header) -> Self {
        let info = SourceInfo {
            name: NAME.to_owned(),
            date: Some(header.city_date),
            attribution: ATTRIBUTION.to_owned(),
            has_places: true,
            has_asns: true,
        };
        let Header { layout, counts, asn_date, .. } = header;
        Self {
            image,
            layout,
            counts,
            asn_date,
            info,
            places: Interned::default(),
            systems: Interned::default(),
        }
    }

    /// The place of an address; cheap, nothing is copied. An IPv6 address that no autonomous system holds has none:
    /// the source names a city for unallocated space too.
    #[inline]
    pub fn place_id(&self, address: IpAddr) -> Option<PlaceId> {
        let (image, address) = (self.image.bytes(), effective_address(address));
        if address.is_ipv6() && self.layout.system_id(image, address) == 0 {
            return None;
        }
        Some(self.layout.place_id(image, address)).filter(|&id| id != 0)
    }

    /// What is known of a place.
    pub fn place_ref(&self, id: PlaceId) -> PlaceRef<'_> {
        let (image, layout, place) = (self.image.bytes(), &self.layout, id as usize);
        let (lat, lon) = layout.lat_lon(image, place);
        PlaceRef {
            lat,
            lon,
            city: layout.cities.name(image, place),
            region: layout.region(image, place),
            country: layout.country(image, place),
        }
    }

    /// Number of the autonomous system that holds an address; cheap, its name is not looked up.
    pub fn as_number(&self, address: IpAddr) -> Option<u32> {
        match self.layout.system_id(self.image.bytes(), effective_address(address)) {
            0 => None,
            id => Some(self.layout.as_number(self.image.bytes(), id as usize)),
        }
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
        matches!(self.image, Image::Mapped(_))
    }
}

impl GeoSource for EmbeddedGeo {
    fn place(&self, address: IpAddr) -> Option<Place> {
        let id = self.place_id(address)?;
        Some(self.places.get_or_insert_with(id, || {
            let PlaceRef { lat, lon, city, region, country } = self.place_ref(id);
            Place { lat, lon, city: city.into(), region: region.into(), country }
        }))
    }

    fn asn(&self, address: IpAddr) -> Option<Asn> {
        let image = self.image.bytes();
        let id = self.layout.system_id(image, effective_address(address));
        (id != 0).then(|| {
            self.systems.get_or_insert_with(id, || Asn {
                number: self.layout.as_number(image, id as usize),
                organisation: self.layout.organisations.name(image, id as usize).into(),
            })
        })
    }

    fn info(&self) -> &SourceInfo {
        &self.info
    }
}

/// Values with names that were asked for before, so that the same city is one allocation however many addresses
/// share it. It cannot outgrow the tables: some 10 MB if every place were asked for.
#[derive(Debug)]
struct Interned<T>(RwLock<HashMap<u32, T>>);

impl<T> Default for Interned<T> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<T: Clone> Interned<T> {
    fn get_or_insert_with(&self, id: u32, make: impl FnOnce() -> T) -> T {
        // A map that a panicking thread has left is still whole: insertions are its only change.
        if let Some(value) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return value.clone();
        }
        self.0.write().unwrap_or_else(PoisonError::into_inner).entry(id).or_insert_with(make).clone()
    }
}
