//! The address space on the graphics card: its uniform, the ground of its blocks as a texture with levels, and the
//! colours of the ground. Nothing is made before it is first looked at.

use std::ops::Range;

use bevy::{
    prelude::*,
    render::{
        MainWorld,
        render_resource::{
            BindGroup, BindGroupEntries, BindGroupLayout, BindGroupLayoutDescriptor, BindGroupLayoutEntries,
            Buffer, BufferDescriptor, BufferUsages, Extent3d, Origin3d, PipelineCache, ShaderStages,
            TexelCopyBufferLayout, TexelCopyTextureInfo, Texture, TextureAspect, TextureDescriptor,
            TextureDimension, TextureFormat, TextureSampleType, TextureUsages, TextureViewDescriptor,
            binding_types::{texture_2d, uniform_buffer_sized},
        },
        renderer::{RenderDevice, RenderQueue},
    },
};
use bytemuck::{Pod, Zeroable};

use super::kept_world::KeptWorld;
use crate::{
    components::{
        dots::Flags,
        hilbert_tint::{HilbertTint, TINT_LEVELS, TINT_SIDE, TINTS},
        hilbert_view::HilbertView,
        theme::Theme,
    },
    hilbert::{ORDER, Orientation, Prefix, SIDE},
};

/// Between two bends of the line along all addresses, in points.
const CURVE_STEP: f64 = 12.0;
const PALETTE_BYTES: usize = TINTS * size_of::<[f32; 4]>();

/// Twin of `Space` in `view.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub(super) struct SpaceUniform {
    middle: [i32; 2],
    middle_rest: [f32; 2],
    px_per_cell: f32,
    flown: f32,
    is_transposed: u32,
    family: u32,
    curve_order: u32,
    padding: [u32; 3],
    ground: [f32; 4],
    nothing: [f32; 4],
    grid: [f32; 4],
    curve: [f32; 4],
}
pub(super) const SPACE_BYTES: usize = size_of::<SpaceUniform>();
const _: () = assert!(SPACE_BYTES == 112);

impl SpaceUniform {
    pub(super) fn new(view: &HilbertView, theme: &Theme) -> Self {
        let colours = &theme.colours;
        let whole = view.center().map(f64::floor);
        Self {
            middle: whole.map(|at| at as i32),
            middle_rest: [0, 1].map(|axis| (view.center()[axis] - whole[axis]) as f32),
            px_per_cell: view.px_per_cell() as f32,
            flown: view.flown(),
            is_transposed: u32::from(view.orientation == Orientation::Transposed),
            family: u32::from(Flags::new(0, true, Some(view.family)).under(0)),
            curve_order: curve_order(view),
            padding: [0; 3],
            ground: colours.land.linear(),
            nothing: colours.ocean_bottom.linear(),
            grid: colours.coast.linear(),
            curve: colours.accent.linear(),
        }
    }

    pub(super) fn is_visible(&self) -> bool {
        self.flown > 0.0
    }

    /// The world is hidden behind it.
    pub(super) fn is_alone(&self) -> bool {
        self.flown >= 1.0
    }
}

fn curve_order(view: &HilbertView) -> u32 {
    let steps = view.px_per_cell() * f64::from(SIDE) / (CURVE_STEP * f64::from(view.px_per_point()));
    (steps.max(2.0).log2() as u32).clamp(1, ORDER)
}

/// Which steps of the line may be on screen: those of the at most four squares of one size that cover the window.
fn curve_steps(view: &HilbertView) -> Vec<Range<u32>> {
    let order = curve_order(view);
    let side = f64::from(SIDE);
    let corners =
        [[0.0; 2], view.size_px()].map(|px| view.cell_from_px(px).map(|at| at.clamp(0.0, side - 1.0)));
    let widest = (corners[1][0] - corners[0][0]).max(corners[1][1] - corners[0][1]).max(1.0);
    // Of the squares, in cells: not smaller than what is seen, so that two lie across it at most.
    let square_order = ((side / widest).log2().floor().max(0.0) as u32).min(order);
    let length = 2 * square_order as u8;
    let mut squares: Vec<u32> = [(0, 0), (1, 0), (0, 1), (1, 1)]
        .map(|(x, y): (usize, usize)| {
            let cell = [corners[x][0] as u16, corners[y][1] as u16];
            Prefix::at(cell, length, view.orientation).first()
        })
        .to_vec();
    squares.sort_unstable();
    squares.dedup();
    let last = (1_u64 << (2 * order)) - 1;
    let step = |key: u64| (key >> (2 * (ORDER - order))).min(last) as u32;
    let keys = |first: u32| Prefix::of(first, length).keys();
    squares.into_iter().map(|first| step(first.into())..step(u64::from(first) + keys(first))).collect()
}

#[derive(Resource, Default)]
pub(super) struct GpuSpace {
    layout: Option<BindGroupLayout>,
    ground: Option<Ground>,
    /// Which state of the main world's ground and colours these are.
    seen: (u64, u64),
    /// The view that the line was cut for.
    curve_of: Option<HilbertView>,
    /// Of the line along all addresses; empty while it is off.
    pub(super) curve: Vec<Range<u32>>,
}

