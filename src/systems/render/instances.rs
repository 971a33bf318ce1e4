//! A table of instances on the graphics card, one row a point. It stays there; only rows that changed are written, straight
//! from the main world's slice.

use std::ops::Range;

use bevy::render::{
    render_resource::{Buffer, BufferDescriptor, BufferUsages},
    renderer::RenderDevice,
};
use bytemuck::Pod;

use super::uploads::{Table, Upload};

/// Rows there is room for at first; a buffer doubles from here.
const FIRST_CAPACITY: usize = 1024;

pub(super) struct Instances {
    pub(super) buffer: Buffer,
    pub(super) count: u32,
    capacity: usize,
    table: Table,
}

impl Instances {
    /// The table that is there where it has room for so many rows of `T`; else a larger one, which holds nothing yet.
    pub(super) fn with_room<T: Pod>(
        known: Option<Self>,
        rows: usize,
        table: Table,
        device: &RenderDevice,
    ) -> (Self, IsNew) {
        if let Some(known) = known.filter(|known| known.capacity >= rows) {
            return (Self { count: rows as u32, ..known }, IsNew(false));
        }
        let capacity = rows.next_power_of_two().max(FIRST_CAPACITY);
        let buffer = device.create_buffer(&BufferDescriptor {
            label: Some(label(table)),
            size: (capacity * size_of::<T>()) as u64,
            usage: BufferUsages::VERTEX | BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        (Self { buffer, count: rows as u32, capacity, table }, IsNew(true))
    }

    pub(super) fn write<T: Pod>(&self, upload: &mut Upload<'_>, stretches: &[Range<u32>], rows: &[T]) {
        for stretch in stretches {
            let changed = &rows[stretch.start as usize..stretch.end as usize];
            let at = u64::from(stretch.start) * size_of::<T>() as u64;
            upload.rows((self.table, &self.buffer), at, bytemuck::cast_slice(changed));
        }
    }
}

/// For whoever looks for mistakes in what is drawn.
const fn label(table: Table) -> &'static str {
    match table {
        Table::Dots => "dots",
        Table::Trails => "trails",
        Table::Marks => "marks",
        Table::Cells => "cells",
    }
}

/// Whether all rows are still to be written.
#[derive(Clone, Copy)]
pub(super) struct IsNew(pub(super) bool);
