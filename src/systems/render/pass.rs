//! The order of drawing in a frame: the world, trails and marks, or the address space, into the kept picture where that is
//! stale, the kept picture into the frame, the head of the line along all addresses and the dots over it. Panels are drawn later, by egui.

use bevy::{
    prelude::*,
    render::{
        render_resource::{
            BindGroup, IndexFormat, LoadOp, Operations, PipelineCache, RenderPassColorAttachment,
            RenderPassDescriptor, StoreOp,
        },
        renderer::{RenderContext, ViewQuery},
        view::ViewTarget,
    },
};

use super::{
    MapCamera,
    dots::GpuDots,
    kept_world::KeptWorld,
    marks::GpuMarks,
    pipelines::Pipelines,
    second::SecondPicture,
    space::{GpuSpace, Sight},
    trails::GpuTrails,
    uniforms::Uniforms,
    world_mesh::WorldMesh,
};
use crate::components::second_window::SpaceCamera;

pub(super) fn draw_map(
    view: ViewQuery<&ViewTarget, With<MapCamera>>,
    cache: Res<PipelineCache>,
    pipelines: Option<Res<Pipelines>>,
    uniforms: Option<Res<Uniforms>>,
    mesh: Option<Res<WorldMesh>>,
    mut kept: ResMut<KeptWorld>,
    (marks, trails, dots, space): (Res<GpuMarks>, Res<GpuTrails>, Res<GpuDots>, Res<GpuSpace>),
    mut context: RenderContext,
) {
    let (Some(pipelines), Some(uniforms)) = (pipelines, uniforms) else {
        return;
    };
    let world = StillWorld { mesh: mesh.as_deref(), trails: &trails, marks: &marks };
    let still = Still { world: Some(world), ground: space.bind_group(), sight: &space.sight };
    let tools = (&*cache, &*pipelines);
    draw(view.into_inner(), tools, &uniforms, &still, &mut kept, &dots, &mut context);
    // Off unless asked for; by it a test sees that a still map draws nothing.
    trace!("frame drawn");
}

/// The picture of the second window: the address space, and nothing of the world.
pub(super) fn draw_space(
    view: ViewQuery<&ViewTarget, With<SpaceCamera>>,
    cache: Res<PipelineCache>,
    pipelines: Option<Res<Pipelines>>,
    second: Option<ResMut<SecondPicture>>,
    (dots, space): (Res<GpuDots>, Res<GpuSpace>),
    mut context: RenderContext,
) {
    let target = view.into_inner();
    let (Some(pipelines), Some(mut second)) = (pipelines, second) else {
        return;
    };
    if !pipelines.draw_into(target) {
        return;
    }
    let SecondPicture { uniforms, kept, sight } = &mut *second;
    let still = Still { world: None, ground: space.bind_group(), sight };
    draw(target, (&cache, &pipelines), uniforms, &still, kept, &dots, &mut context);
}

fn draw(
    target: &ViewTarget,
    (cache, pipelines): (&PipelineCache, &Pipelines),
    uniforms: &Uniforms,
    still: &Still<'_>,
    kept: &mut KeptWorld,
    dots: &GpuDots,
    context: &mut RenderContext,
) {
    if kept.is_stale && draw_still(cache, pipelines, uniforms, still, kept, context).is_some() {
        kept.is_stale = false;
        match still.world {
            Some(_) => trace!("world drawn"),
            None => trace!("address space drawn"),
        }
    }
    let Some((picture, _)) = &kept.texture else {
        return;
    };
    // Core2d has cleared the frame by now, so nothing comes after this copy but what is drawn over it.
    context.command_encoder().copy_texture_to_texture(
        picture.as_image_copy(),
        target.main_texture().as_image_copy(),
        picture.size(),
    );
    let (pipeline, corners) =
        if uniforms.has_plain_dots() { (pipelines.plain_dots, 3) } else { (pipelines.dots, 4) };
    let Some(pipeline) = cache.get_render_pipeline(pipeline) else {
        return;
    };
    let rows = dots.instances.as_ref().filter(|dots| dots.count > 0);
    let head =
        uniforms.head_instances().and_then(|parts| Some((cache.get_render_pipeline(pipelines.head)?, parts)));
    if rows.is_some() || head.is_some() {
        let mut pass = context.begin_tracked_render_pass(RenderPassDescriptor {
            label: Some("dots"),
            color_attachments: &[Some(target.get_color_attachment())],
            ..default()
        });
        pass.set_bind_group(0, &uniforms.bind_group, &[]);
        if let Some((head, parts)) = head {
            pass.set_render_pipeline(head);
            pass.draw(0..4, parts);
        }
        if let Some(dots) = rows {
            pass.set_render_pipeline(pipeline);
            pass.set_vertex_buffer(0, dots.buffer.slice(..));
            pass.draw(0..corners, 0..dots.count);
        }
    }
}

