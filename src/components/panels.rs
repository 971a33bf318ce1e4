//! Where the panels lie, told by the panels themselves: the pointer is theirs there, and labels keep away.

use bevy::prelude::Resource;

/// A rectangle in physical pixels, y down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PxRect {
    pub min: [f32; 2],
    pub max: [f32; 2],
}

impl PxRect {
    pub fn contains(&self, px: [f32; 2]) -> bool {
        (0..2).all(|axis| (self.min[axis]..=self.max[axis]).contains(&px[axis]))
    }

    pub fn overlaps(&self, other: &Self) -> bool {
        (0..2).all(|axis| self.min[axis] < other.max[axis] && other.min[axis] < self.max[axis])
    }

    pub fn grown(&self, by_px: f32) -> Self {
        Self { min: self.min.map(|v| v - by_px), max: self.max.map(|v| v + by_px) }
    }
}

/// As of the last frame.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct Panels {
    pub rects: Vec<PxRect>,
    /// A text field has the keyboard: keys are letters, not commands.
    pub has_keyboard: bool,
}

impl Panels {
    pub fn covers(&self, px: [f32; 2]) -> bool {
        self.rects.iter().any(|rect| rect.contains(px))
    }
}
