//! The address space on the graphics card: its uniform, its ground and what was heard there as textures with levels, the
//! colours of the ground, and cells that are drawn one by one. Nothing is made before it is first looked at; afterwards go up
//! the tiles that changed.

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
        renderer::RenderDevice,
    },
};
use bytemuck::{Pod, Zeroable};

use super::{
    instances::Instances,
    kept_world::KeptWorld,
    second::SecondPicture,
    uploads::{Table, Upload},
};
use crate::{
    components::{
        dots::Flags,
        hilbert_view::HilbertView,
        space_cells::{CellInstance, SpaceCells},
        space_ground::SpaceGround,
        space_heat::SpaceHeat,
        theme::{Rgba, Theme, linear_from_srgb},
        time_travel::{Shown, TimeTravel},
    },
    hilbert::{
        Family, Heard, ORDER, Orientation, Prefix, SIDE,
        ground::{LEVELS, NUMBERS},
        heat::{COARSEST, FINEST_KEPT, Revision, TILE_SIDE, Tile},
    },
};

/// Between two bends of the line along all addresses, in points.
const CURVE_STEP: f64 = 12.0;
/// The head of the line draws this share of all its steps behind itself, not less and not more than so many.
const HEAD_TAIL: f64 = 1.0 / 64.0;
const LEAST_TAIL: f64 = 24.0;
const MOST_TAIL: f64 = 1_024.0;
const PALETTE_BYTES: usize = NUMBERS * size_of::<[f32; 4]>();
/// Cells along an edge of the finest level.
const FINEST_SIDE: u32 = 1 << FINEST_KEPT;

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
            curve: Rgba { alpha: colours.curve_alpha, ..colours.accent }.linear(),
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

/// Which steps of the line may be on screen: those of the squares that hold all that is in sight.
fn curve_steps(view: &HilbertView) -> Vec<Range<u32>> {
    let order = curve_order(view);
    let last = (1_u64 << (2 * order)) - 1;
    let step = |key: u64| (key >> (2 * (ORDER - order))).min(last) as u32;
    let squares = view.blocks_in_sight(order as u8);
    let steps = |it: Prefix| step(it.first().into())..step(u64::from(it.first()) + it.keys());
    squares.into_iter().map(steps).collect()
}

/// Where the head of the line is while the past is played: as far along all addresses as the tape along what is played. Step,
/// how far beyond, and how many steps it draws behind itself; none where it is not to be seen.
pub(super) fn curve_head(view: &HilbertView, travel: &TimeTravel) -> (u32, f32, u32) {
    let played =
        travel.played().filter(|_| view.shows_curve && view.has_arrived() && travel.shown == Shown::Moment);
    let Some(played) = played.filter(|played| played.len_ms() > 0) else {
        return (0, 0.0, 0);
    };
    let share = (travel.at_ms - played.from_ms) as f64 / played.len_ms() as f64;
    let steps = 4_f64.powi(curve_order(view) as i32) - 1.0;
    let at = share.clamp(0.0, 1.0) * steps;
    // At the end there is no step beyond.
    let step = at.floor().min(steps - 1.0);
    let tail = (steps * HEAD_TAIL).clamp(LEAST_TAIL, MOST_TAIL) as u32;
    (step as u32, (at - step) as f32, tail)
}

/// What all pictures share, and what the main one has in sight.
#[derive(Resource, Default)]
pub(super) struct GpuSpace {
    layout: Option<BindGroupLayout>,
    ground: Option<Ground>,
    /// Which state of the main world's ground, colours and heat these are.
    seen: Seen,
    pub(super) sight: Sight,
    tile: Tiles,
}

/// What one picture has in sight of the line and of the cells that are drawn one by one.
#[derive(Default)]
pub(super) struct Sight {
    /// The view that the line was cut for.
    curve_of: Option<HilbertView>,
    /// Of the line along all addresses; empty while it is off.
    pub(super) curve: Vec<Range<u32>>,
    pub(super) cells: Option<Instances>,
    /// Which state of the main world's cells these are.
    seen_cells: u64,
}

impl Sight {
    /// Cuts the line for a view. Returns whether another part of it is drawn now.
    pub(super) fn take_curve(&mut self, view: &HilbertView) -> bool {
        if self.curve_of.as_ref() == Some(view) {
            return false;
        }
        self.curve_of = Some(*view);
        let curve = if view.shows_curve && view.is_visible() { curve_steps(view) } else { Vec::new() };
        let is_new = self.curve != curve;
        self.curve = curve;
        is_new
    }

