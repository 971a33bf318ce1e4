//! The built-in tables for a program that asks little and wants to start at once: a block of the cache file is checked
//! when an answer is made of it, and not all of them at the start. Where one is damaged, the answer is thrown away, and
//! the tables are made anew.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use super::{
    BAKED, EmbeddedError, EmbeddedGeo,
    blocks::Blocks,
    cache::{self, Image},
    cache_path,
    image::{Header, Layout},
    source_info,
};
use crate::{
    geo::{
        GeoSource, SourceInfo,
        special::effective_address,
        table::{Ids, KeyLayout, Watch, key_from_ipv6},
    },
    model::{Asn, Place},
};

/// The built-in tables, checked as they are asked; see [`EmbeddedGeo`] for the same, checked at once.
#[derive(Debug)]
pub struct CarefulGeo {
    header: Header,
    info: SourceInfo,
    cache_dir: Option<PathBuf>,
    /// Where a cache file is there.
    mapped: Option<(Image, Blocks)>,
    /// Where none is, or it turned out to be damaged.
    whole: OnceLock<Result<EmbeddedGeo, EmbeddedError>>,
}

impl CarefulGeo {
    /// Opens the tables as [`EmbeddedGeo::open`] does, in less than a millisecond where the cache file is there.
    ///
    /// # Errors
    /// Where the built-in file itself cannot be read.
    pub fn open(cache_dir: Option<&Path>) -> Result<Self, EmbeddedError> {
        let header = Header::from_bytes(BAKED)?;
        let info = source_info(&header);
        let mapped = cache_path(cache_dir).and_then(|path| cache::map_unchecked(&path, BAKED, &header).ok());
        let cache_dir = cache_dir.map(Path::to_owned);
        Ok(Self { header, info, cache_dir, mapped, whole: OnceLock::new() })
    }

    /// All tables, checked: for questions that go through all of them.
    ///
    /// # Errors
    /// Where they cannot be made anew.
    pub fn whole(&self) -> Result<&EmbeddedGeo, &EmbeddedError> {
        self.whole.get_or_init(|| EmbeddedGeo::open(self.cache_dir.as_deref())).as_ref()
    }

    /// Why there are no answers any more: the cache file is damaged, and another one cannot be made.
    pub fn problem(&self) -> Option<&EmbeddedError> {
        self.whole.get()?.as_ref().err()
    }

    /// Whether the file was checked as a whole after all: it was not there, or is damaged, or a question went through it.
    pub fn is_checked_whole(&self) -> bool {
        self.whole.get().is_some()
    }

    /// Asks the blocks of the mapped file, and where there is none, or one of those is damaged, the whole.
    fn ask<T>(
        &self,
        blocks: impl FnOnce(&Layout, &[u8], &dyn Watch) -> Option<T>,
        whole: impl FnOnce(&EmbeddedGeo) -> Option<T>,
    ) -> Option<T> {
        if let (Some((image, sums)), None) = (&self.mapped, self.whole.get()) {
            // The checksums lie behind it.
            let image = image.bytes().get(..self.header.image_bytes as usize).unwrap_or_default();
            let found = blocks(&self.header.layout, image, &sums.watch(image));
            if !sums.is_damaged() {
                return found;
            }
        }
        self.whole().ok().and_then(whole)
    }

    /// The autonomous system of a number, or `None` where it holds no addresses.
    pub fn system(&self, number: u32) -> Option<Asn> {
        self.ask(
            |layout, image, watch| {
                let mut ids = 1..=self.header.counts.systems;
                let id = ids.find(|&id| layout.as_number(image, id, &watch) == number)?;
                Some(layout.system(image, id, &watch))
            },
            |whole| whole.system(number),
        )
    }

    /// Date of the ASN table, `YYYY-MM-DD`; [`SourceInfo::date`] is that of the cities.
    pub fn asn_date(&self) -> &str {
        &self.header.asn_date
    }
}

fn ids(layout: &Layout, image: &[u8], address: IpAddr, watch: &dyn Watch) -> Ids {
    match effective_address(address) {
        IpAddr::V4(v4) => layout.ipv4.table(KeyLayout::Ipv4, image).ids_watched(u32::from(v4).into(), &watch),
        IpAddr::V6(v6) => layout.ipv6.table(KeyLayout::Ipv6, image).ids_watched(key_from_ipv6(v6), &watch),
    }
}

impl GeoSource for CarefulGeo {
    fn place(&self, address: IpAddr) -> Option<Place> {
        self.ask(
            |layout, image, watch| {
                let id = ids(layout, image, address, watch).place as usize;
                (id != 0).then(|| layout.place(image, id, &watch))
            },
            |whole| whole.place(address),
        )
    }

    fn asn(&self, address: IpAddr) -> Option<Asn> {
        self.ask(
            |layout, image, watch| {
                let id = ids(layout, image, address, watch).system as usize;
                (id != 0).then(|| layout.system(image, id, &watch))
            },
            |whole| whole.asn(address),
        )
    }

    fn systems_date(&self) -> Option<&str> {
        Some(&self.header.asn_date)
    }

    fn info(&self) -> &SourceInfo {
        &self.info
    }
}
