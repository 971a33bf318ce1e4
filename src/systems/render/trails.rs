//! The trails on the graphics card. They are drawn into the kept picture of the world, which is drawn anew when
//! `components::trails` says that there is something new to see in them.

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
    trails::{TrailInstance, Trails},
};

#[derive(Resource, Default)]
pub(super) struct GpuTrails {
    pub(super) instances: Option<Instances>,
    /// The picture that was drawn last.
    seen: u64,
    stretches: Vec<Range<u32>>,
}

/// The graphics device is new: nothing that lay on the old one is left.
pub(super) fn forget(mut trails: ResMut<GpuTrails>) {
    *trails = GpuTrails::default();
}

pub(super) fn extract(
    mut main: ResMut<MainWorld>,
    mut gpu: ResMut<GpuTrails>,
    mut kept: ResMut<KeptWorld>,
    device: Res<RenderDevice>,
    mut upload: Upload,
) {
    // Behind the address space nobody sees them; the picture is drawn anew on the way back.
    let is_hidden = main.get_resource::<HilbertView>().is_some_and(HilbertView::has_arrived);
    let Some(mut trails) = main.get_resource_mut::<Trails>() else {
        return;
    };
    let trails = trails.bypass_change_detection();
    if gpu.seen == trails.pictures() {
        return;
    }
    gpu.seen = trails.pictures();
    kept.is_stale |= !is_hidden;
    let known = gpu.instances.take();
    let (instances, is_new) =
        Instances::with_room::<TrailInstance>(known, trails.rows().len(), Table::Trails, &device);
    if is_new.0 {
        trails.mark_all();
    }
    trails.take_dirty(&mut gpu.stretches);
    instances.write(&mut upload, &gpu.stretches, trails.rows());
    gpu.instances = Some(instances);
}