    /// Takes up the cells where they are others now. Returns whether they are.
    pub(super) fn take_cells(
        &mut self,
        main: &SpaceCells,
        device: &RenderDevice,
        upload: &mut Upload<'_>,
    ) -> bool {
        if main.changes() == self.seen_cells {
            return false;
        }
        self.seen_cells = main.changes();
        let (known, rows) = (self.cells.take(), main.rows());
        let (instances, _) = Instances::with_room::<CellInstance>(known, rows.len(), Table::Cells, device);
        instances.write(upload, std::slice::from_ref(&(0..rows.len() as u32)), rows);
        self.cells = Some(instances);
        true
    }
}

#[derive(Default)]
struct Seen {
    ground: u64,
    palette: u64,
    /// Of which family, as far as the picture was to show it, and as far as it went then.
    heat: Option<(Family, (u64, Revision), Revision)>,
}

/// A tile on its way to the graphics card.
struct Tiles(Box<[u8; TILE_SIDE * TILE_SIDE]>);

impl Default for Tiles {
    fn default() -> Self {
        Self(Box::new([0; TILE_SIDE * TILE_SIDE]))
    }
}

struct Ground {
    numbers: Levels,
    heat: Levels,
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
                texture_2d(TextureSampleType::Uint),
                uniform_buffer_sized(false, std::num::NonZeroU64::new(PALETTE_BYTES as u64)),
            ),
        ),
    )
}

pub(super) fn extract(
    mut main: ResMut<MainWorld>,
    mut gpu: ResMut<GpuSpace>,
    (mut kept, second): (ResMut<KeptWorld>, Option<ResMut<SecondPicture>>),
    (device, mut upload): (Res<RenderDevice>, Upload),
) {
    let Some(view) = main.get_resource::<HilbertView>().copied() else {
        return;
    };
    kept.is_stale |= gpu.sight.take_curve(&view);
    let is_in_main = view.is_coming_or_visible();
    if !is_in_main && second.is_none() {
        return;
    }
    let GpuSpace { layout, ground, seen, sight, tile } = &mut *gpu;
    let Some(layout) = layout else {
        return;
    };
    let card = ground.get_or_insert_with(|| Ground::new(&device, layout));
    let mut is_new = false;
    let heat_before = seen.heat;
    if let Some(heat) = main.get_resource::<SpaceHeat>() {
        is_new |= card.take_heat(heat, view.family, seen, tile, &mut upload);
    }
    // What was heard has its colour with its light.
    let is_time = seen.heat != heat_before;
    if let Some(mut ground) = main.get_resource_mut::<SpaceGround>() {
        is_new |= card.take_ground(ground.bypass_change_detection(), is_time, seen, tile, &mut upload);
    }
    if let Some(mut second) = second {
        second.kept.is_stale |= is_new;
    }
    if is_in_main {
        kept.is_stale |= is_new;
        if let Some(cells) = main.get_resource::<SpaceCells>() {
            kept.is_stale |= sight.take_cells(cells, &device, &mut upload);
        }
    }
}