struct Ground {
    texture: Texture,
    palette: Buffer,
    bind_group: BindGroup,
}

impl GpuSpace {
    pub(super) fn bind_group(&self) -> Option<&BindGroup> {
        self.ground.as_ref().map(|ground| &ground.bind_group)
    }
}

/// The graphics device is new: nothing that lay on the old one is left.
pub(super) fn forget(mut space: ResMut<GpuSpace>, cache: Res<PipelineCache>) {
    *space = GpuSpace { layout: Some(cache.get_bind_group_layout(&layout())), ..default() };
}

pub(super) fn layout() -> BindGroupLayoutDescriptor {
    BindGroupLayoutDescriptor::new(
        "address space",
        &BindGroupLayoutEntries::sequential(
            ShaderStages::FRAGMENT,
            (
                texture_2d(TextureSampleType::Uint),
                uniform_buffer_sized(false, std::num::NonZeroU64::new(PALETTE_BYTES as u64)),
            ),
        ),
    )
}

pub(super) fn extract(
    main: Res<MainWorld>,
    mut gpu: ResMut<GpuSpace>,
    mut kept: ResMut<KeptWorld>,
    (device, queue): (Res<RenderDevice>, Res<RenderQueue>),
) {
    let (Some(view), Some(tint)) = (main.get_resource::<HilbertView>(), main.get_resource::<HilbertTint>())
    else {
        return;
    };
    if gpu.curve_of.as_ref() != Some(view) {
        gpu.curve_of = Some(*view);
        let curve = if view.shows_curve && view.is_visible() { curve_steps(view) } else { Vec::new() };
        kept.is_stale |= gpu.curve != curve;
        gpu.curve = curve;
    }
    if tint.levels().is_empty() || gpu.seen == (tint.changes(), tint.palette_changes()) {
        return;
    }
    let Some(layout) = gpu.layout.clone() else {
        return;
    };
    let (changes, palette_changes) =
        std::mem::replace(&mut gpu.seen, (tint.changes(), tint.palette_changes()));
    kept.is_stale = true;
    let ground = gpu.ground.get_or_insert_with(|| Ground::new(&device, &layout));
    if changes != tint.changes() {
        ground.write(tint.levels(), &queue);
    }
    if palette_changes != tint.palette_changes() {
        queue.write_buffer(&ground.palette, 0, bytemuck::cast_slice(tint.palette()));
    }
}

impl Ground {
    fn new(device: &RenderDevice, layout: &BindGroupLayout) -> Self {
        let texture = device.create_texture(&TextureDescriptor {
            label: Some("ground of the address space"),
            size: Extent3d { width: TINT_SIDE, height: TINT_SIDE, depth_or_array_layers: 1 },
            mip_level_count: TINT_LEVELS,
            sample_count: 1,
            dimension: TextureDimension::D2,
            format: TextureFormat::R8Uint,
            usage: TextureUsages::TEXTURE_BINDING | TextureUsages::COPY_DST,
            view_formats: &[],
        });
        let palette = device.create_buffer(&BufferDescriptor {
            label: Some("colours of the address space"),
            size: PALETTE_BYTES as u64,
            usage: BufferUsages::UNIFORM | BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let view = texture.create_view(&TextureViewDescriptor::default());
        let bind_group = device.create_bind_group(
            "address space",
            layout,
            &BindGroupEntries::sequential((&view, palette.as_entire_binding())),
        );
        Self { texture, palette, bind_group }
    }

    fn write(&self, levels: &[Vec<u8>], queue: &RenderQueue) {
        for (mip_level, cells) in (0..TINT_LEVELS).zip(levels) {
            let side = TINT_SIDE >> mip_level;
            queue.write_texture(
                TexelCopyTextureInfo {
                    texture: &self.texture,
                    mip_level,
                    origin: Origin3d::ZERO,
                    aspect: TextureAspect::All,
                },
                cells,
                TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(side), rows_per_image: None },
                Extent3d { width: side, height: side, depth_or_array_layers: 1 },
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_drawn_where_it_is_seen_and_nowhere_else() {
        let mut view = HilbertView::home([1280.0, 720.0], 1.0);
        assert_eq!(curve_steps(&view), vec![0..4_u32.pow(curve_order(&view)) - 1]);
        for zoomed in 0..40 {
            view.zoom_at([500.0, 400.0], 1.3);
            let (order, steps) = (curve_order(&view), curve_steps(&view));
            let seen = view.key_at([640.0, 360.0]).unwrap() >> (2 * (ORDER - order));
            assert!(steps.iter().any(|range| range.contains(&seen)), "{zoomed}");
            let count: u32 = steps.iter().map(|range| range.end - range.start).sum();
            assert!(count <= 4 * 256 * 256, "{zoomed}: {count}");
        }
    }
}
