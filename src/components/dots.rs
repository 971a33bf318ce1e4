//! The dots as the graphics card gets them: one dense table of instances, of which only changed stretches are
//! uploaded. Entities know their row; rows know their entity.

use std::ops::Range;

use bevy::prelude::{Component, Entity, Resource};
use bytemuck::{Pod, Zeroable};

use super::stretches::Stretches;
use crate::hilbert::Family;

/// One dot. Twin of the vertex inputs of `assets/shaders/dots.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub struct DotInstance {
    /// Degrees east, degrees north.
    pub lon_lat: [f32; 2],
    /// Column and row of the address on the Hilbert curve, a half each, the column low.
    pub cell: u32,
    /// Linear light, 65,535 for one; straight alpha in the upper byte of the last, in the lower one [`Flags`].
    pub rgba: [u16; 4],
    /// Milliseconds since the map clock's epoch.
    pub born_millis: u32,
    /// The same; 0 while open.
    pub ended_millis: u32,
}

/// What the lower byte of a dot's alpha says: the number of the agent's colour, from 1, or 0 for no ring, in its lower
/// half; and where the dot has a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    const MOST_RINGS: u8 = 15;
    const NO_PLACE: u8 = 1 << 4;
    const IPV4: u8 = 1 << 5;
    const IPV6: u8 = 1 << 6;

    /// `ring`: number of the agent's colour from 1, or 0.
    pub const fn new(ring: u8, has_place: bool, family: Option<Family>) -> Self {
        let place = if has_place { 0 } else { Self::NO_PLACE };
        let family = match family {
            Some(Family::V4) => Self::IPV4,
            Some(Family::V6) => Self::IPV6,
            None => 0,
        };
        Self(ring & Self::MOST_RINGS | place | family)
    }

    /// Puts them below an alpha.
    pub const fn under(self, alpha: u16) -> u16 {
        alpha & 0xff00 | self.0 as u16
    }
}

/// A cell as a dot has it.
pub const fn packed_cell([x, y]: [u16; 2]) -> u32 {
    x as u32 | (y as u32) << 16
}

/// Uploaded for one changed dot.
pub const DOT_BYTES: usize = size_of::<DotInstance>();
const _: () = assert!(DOT_BYTES == 28);

/// Row of an entity's dot; `None` while it is hidden.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DotRow(pub Option<u32>);

#[derive(Resource, Debug, Default)]
pub struct Dots {
    rows: Vec<DotInstance>,
    owners: Vec<Entity>,
    dirty: Stretches,
    /// Bytes handed to the graphics card since the start.
    pub uploaded_bytes: u64,
}

impl Dots {
    pub fn rows(&self) -> &[DotInstance] {
        &self.rows
    }

    pub fn push(&mut self, owner: Entity, dot: DotInstance) -> u32 {
        let row = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.rows.push(dot);
        self.owners.push(owner);
        self.dirty.mark(row);
        row
    }

    /// Writes a row; nothing is uploaded where nothing changed.
    pub fn set(&mut self, row: u32, dot: DotInstance) {
        if let Some(place) = self.rows.get_mut(row as usize)
            && *place != dot
        {
            *place = dot;
            self.dirty.mark(row);
        }
    }

    /// Takes a row out; the last row moves into its place. Returns the entity whose row is now `row`.
    pub fn remove(&mut self, row: u32) -> Option<Entity> {
        let index = row as usize;
        if index >= self.rows.len() {
            return None;
        }
        self.rows.swap_remove(index);
        self.owners.swap_remove(index);
        let moved = self.owners.get(index).copied();
        if moved.is_some() {
            self.dirty.mark(row);
        }
        moved
    }

    pub fn mark_all(&mut self) {
        self.dirty.mark_all(self.rows.len() as u32);
    }

    /// Stretches to upload, in order and apart, and counts them as uploaded.
    pub fn take_dirty(&mut self, out: &mut Vec<Range<u32>>) {
        let rows = self.dirty.take(self.rows.len() as u32, out);
        self.uploaded_bytes += rows * DOT_BYTES as u64;
    }

    pub fn has_dirty(&self) -> bool {
        !self.dirty.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dot(lon: f32) -> DotInstance {
        DotInstance { lon_lat: [lon, 0.0], cell: 0, rgba: [u16::MAX; 4], born_millis: 1, ended_millis: 0 }
    }

    fn dirty(dots: &mut Dots) -> Vec<Range<u32>> {
        let mut out = Vec::new();
        dots.take_dirty(&mut out);
        out
    }

    #[test]
    fn only_what_changed_goes_up() {
        let mut dots = Dots::default();
        for i in 0..1000 {
            dots.push(Entity::PLACEHOLDER, dot(i as f32));
        }
        assert_eq!(dirty(&mut dots), vec![0..1000]);
        assert_eq!(dots.uploaded_bytes, 28_000);
        assert!(dirty(&mut dots).is_empty());
        dots.set(5, dot(5.0));
        assert!(dirty(&mut dots).is_empty(), "an equal value is no change");
        dots.set(5, dot(50.0));
        dots.set(900, dot(1.0));
        assert_eq!(dirty(&mut dots), vec![5..6, 900..901]);
        assert_eq!(dots.uploaded_bytes, 28_056);
    }

    #[test]
    fn removal_moves_the_last_row_and_never_marks_beyond_the_end() {
        let mut world = bevy::prelude::World::new();
        let owners: Vec<Entity> = (0..3).map(|_| world.spawn_empty().id()).collect();
        let mut dots = Dots::default();
        for (i, owner) in owners.iter().enumerate() {
            dots.push(*owner, dot(i as f32));
        }
        dirty(&mut dots);
        assert_eq!(dots.remove(0), Some(owners[2]));
        assert_eq!(dots.rows()[0], dot(2.0));
        assert_eq!(dots.remove(1), None);
        assert_eq!(dirty(&mut dots), vec![0..1]);
        assert_eq!(dots.remove(0), None);
        assert!(dirty(&mut dots).is_empty() && dots.rows().is_empty());
    }
}
