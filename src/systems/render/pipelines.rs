//! The pipelines of the map, made for the format of the picture they draw into.

use bevy::{
    mesh::VertexBufferLayout,
    prelude::*,
    render::{
        render_resource::{
            BlendState, CachedRenderPipelineId, ColorTargetState, ColorWrites, FragmentState, PipelineCache,
            PrimitiveState, PrimitiveTopology, RenderPipelineDescriptor, TextureFormat, VertexAttribute,
            VertexFormat, VertexState, VertexStepMode,
        },
        view::ViewTarget,
    },
    shader::Shader,
};

use super::{MapCamera, space, uniforms, world_mesh::SEGMENT_BYTES};
use crate::components::{dots::DOT_BYTES, marks::MARK_BYTES, space_cells::CELL_BYTES, trails::TRAIL_BYTES};

const SHARED: &str = concat!(
    include_str!("../../../assets/shaders/projection.wgsl"),
    include_str!("../../../assets/shaders/view.wgsl")
);
const WORLD: &str = include_str!("../../../assets/shaders/world.wgsl");
const DOTS: &str = include_str!("../../../assets/shaders/dots.wgsl");
const MARKS: &str = include_str!("../../../assets/shaders/marks.wgsl");
const SPACE: &str = include_str!("../../../assets/shaders/space.wgsl");
const TRAILS: &str = include_str!("../../../assets/shaders/trails.wgsl");

/// Made once the format of the camera's picture is known.
#[derive(Resource)]
pub(super) struct Pipelines {
    format: TextureFormat,
    pub(super) sea: CachedRenderPipelineId,
    pub(super) land: CachedRenderPipelineId,
    pub(super) lines: CachedRenderPipelineId,
    pub(super) dots: CachedRenderPipelineId,
    pub(super) plain_dots: CachedRenderPipelineId,
    pub(super) marks: CachedRenderPipelineId,
    pub(super) trails: CachedRenderPipelineId,
    pub(super) space: CachedRenderPipelineId,
    pub(super) curve: CachedRenderPipelineId,
    pub(super) cells: CachedRenderPipelineId,
    pub(super) head: CachedRenderPipelineId,
}

impl Pipelines {
    /// Whether they are made for what a camera draws into.
    pub(super) fn draw_into(&self, target: &ViewTarget) -> bool {
        self.format == target.main_texture_format()
    }
}

/// The graphics device is new: pipelines of the old one are worth nothing.
pub(super) fn forget(mut commands: Commands) {
    commands.remove_resource::<Pipelines>();
}

pub(super) fn queue(
    mut commands: Commands,
    made: Option<Res<Pipelines>>,
    cache: Res<PipelineCache>,
    cameras: Query<&ViewTarget, With<MapCamera>>,
    shaders: Res<ShaderSources>,
) {
    let Ok(target) = cameras.single() else {
        return;
    };
    let format = target.main_texture_format();
    if made.is_some_and(|made| made.format == format) {
        return;
    }
    let [world, dots, marks, trails, space_shader] = &shaders.0;
    let over = Some(BlendState::ALPHA_BLENDING);
    let light = Some(BlendState::PREMULTIPLIED_ALPHA_BLENDING);
    let lon_lat = VertexBufferLayout {
        array_stride: 8,
        step_mode: VertexStepMode::Vertex,
        attributes: attributes(&[VertexFormat::Float32x2]),
    };
    let segment = VertexBufferLayout {
        array_stride: SEGMENT_BYTES as u64,
        step_mode: VertexStepMode::Instance,
        attributes: attributes(&[VertexFormat::Float32x2, VertexFormat::Float32x2, VertexFormat::Uint32]),
    };
    let dot = VertexBufferLayout {
        array_stride: DOT_BYTES as u64,
        step_mode: VertexStepMode::Instance,
        attributes: attributes(&[
            VertexFormat::Float32x2,
            VertexFormat::Uint32,
            VertexFormat::Unorm16x4,
            VertexFormat::Uint32,
            VertexFormat::Uint32,
        ]),
    };
    let mark = VertexBufferLayout {
        array_stride: MARK_BYTES as u64,
        step_mode: VertexStepMode::Instance,
        attributes: attributes(&[VertexFormat::Float32x2, VertexFormat::Unorm8x4, VertexFormat::Uint16x2]),
    };
    let cell = VertexBufferLayout {
        array_stride: CELL_BYTES as u64,
        step_mode: VertexStepMode::Instance,
        attributes: attributes(&[VertexFormat::Uint32, VertexFormat::Unorm8x4, VertexFormat::Uint16x2]),
    };
    let trail = VertexBufferLayout {
        array_stride: TRAIL_BYTES as u64,
        step_mode: VertexStepMode::Instance,
        attributes: attributes(&[VertexFormat::Float32x2, VertexFormat::Unorm16x4, VertexFormat::Uint32]),
    };
    let make = |name, shader: &Handle<Shader>, layout: Vec<_>, buffers, topology, blend| {
        cache.queue_render_pipeline(RenderPipelineDescriptor {
            label: Some(format!("map {name}").into()),
            layout,
            vertex: VertexState {
                shader: shader.clone(),
                entry_point: Some(format!("{name}_vertex").into()),
                buffers,
                ..default()
            },
            fragment: Some(FragmentState {
                shader: shader.clone(),
                entry_point: Some(format!("{name}_fragment").into()),
                targets: vec![Some(ColorTargetState { format, blend, write_mask: ColorWrites::ALL })],
                ..default()
            }),
            primitive: PrimitiveState { topology, ..default() },
            ..default()
        })
    };
    let (list, strip) = (PrimitiveTopology::TriangleList, PrimitiveTopology::TriangleStrip);
    let shared = || vec![uniforms::layout()];
    let of_space = vec![uniforms::layout(), space::layout()];
    commands.insert_resource(Pipelines {
        format,
        sea: make("sea", world, shared(), vec![], list, None),
        land: make("land", world, shared(), vec![lon_lat], list, None),
        lines: make("line", world, shared(), vec![segment], strip, over),
        dots: make("dot", dots, shared(), vec![dot.clone()], strip, light),
        plain_dots: make("plain_dot", dots, shared(), vec![dot], list, light),
        marks: make("mark", marks, shared(), vec![mark], strip, over),
        trails: make("trail", trails, shared(), vec![trail], list, over),
        space: make("space", space_shader, of_space.clone(), vec![], list, over),
        curve: make("curve", space_shader, of_space, vec![], strip, over),
        cells: make("cell", space_shader, shared(), vec![cell], strip, over),
        head: make("head", space_shader, shared(), vec![], strip, light),
    });
}

