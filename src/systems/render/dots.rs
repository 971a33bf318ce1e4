//! The dots on the graphics card.

use std::ops::Range;

use bevy::{
    prelude::*,
    render::{MainWorld, renderer::RenderDevice},
};

use super::{
    instances::Instances,
    uploads::{Table, Upload},
};
use crate::components::dots::{DotInstance, Dots};

#[derive(Resource, Default)]
pub(super) struct GpuDots {
    pub(super) instances: Option<Instances>,
    stretches: Vec<Range<u32>>,
}

/// The graphics device is new: nothing that lay on the old one is left.
pub(super) fn forget(mut dots: ResMut<GpuDots>) {
    *dots = GpuDots::default();
}

pub(super) fn extract(
    mut main: ResMut<MainWorld>,
    mut gpu: ResMut<GpuDots>,
    device: Res<RenderDevice>,
    mut upload: Upload,
) {
    let Some(mut dots) = main.get_resource_mut::<Dots>() else {
        return;
    };
    let known = gpu.instances.take();
    let (instances, is_new) =
        Instances::with_room::<DotInstance>(known, dots.rows().len(), Table::Dots, &device);
    if is_new.0 {
        dots.mark_all();
    }
    if dots.has_dirty() {
        dots.take_dirty(&mut gpu.stretches);
        instances.write(&mut upload, &gpu.stretches, dots.rows());
    }
    gpu.instances = Some(instances);
}