impl Ground {
    fn new(device: &RenderDevice, layout: &BindGroupLayout) -> Self {
        let numbers = Levels::new("ground of the address space", device);
        let heat = Levels::new("heat of the address space", device);
        let palette = device.create_buffer(&BufferDescriptor {
            label: Some("colours of the address space"),
            size: PALETTE_BYTES as u64,
            usage: BufferUsages::UNIFORM | BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let [number_view, heat_view] =
            [&numbers, &heat].map(|levels| levels.0.create_view(&TextureViewDescriptor::default()));
        let bind_group = device.create_bind_group(
            "address space",
            layout,
            &BindGroupEntries::sequential((&number_view, &heat_view, palette.as_entire_binding())),
        );
        Self { numbers, heat, palette, bind_group }
    }

    /// Takes up what is new of the ground. Returns whether there was anything.
    fn take_ground(
        &self,
        main: &mut SpaceGround,
        takes_tiles: bool,
        seen: &mut Seen,
        tile: &mut Tiles,
        upload: &mut Upload<'_>,
    ) -> bool {
        let mut is_new = false;
        let changes = main.changes();
        if let Some(ground) = main.ground_mut() {
            if seen.ground != changes {
                ground.forget_touched();
                self.numbers.write(ground.levels().iter().map(|level| &**level), upload);
                (seen.ground, is_new) = (changes, true);
            }
            while takes_tiles && let Some(touched) = ground.take_touched(&mut tile.0) {
                self.numbers.write_tile(touched, &*tile.0, upload);
                is_new = true;
            }
        }
        if seen.palette != main.palette_changes() {
            let palette: Vec<[f32; 4]> = main.palette().iter().map(|rgb| linear(*rgb)).collect();
            upload.uniform(&self.palette, bytemuck::cast_slice(&palette));
            (seen.palette, is_new) = (main.palette_changes(), true);
        }
        is_new
    }

    /// Takes up what is new of the heat, when the picture is to show it: all of it, or the tiles that changed since.
    fn take_heat(
        &self,
        main: &SpaceHeat,
        family: Family,
        seen: &mut Seen,
        tile: &mut Tiles,
        upload: &mut Upload<'_>,
    ) -> bool {
        let Some(Heard { heat, .. }) = main.heard(family) else {
            return false;
        };
        let shown = main.shown();
        let mut is_new = true;
        match seen.heat {
            Some((known, was, _)) if known == family && was == shown => return false,
            Some((known, (changes, _), since)) if known == family && changes == shown.0 => {
                is_new = false;
                for order in COARSEST..=FINEST_KEPT {
                    for changed in heat.changed_since(since, order) {
                        is_new = true;
                        heat.tile(changed, &mut tile.0);
                        self.heat.write_tile(changed, &*tile.0, upload);
                    }
                }
            }
            _ => {
                let levels = (COARSEST..=FINEST_KEPT).rev().map(|order| heat.level(order));
                self.heat.write(levels, upload);
            }
        }
        seen.heat = Some((family, shown, heat.revision()));
        is_new
    }
}

fn linear(rgb: [u8; 3]) -> [f32; 4] {
    let [r, g, b] = rgb.map(|byte| linear_from_srgb(f32::from(byte) / 255.0));
    [r, g, b, 1.0]
}

/// A byte a cell, a /24 on the finest level.
struct Levels(Texture);

impl Levels {
    fn new(label: &'static str, device: &RenderDevice) -> Self {
        Self(device.create_texture(&TextureDescriptor {
            label: Some(label),
            size: Extent3d { width: FINEST_SIDE, height: FINEST_SIDE, depth_or_array_layers: 1 },
            mip_level_count: LEVELS as u32,
            sample_count: 1,
            dimension: TextureDimension::D2,
            format: TextureFormat::R8Uint,
            usage: TextureUsages::TEXTURE_BINDING | TextureUsages::COPY_DST,
            view_formats: &[],
        }))
    }

    /// From the finest.
    fn write<'a>(&self, levels: impl Iterator<Item = &'a [u8]>, upload: &mut Upload<'_>) {
        for (mip_level, cells) in (0_u32..).zip(levels) {
            self.put(mip_level, Origin3d::ZERO, FINEST_SIDE >> mip_level, cells, upload);
        }
    }

    fn write_tile(&self, tile: Tile, cells: &[u8], upload: &mut Upload<'_>) {
        let [x, y] = [tile.column(), tile.row()].map(|at| u32::from(at) * TILE_SIDE as u32);
        let mip_level = u32::from(FINEST_KEPT - tile.order());
        self.put(mip_level, Origin3d { x, y, z: 0 }, TILE_SIDE as u32, cells, upload);
    }

    /// A square of cells.
    fn put(&self, mip_level: u32, origin: Origin3d, side: u32, cells: &[u8], upload: &mut Upload<'_>) {
        let texture =
            TexelCopyTextureInfo { texture: &self.0, mip_level, origin, aspect: TextureAspect::All };
        upload.texture(
            texture,
            cells,
            TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(side), rows_per_image: None },
            Extent3d { width: side, height: side, depth_or_array_layers: 1 },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::time_travel::Span;

    #[test]
    fn the_head_of_the_line_is_as_far_as_the_tape() {
        let mut view = HilbertView::home([1280.0, 720.0], 1.0);
        view.is_shown = true;
        view.land();
        view.shows_curve = true;
        let steps = 4_u32.pow(curve_order(&view)) - 1;
        let mut travel = TimeTravel { shown: Shown::Moment, ..TimeTravel::default() };
        travel.range = Some(Span { from_ms: 1_000, to_ms: 2_000 });
        for (at_ms, share) in [(1_000, 0.0), (1_250, 0.25), (1_999, 0.999), (2_000, 1.0), (9_000, 1.0)] {
            travel.at_ms = at_ms;
            let (step, rest, tail) = curve_head(&view, &travel);
            assert!((f64::from(step) + f64::from(rest) - share * f64::from(steps)).abs() < 1e-2, "{at_ms}");
            assert!(step < steps && (0.0..=1.0).contains(&rest) && tail > 0);
        }
        view.shows_curve = false;
        assert_eq!(curve_head(&view, &travel).2, 0);
        view.shows_curve = true;
        travel.shown = Shown::Now;
        assert_eq!(curve_head(&view, &travel).2, 0);
    }

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
