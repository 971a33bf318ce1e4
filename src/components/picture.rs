//! What is on screen, the world or the address space, and where a connection is drawn in it. Labels, hovering, clicks and
//! lists ask here, and so mean the same in both.

use std::net::IpAddr;

use super::{connection::Position, hilbert_view::HilbertView, map_view::MapView};
use crate::{hilbert::Family, model::LocatedConnection};

/// One moment of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Picture {
    pub map: MapView,
    pub space: HilbertView,
}

impl Picture {
    pub const fn new(map: MapView, space: HilbertView) -> Self {
        Self { map, space }
    }

    /// Whether it shows addresses, not places.
    pub fn is_space(&self) -> bool {
        self.space.has_arrived()
    }

    /// Where a connection is drawn, in pixels; `None` where it has no place in this picture, and while all of them fly from
    /// one to the other.
    pub fn px_of(&self, connection: &LocatedConnection, position: Option<&Position>) -> Option<[f32; 2]> {
        if self.space.is_flying() {
            None
        } else if self.is_space() {
            self.space.key_of(connection).map(|key| self.space.px_of_key(key))
        } else {
            position.map(|position| self.map.screen_place(position.map).px)
        }
    }

    /// Where the cell of an address is, in pixels; `None` where the picture shows no addresses, or not this one.
    pub fn px_of_address(&self, address: IpAddr) -> Option<[f32; 2]> {
        let (family, key) = Family::key_of(address)?;
        (self.is_space() && family == self.space.family).then(|| self.space.px_of_key(key))
    }

    /// From a pixel to where a connection is drawn, in points.
    pub fn points_between(
        &self,
        px: [f32; 2],
        connection: &LocatedConnection,
        position: Option<&Position>,
    ) -> Option<f32> {
        let [x, y] = self.px_of(connection, position)?;
        Some((x - px[0]).hypot(y - px[1]) / self.map.px_per_point)
    }

    /// Whether the same is shown in the same way.
    pub fn is_like(&self, other: &Self) -> bool {
        match (self.is_space(), other.is_space()) {
            (true, true) => {
                (self.space.family, self.space.orientation) == (other.space.family, other.space.orientation)
            }
            (false, false) => true,
            _ => false,
        }
    }
}
