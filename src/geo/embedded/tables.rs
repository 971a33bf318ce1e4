//! The image and the searchable tables in it, side by side: what a table is made of is looked up once and not at every
//! look-up.

use std::net::IpAddr;

use crate::geo::{
    embedded::{cache::Image, image::Layout},
    special::effective_address,
    table::{Ids, KeyLayout, RangeTable, key_from_ipv6},
};

#[derive(Debug)]
pub(super) struct Tables {
    /// Lie in the image, and are lent to nobody.
    ipv4: RangeTable<'static>,
    ipv6: RangeTable<'static>,
    image: Image,
}

impl Tables {
    pub fn new(image: Image, layout: &Layout) -> Self {
        // SAFETY: the bytes are in a map or on the heap; they do not move when the image does, nothing changes them,
        // and they are there for as long as the image. The tables live no longer: they are in the same structure, and
        // no copy of them, and nothing lent by them, leaves it.
        let bytes: &'static [u8] = unsafe { &*std::ptr::from_ref(image.bytes()) };
        Self {
            ipv4: layout.ipv4.table(KeyLayout::Ipv4, bytes),
            ipv6: layout.ipv6.table(KeyLayout::Ipv6, bytes),
            image,
        }
    }

    pub fn image(&self) -> &Image {
        &self.image
    }

    /// Ids of the address's place and of the autonomous system that holds it.
    #[inline(always)]
    pub fn ids(&self, address: IpAddr) -> Ids {
        match effective_address(address) {
            IpAddr::V4(v4) => self.ipv4.ids_ipv4(u32::from(v4)),
            IpAddr::V6(v6) => self.ipv6.ids(key_from_ipv6(v6)),
        }
    }
}