/// One attribute after the other, in the order of their locations.
fn attributes(formats: &[VertexFormat]) -> Vec<VertexAttribute> {
    let mut offset = 0;
    (0u32..)
        .zip(formats)
        .map(|(shader_location, &format)| {
            let attribute = VertexAttribute { format, offset, shader_location };
            offset += format.size();
            attribute
        })
        .collect()
}

/// Handles of the shaders: world, dots, marks, trails, address space.
#[derive(Resource, Clone)]
pub(super) struct ShaderSources([Handle<Shader>; 5]);

/// Adds the shaders to the main world's assets, whence they reach the graphics card.
pub(super) fn add_shaders(assets: &mut Assets<Shader>) -> ShaderSources {
    let mut add = |text: String, name: &str| assets.add(Shader::from_wgsl(text, name.to_owned()));
    ShaderSources([
        add([SHARED, WORLD].concat(), "world.wgsl"),
        add([SHARED, DOTS].concat(), "dots.wgsl"),
        add([SHARED, MARKS].concat(), "marks.wgsl"),
        add([SHARED, TRAILS].concat(), "trails.wgsl"),
        add([SHARED, SPACE].concat(), "space.wgsl"),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::systems::render::{
        mirror,
        space::SPACE_BYTES,
        uniforms::{FRAME_BYTES, VIEW_BYTES},
    };

    fn module(source: &str) -> naga::Module {
        let module =
            naga::front::wgsl::parse_str(source).unwrap_or_else(|e| panic!("{}", e.emit_to_string(source)));
        naga::valid::Validator::new(naga::valid::ValidationFlags::all(), naga::valid::Capabilities::empty())
            .validate(&module)
            .unwrap();
        module
    }

    #[test]
    fn shaders_are_valid_and_their_uniforms_are_as_long_as_ours() {
        let mut layouter = naga::proc::Layouter::default();
        let mut sources = [WORLD, DOTS, MARKS, TRAILS, SPACE].map(|own| [SHARED, own].concat()).to_vec();
        sources.push(mirror::SHADER.to_owned());
        for source in sources {
            let module = module(&source);
            layouter.update(module.to_ctx()).unwrap();
            for (_, variable) in module.global_variables.iter() {
                let bytes = layouter[variable.ty].size as usize;
                match variable.name.as_deref() {
                    Some("view") => assert_eq!(bytes, VIEW_BYTES),
                    Some("frame") => assert_eq!(bytes, FRAME_BYTES),
                    Some("space") => assert_eq!(bytes, SPACE_BYTES),
                    _ => {}
                }
            }
        }
    }
}
