//! The uniforms that every pass shares. The views change when the user moves them, the frame with the clock: a
//! view that did not change is not written, and the kept world stays.

use std::ops::Range;

use bevy::{
    prelude::*,
    render::{
        MainWorld,
        render_resource::{
            BindGroup, BindGroupEntries, BindGroupLayout, BindGroupLayoutDescriptor, BindGroupLayoutEntries,
            Buffer, BufferDescriptor, BufferUsages, PipelineCache, ShaderStages,
            binding_types::uniform_buffer_sized,
        },
        renderer::RenderDevice,
    },
};
use bytemuck::{Pod, Zeroable};

use super::{
    space::{SPACE_BYTES, SpaceUniform, curve_head},
    uploads::Upload,
};
use crate::components::{
    animation::{Animation, HALO_DOTS_ON_CPU},
    dots::Dots,
    fleet::AGENT_COLOURS,
    hilbert_view::HilbertView,
    map_clock::MapClock,
    map_view::MapView,
    picture::Picture,
    theme::{DotStyle, Rgba, Theme, size},
    time_travel::TimeTravel,
    trails::{LapseStyle, TimeLapse},
};

/// Twin of `View` in `view.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
pub(super) struct ViewUniform {
    center: [f32; 2],
    scale_px: f32,
    pixels_per_point: f32,
    viewport_px: [f32; 2],
    edge_margin_px: f32,
    is_home: u32,
    ocean_top: [f32; 4],
    ocean_middle: [f32; 4],
    ocean_bottom: [f32; 4],
    land: [f32; 4],
    lines: [[f32; 4]; 3],
    line_widths_px: [f32; 4],
    circle: [f32; 4],
    circle_rim: [f32; 4],
}
pub(super) const VIEW_BYTES: usize = size_of::<ViewUniform>();
const _: () = assert!(VIEW_BYTES == 192);

/// Twin of `Frame` in `view.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
struct FrameUniform {
    now_millis: u32,
    dot_radius_px: f32,
    halo_radii: f32,
    style: u32,
    is_plain: u32,
    pulse_millis: f32,
    fade_millis: f32,
    trail_now_millis: u32,
    trail_fades_millis: f32,
    trail_radius_px: f32,
    trail_alpha_of_one: f32,
    trail_alpha_of_many: f32,
    /// Where the head of the line along all addresses is: a step of it, and how far beyond.
    head_step: u32,
    head_rest: f32,
    /// Steps that the head draws behind itself; 0 where there is no head.
    head_steps: u32,
    padding: u32,
    agents: [[f32; 4]; AGENT_COLOURS],
}
pub(super) const FRAME_BYTES: usize = size_of::<FrameUniform>();
const _: () = assert!(FRAME_BYTES == 192);

/// The uniforms of one picture on the graphics card, and what was last written to them.
#[derive(Resource)]
pub(super) struct Uniforms {
    view_buffer: Buffer,
    frame_buffer: Buffer,
    space_buffer: Buffer,
    layout: BindGroupLayout,
    pub(super) bind_group: BindGroup,
    view: ViewUniform,
    frame: FrameUniform,
    pub(super) space: SpaceUniform,
    /// Set when the view was written: the kept world is stale.
    pub(super) view_changed: bool,
}

impl Uniforms {
    /// For another picture.
    pub(super) fn of_another(&self, device: &RenderDevice) -> Self {
        Self::new(device, self.layout.clone())
    }

    fn new(device: &RenderDevice, layout: BindGroupLayout) -> Self {
        let buffer = |label, bytes: usize| {
            device.create_buffer(&BufferDescriptor {
                label: Some(label),
                size: bytes as u64,
                usage: BufferUsages::UNIFORM | BufferUsages::COPY_DST,
                mapped_at_creation: false,
            })
        };
        let view_buffer = buffer("map view", VIEW_BYTES);
        let frame_buffer = buffer("map frame", FRAME_BYTES);
        let space_buffer = buffer("address space", SPACE_BYTES);
        let bind_group = device.create_bind_group(
            "map uniforms",
            &layout,
            &BindGroupEntries::sequential((
                view_buffer.as_entire_binding(),
                frame_buffer.as_entire_binding(),
                space_buffer.as_entire_binding(),
            )),
        );
        Self {
            view_buffer,
            frame_buffer,
            space_buffer,
            layout,
            bind_group,
            view: ViewUniform::zeroed(),
            frame: FrameUniform::zeroed(),
            space: SpaceUniform::zeroed(),
            view_changed: true,
        }
    }