/// What is drawn into the kept picture.
struct Still<'a> {
    world: Option<StillWorld<'a>>,
    ground: Option<&'a BindGroup>,
    sight: &'a Sight,
}

struct StillWorld<'a> {
    mesh: Option<&'a WorldMesh>,
    trails: &'a GpuTrails,
    marks: &'a GpuMarks,
}

/// `None` where something is not there yet: then the picture stays as it is.
fn draw_still(
    cache: &PipelineCache,
    pipelines: &Pipelines,
    uniforms: &Uniforms,
    still: &Still<'_>,
    kept: &KeptWorld,
    context: &mut RenderContext,
) -> Option<()> {
    let pipeline = |id| cache.get_render_pipeline(id);
    let world = [pipelines.sea, pipelines.land, pipelines.lines, pipelines.trails, pipelines.marks];
    let [Some(sea), Some(land), Some(lines), Some(soft), Some(points)] = world.map(pipeline) else {
        return None;
    };
    let space = if uniforms.space.is_visible() {
        let [ground, cells, curve] = [pipelines.space, pipelines.cells, pipelines.curve].map(pipeline);
        Some((ground?, cells?, curve?, still.ground?))
    } else {
        None
    };
    let (_, picture) = kept.texture.as_ref()?;
    let mut pass = context.begin_tracked_render_pass(RenderPassDescriptor {
        label: Some("world"),
        color_attachments: &[Some(RenderPassColorAttachment {
            view: picture,
            depth_slice: None,
            resolve_target: None,
            ops: Operations { load: LoadOp::Clear(default()), store: StoreOp::Store },
        })],
        ..default()
    });
    pass.set_bind_group(0, &uniforms.bind_group, &[]);
    if let Some(still) = still.world.as_ref().filter(|_| !uniforms.space.is_alone()) {
        pass.set_render_pipeline(sea);
        pass.draw(0..3, 0..1);
        if let Some(level) = still.mesh.and_then(|mesh| mesh.level(uniforms.world_width_px())) {
            pass.set_render_pipeline(land);
            pass.set_vertex_buffer(0, level.land_vertices.slice(..));
            pass.set_index_buffer(level.land_indices.slice(..), IndexFormat::Uint32);
            pass.draw_indexed(0..level.land_index_count, 0, 0..1);
            pass.set_render_pipeline(lines);
            pass.set_vertex_buffer(0, level.segments.slice(..));
            pass.draw(0..4, 0..level.segment_count);
        }
        if let Some(trails) = still.trails.instances.as_ref().filter(|trails| trails.count > 0) {
            pass.set_render_pipeline(soft);
            pass.set_vertex_buffer(0, trails.buffer.slice(..));
            pass.draw(0..3, 0..trails.count);
        }
        pass.set_render_pipeline(points);
        for (_, layer) in still.marks.layers.iter().filter(|(_, layer)| layer.count > 0) {
            pass.set_vertex_buffer(0, layer.buffer.slice(..));
            pass.draw(0..4, 0..layer.count);
        }
    }
    if let Some((ground, cells, curve, bind_group)) = space {
        pass.set_bind_group(1, bind_group, &[]);
        pass.set_render_pipeline(ground);
        pass.draw(0..3, 0..1);
        if let Some(rows) = still.sight.cells.as_ref().filter(|rows| rows.count > 0) {
            pass.set_render_pipeline(cells);
            pass.set_vertex_buffer(0, rows.buffer.slice(..));
            pass.draw(0..4, 0..rows.count);
        }
        pass.set_render_pipeline(curve);
        for steps in &still.sight.curve {
            pass.draw(0..4, steps.clone());
        }
    }
    Some(())
}
