//! The layers of points on the graphics card; the kept picture of the world is drawn anew when any of them changed.

use std::ops::Range;

use bevy::{
    prelude::*,
    render::{MainWorld, renderer::RenderDevice},
};

use super::{
    instances::Instances,
    kept_world::KeptWorld,
    uploads::{Table, Upload},
};
use crate::components::{
    hilbert_view::HilbertView,
    marks::{LayerName, Mark, Marks},
};

#[derive(Resource, Default)]
pub(super) struct GpuMarks {
    /// The lowest first.
    pub(super) layers: Vec<(LayerName, Instances)>,
    /// Which state of the main world's layers these are.
    seen: Option<u64>,
    stretches: Vec<Range<u32>>,
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
    mut upload: Upload,
) {
    // Behind the address space nobody sees them; the picture is drawn anew on the way back.
    let is_hidden = main.get_resource::<HilbertView>().is_some_and(HilbertView::has_arrived);
    let Some(mut marks) = main.get_resource_mut::<Marks>() else {
        return;
    };
    let marks = marks.bypass_change_detection();
    if gpu.seen == Some(marks.changes()) {
        return;
    }
    gpu.seen = Some(marks.changes());
    kept.is_stale |= !is_hidden;
    let mut before = std::mem::take(&mut gpu.layers);
    for layer in marks.layers_mut() {
        let known = before.iter().position(|(name, _)| *name == layer.name);
        let known = known.map(|at| before.swap_remove(at).1);
        let (instances, is_new) =
            Instances::with_room::<Mark>(known, layer.points().len(), Table::Marks, &device);
        if is_new.0 {
            layer.mark_all();
        }
        layer.take_dirty(&mut gpu.stretches);
        instances.write(&mut upload, &gpu.stretches, layer.points());
        gpu.layers.push((layer.name, instances));
    }
}
