//! Cells of the address space that are drawn one by one over its ground: what was heard where a cell is smaller than a /24,
//! and what queries plot. Written anew where the view shows others, and uploaded then.

use bevy::prelude::Resource;
use bytemuck::{Pod, Zeroable};

use super::hilbert_view::HilbertView;
use crate::hilbert::heat::Revision;

/// One cell, or a square of them. Twin of the vertex inputs of `cell_vertex` in `assets/shaders/space.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
pub struct CellInstance {
    /// Column and row of its first cell of order 16, a half each, the column low.
    pub cell: u32,
    /// sRGB with straight alpha.
    pub rgba: [u8; 4],
    /// Cells along its edge.
    pub side: u16,
    /// It is drawn no smaller than so many quarters of a point.
    pub least_quarters: u16,
}

/// Uploaded for one cell.
pub const CELL_BYTES: usize = size_of::<CellInstance>();
const _: () = assert!(CELL_BYTES == 12);

/// What cells are written for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WrittenFor {
    pub view: Option<HilbertView>,
    pub heat: (u64, Revision),
    pub ground: (u64, u64),
}

/// Those of the main picture; the other one has its own.
#[derive(Resource, Debug, Default)]
pub struct SpaceCells {
    rows: Vec<CellInstance>,
    spare: Vec<CellInstance>,
    changes: u64,
    written_for: WrittenFor,
}

impl SpaceCells {
    pub fn rows(&self) -> &[CellInstance] {
        &self.rows
    }

    pub const fn changes(&self) -> u64 {
        self.changes
    }

    pub fn is_for(&self, what: &WrittenFor) -> bool {
        self.written_for == *what
    }

    /// They are for nothing that is shown.
    pub fn forget(&mut self) {
        self.written_for = WrittenFor::default();
    }

    /// Puts others in their place: `write` gets an empty list.
    pub fn write(&mut self, what: WrittenFor, write: impl FnOnce(&mut Vec<CellInstance>)) {
        self.written_for = what;
        self.spare.clear();
        write(&mut self.spare);
        if self.spare != self.rows {
            std::mem::swap(&mut self.spare, &mut self.rows);
            self.changes += 1;
        }
    }
}