    /// Takes over what a picture shows, of a main world that has it all.
    pub(super) fn take(&mut self, picture: &Picture, main: &World, upload: &mut Upload<'_>) {
        let (Some(theme), Some(clock), Some(animation), Some(dots), Some(lapse)) = (
            main.get_resource::<Theme>(),
            main.get_resource::<MapClock>(),
            main.get_resource::<Animation>(),
            main.get_resource::<Dots>(),
            main.get_resource::<TimeLapse>(),
        ) else {
            return;
        };
        let view = view_uniform(&picture.map, theme);
        if view != self.view {
            upload.uniform(&self.view_buffer, bytemuck::bytes_of(&view));
            self.view = view;
            self.view_changed = true;
        }
        let space = SpaceUniform::new(&picture.space, theme);
        if space != self.space {
            upload.uniform(&self.space_buffer, bytemuck::bytes_of(&space));
            self.view_changed |= space.is_visible() || self.space.is_visible();
            self.space = space;
        }
        let mut frame = frame_uniform(&view, theme, clock, (animation, lapse), dots.rows().len());
        if let Some(travel) = main.get_resource::<TimeTravel>() {
            (frame.head_step, frame.head_rest, frame.head_steps) = curve_head(&picture.space, travel);
        }
        if frame != self.frame {
            upload.uniform(&self.frame_buffer, bytemuck::bytes_of(&frame));
            self.frame = frame;
        }
    }

    /// Whether dots are drawn as plain discs.
    pub(super) const fn has_plain_dots(&self) -> bool {
        self.frame.is_plain != 0
    }

    /// Parts of the line's head that are drawn, where it has one: its tail, and itself.
    pub(super) fn head_instances(&self) -> Option<Range<u32>> {
        (self.frame.head_steps > 0).then_some(0..self.frame.head_steps + 1)
    }

    /// Pixels that the whole way round the globe takes.
    pub(super) fn world_width_px(&self) -> f32 {
        self.view.scale_px
    }
}

pub(super) fn layout() -> BindGroupLayoutDescriptor {
    let sized = |bytes: usize| uniform_buffer_sized(false, std::num::NonZeroU64::new(bytes as u64));
    BindGroupLayoutDescriptor::new(
        "map uniforms",
        &BindGroupLayoutEntries::sequential(
            ShaderStages::VERTEX_FRAGMENT,
            (sized(VIEW_BYTES), sized(FRAME_BYTES), sized(SPACE_BYTES)),
        ),
    )
}

pub(super) fn create(mut commands: Commands, device: Res<RenderDevice>, cache: Res<PipelineCache>) {
    commands.insert_resource(Uniforms::new(&device, cache.get_bind_group_layout(&layout())));
}

pub(super) fn extract(main: Res<MainWorld>, uniforms: Option<ResMut<Uniforms>>, mut upload: Upload) {
    let Some(mut uniforms) = uniforms else {
        return;
    };
    if let (Some(view), Some(space)) = (main.get_resource::<MapView>(), main.get_resource::<HilbertView>()) {
        uniforms.bypass_change_detection().take(&Picture::new(*view, *space), &main, &mut upload);
    }
}

fn view_uniform(view: &MapView, theme: &Theme) -> ViewUniform {
    let points = view.px_per_point;
    let colours = &theme.colours;
    // A window that is being opened or shrunk may have no size for a moment.
    let viewport_px = view.size_px.map(|px| px.max(1.0));
    ViewUniform {
        center: view.center,
        scale_px: view.scale_px(),
        pixels_per_point: points,
        viewport_px,
        edge_margin_px: size::EDGE_MARGIN * points,
        is_home: u32::from(view.is_home()),
        ocean_top: colours.ocean_top.linear(),
        ocean_middle: colours.ocean_middle.linear(),
        ocean_bottom: colours.ocean_bottom.linear(),
        land: colours.land.linear(),
        lines: [colours.coast.linear(), colours.border.linear(), colours.graticule.linear()],
        line_widths_px: [size::COAST * points, size::BORDER * points, points, 0.0],
        circle: colours.circle.linear(),
        circle_rim: colours.circle_rim.linear(),
    }
}

fn frame_uniform(
    view: &ViewUniform,
    theme: &Theme,
    clock: &MapClock,
    (animation, lapse): (&Animation, &TimeLapse),
    dots: usize,
) -> FrameUniform {
    let glowing = theme.dot_style == DotStyle::Glowing;
    let plain = animation.on_software && dots > HALO_DOTS_ON_CPU;
    let radius = if plain { size::PLAIN_DOT } else { size::DOT };
    let [trail_alpha_of_one, trail_alpha_of_many] = match lapse.style {
        LapseStyle::Integrating => theme.exposure,
        LapseStyle::Dots | LapseStyle::Trails => [theme.trail; 2],
    };
    // With motion reduced every dot is shown as settled.
    let now = clock.now_epoch_millis();
    FrameUniform {
        now_millis: if animation.reduced {
            now.saturating_add(u32::try_from(animation.pulse_millis()).unwrap_or(u32::MAX))
        } else {
            now
        },
        dot_radius_px: radius * view.pixels_per_point,
        halo_radii: if glowing && !plain { size::HALO } else { 0.0 },
        style: u32::from(!glowing),
        is_plain: u32::from(plain),
        pulse_millis: animation.pulse_millis() as f32,
        fade_millis: animation.fade_millis() as f32,
        trail_now_millis: now,
        trail_fades_millis: lapse.fades_millis().unwrap_or(0) as f32,
        trail_radius_px: size::TRAIL * view.pixels_per_point,
        trail_alpha_of_one,
        trail_alpha_of_many,
        head_step: 0,
        head_rest: 0.0,
        head_steps: 0,
        padding: 0,
        agents: theme.agents.map(Rgba::linear),
    }
}
