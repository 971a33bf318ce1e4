//! Draws the picture of the main window once more, panels and all, into each window that mirrors it. The main camera is done
//! by then: cameras follow their order.

use bevy::{
    prelude::*,
    render::{
        extract_component::ExtractComponent,
        render_resource::{
            BindGroup, BindGroupEntries, BindGroupLayoutDescriptor, BindGroupLayoutEntries,
            CachedRenderPipelineId, ColorTargetState, ColorWrites, FilterMode, FragmentState, PipelineCache,
            RenderPassDescriptor, RenderPipelineDescriptor, Sampler, SamplerBindingType, SamplerDescriptor,
            ShaderStages, TextureFormat, TextureSampleType, TextureViewId, VertexState,
            binding_types::{sampler, texture_2d},
        },
        renderer::{RenderContext, RenderDevice, ViewQuery},
        sync_component::SyncComponent,
        view::ViewTarget,
    },
    shader::Shader,
};

use super::MapCamera;
use crate::components::mirror::{MirrorCamera, fitted};

pub(super) const SHADER: &str = include_str!("../../../assets/shaders/mirror.wgsl");

impl SyncComponent for MirrorCamera {
    type Target = Self;
}

impl ExtractComponent for MirrorCamera {
    type QueryData = &'static Self;
    type QueryFilter = ();
    type Out = Self;

    fn extract_component(camera: &Self) -> Option<Self> {
        Some(*camera)
    }
}

#[derive(Resource, Clone)]
pub(super) struct MirrorShader(pub(super) Handle<Shader>);

/// Made once there is a mirror.
#[derive(Resource)]
pub(super) struct MirrorPipeline {
    format: TextureFormat,
    pipeline: CachedRenderPipelineId,
    sampler: Sampler,
    /// Of the picture that was mirrored last.
    bound: Option<(TextureViewId, BindGroup)>,
}

/// The graphics device is new.
pub(super) fn forget(mut commands: Commands) {
    commands.remove_resource::<MirrorPipeline>();
}

fn layout() -> BindGroupLayoutDescriptor {
    let filterable = TextureSampleType::Float { filterable: true };
    BindGroupLayoutDescriptor::new(
        "mirror",
        &BindGroupLayoutEntries::sequential(
            ShaderStages::FRAGMENT,
            (texture_2d(filterable), sampler(SamplerBindingType::Filtering)),
        ),
    )
}

pub(super) fn queue(
    made: Option<Res<MirrorPipeline>>,
    cache: Res<PipelineCache>,
    device: Res<RenderDevice>,
    shader: Res<MirrorShader>,
    mirrors: Query<&ViewTarget, With<MirrorCamera>>,
    mut commands: Commands,
) {
    let Some(format) = mirrors.iter().next().map(ViewTarget::main_texture_format) else {
        return;
    };
    if made.is_some_and(|made| made.format == format) {
        return;
    }
    let pipeline = cache.queue_render_pipeline(RenderPipelineDescriptor {
        label: Some("mirror".into()),
        layout: vec![layout()],
        vertex: VertexState {
            shader: shader.0.clone(),
            entry_point: Some("mirror_vertex".into()),
            ..default()
        },
        fragment: Some(FragmentState {
            shader: shader.0.clone(),
            entry_point: Some("mirror_fragment".into()),
            targets: vec![Some(ColorTargetState { format, blend: None, write_mask: ColorWrites::ALL })],
            ..default()
        }),
        ..default()
    });
    let sampler = device.create_sampler(&SamplerDescriptor {
        mag_filter: FilterMode::Linear,
        min_filter: FilterMode::Linear,
        ..default()
    });
    commands.insert_resource(MirrorPipeline { format, pipeline, sampler, bound: None });
}

pub(super) fn draw(
    view: ViewQuery<&ViewTarget, With<MirrorCamera>>,
    main: Query<&ViewTarget, With<MapCamera>>,
    made: Option<ResMut<MirrorPipeline>>,
    cache: Res<PipelineCache>,
    mut context: RenderContext,
) {
    let (Some(mut made), Ok(main)) = (made, main.single()) else {
        return;
    };
    let MirrorPipeline { pipeline, sampler, bound, .. } = &mut *made;
    let Some(pipeline) = cache.get_render_pipeline(*pipeline) else {
        return;
    };
    let (target, picture) = (view.into_inner(), main.main_texture_view());
    let is_bound = bound.as_ref().is_some_and(|(bound, _)| *bound == picture.id());
    if !is_bound {
        let entries = BindGroupEntries::sequential((picture, &*sampler));
        let layout = cache.get_bind_group_layout(&layout());
        let group = context.render_device().create_bind_group("mirror", &layout, &entries);
        *bound = Some((picture.id(), group));
    }
    let Some((_, group)) = bound else {
        return;
    };
    let [picture_px, into_px] =
        [main, target].map(|target| target.main_texture().size()).map(|size| [size.width, size.height]);
    let ([x, y], [width, height]) = fitted(picture_px, into_px);
    let mut pass = context.begin_tracked_render_pass(RenderPassDescriptor {
        label: Some("mirror"),
        color_attachments: &[Some(target.get_color_attachment())],
        ..default()
    });
    pass.set_viewport(x, y, width, height, 0.0, 1.0);
    pass.set_render_pipeline(pipeline);
    pass.set_bind_group(0, group, &[]);
    pass.draw(0..3, 0..1);
}
