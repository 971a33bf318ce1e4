//! The instance buffers of the layers of points. They stay on the graphics card; only rows that changed are written,
//! and the kept picture of the world is drawn anew when any did.

use std::ops::Range;

use bevy::{
    prelude::*,
    render::{
        MainWorld,
        render_resource::{Buffer, BufferDescriptor, BufferUsages},
        renderer::{RenderDevice, RenderQueue},
    },
};

use super::kept_world::KeptWorld;
use crate::components::marks::{LayerName, MARK_BYTES, MarkLayer, Marks};

/// Points there is room for at first; a buffer doubles from here.
const FIRST_CAPACITY: usize = 1024;

#[derive(Resource, Default)]
pub(super) struct GpuMarks {
    /// The lowest first.
    pub(super) layers: Vec<GpuLayer>,
    /// Which state of the main world's layers these are.
    seen: Option<u64>,
    stretches: Vec<Range<u32>>,
}

pub(super) struct GpuLayer {
    name: LayerName,
    pub(super) buffer: Buffer,
    pub(super) count: u32,
    capacity: usize,
}

/// The graphics device is new: nothing that lay on the old one is left.
pub(super) fn forget(mut gpu: ResMut<GpuMarks>) {
    *gpu = GpuMarks::default();
}

pub(super) fn extract(
    mut main: ResMut<MainWorld>,
    mut gpu: ResMut<GpuMarks>,
    mut kept: ResMut<KeptWorld>,
    device: Res<RenderDevice>,
    queue: Res<RenderQueue>,
) {
    let Some(mut marks) = main.get_resource_mut::<Marks>() else {
        return;
    };
    let marks = marks.bypass_change_detection();
    if gpu.seen == Some(marks.changes()) {
        return;
    }
    gpu.seen = Some(marks.changes());
    kept.is_stale = true;
    let mut before = std::mem::take(&mut gpu.layers);
    let mut uploaded_rows = 0;
    for layer in marks.layers_mut() {
        let known = before.iter().position(|known| known.name == layer.name).map(|at| before.swap_remove(at));
        let mut known = known
            .filter(|known| known.capacity >= layer.points().len())
            .unwrap_or_else(|| with_room_for(layer, &device));
        known.count = layer.points().len() as u32;
        uploaded_rows += layer.take_dirty(&mut gpu.stretches);
        for stretch in &gpu.stretches {
            let rows = &layer.points()[stretch.start as usize..stretch.end as usize];
            let at = u64::from(stretch.start) * MARK_BYTES as u64;
            queue.write_buffer(&known.buffer, at, bytemuck::cast_slice(rows));
        }
        gpu.layers.push(known);
    }
    marks.uploaded_bytes += uploaded_rows * MARK_BYTES as u64;
}

/// A buffer that holds nothing yet: all of the layer is to be uploaded.
fn with_room_for(layer: &mut MarkLayer, device: &RenderDevice) -> GpuLayer {
    layer.mark_all();
    let capacity = layer.points().len().next_power_of_two().max(FIRST_CAPACITY);
    let buffer = device.create_buffer(&BufferDescriptor {
        label: Some("marks"),
        size: (capacity * MARK_BYTES) as u64,
        usage: BufferUsages::VERTEX | BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    GpuLayer { name: layer.name, buffer, count: 0, capacity }
}
