//! The picture of the world and of the points that stand still on it, kept in a texture. It is drawn anew when the view,
//! the theme or those points change, and only copied otherwise: on a software renderer that is a tenth of the cost.

use bevy::{
    prelude::*,
    render::{
        render_resource::{
            Extent3d, Texture, TextureDescriptor, TextureDimension, TextureUsages, TextureView,
            TextureViewDescriptor,
        },
        renderer::RenderDevice,
        view::ViewTarget,
    },
};

use super::{MapCamera, uniforms::Uniforms};

#[derive(Resource, Default)]
pub(super) struct KeptWorld {
    pub(super) texture: Option<(Texture, TextureView)>,
    /// Width and height of the texture.
    size_px: [u32; 2],
    pub(super) is_stale: bool,
}

/// The graphics device is new: the picture is gone.
pub(super) fn forget(mut kept: ResMut<KeptWorld>) {
    *kept = KeptWorld::default();
}

pub(super) fn prepare(
    mut kept: ResMut<KeptWorld>,
    uniforms: Option<ResMut<Uniforms>>,
    device: Res<RenderDevice>,
    cameras: Query<&ViewTarget, With<MapCamera>>,
) {
    if let (Some(mut uniforms), Ok(target)) = (uniforms, cameras.single()) {
        kept.follow(&mut uniforms, target, &device);
    }
}

impl KeptWorld {
    /// Follows what a camera draws into, and learns from the uniforms whether it shows something else now.
    pub(super) fn follow(&mut self, uniforms: &mut Uniforms, target: &ViewTarget, device: &RenderDevice) {
        self.is_stale |= std::mem::take(&mut uniforms.view_changed);
        // The picture is as large as what it is copied to, which lags behind the window by a frame while it is resized.
        let target_size = target.main_texture().size();
        let size_px = [target_size.width, target_size.height];
        if self.texture.is_some() && self.size_px == size_px {
            return;
        }
        let texture = device.create_texture(&TextureDescriptor {
            label: Some("kept world"),
            size: Extent3d { width: size_px[0], height: size_px[1], depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: TextureDimension::D2,
            format: target.main_texture_format(),
            usage: TextureUsages::RENDER_ATTACHMENT | TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let view = texture.create_view(&TextureViewDescriptor::default());
        self.texture = Some((texture, view));
        self.size_px = size_px;
        self.is_stale = true;
    }
}
