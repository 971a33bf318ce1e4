//! Drawing of the map: a world that is kept in a texture until the view changes, with the points that stand still, and
//! the live dots over it in one instanced draw. Owns everything on the graphics card; reads `components` only and changes no connection.

mod dots;
mod instances;
mod kept_world;
pub mod lost;
mod marks;
mod mirror;
mod pass;
mod pipelines;
mod second;
mod space;
mod trails;
mod uniforms;
pub mod uploads;
mod world_mesh;

use bevy::{
    core_pipeline::{Core2d, Core2dSystems, core_2d::main_transparent_pass_2d},
    prelude::*,
    render::{
        Render, RenderApp, RenderStartup, RenderSystems,
        extract_component::{ExtractComponent, ExtractComponentPlugin},
        sync_component::SyncComponent,
    },
};

use crate::components::{mirror::MirrorCamera, second_window::SpaceCamera};

/// Marks the camera that looks at the world map.
#[derive(Component, Clone, Copy, Debug, Default, ExtractComponent)]
pub struct MapCamera;

impl SyncComponent for SpaceCamera {
    type Target = Self;
}

impl ExtractComponent for SpaceCamera {
    type QueryData = ();
    type QueryFilter = With<Self>;
    type Out = Self;

    fn extract_component((): ()) -> Option<Self> {
        Some(Self)
    }
}

pub(super) fn plugin(app: &mut App) {
    app.add_plugins((
        ExtractComponentPlugin::<MapCamera>::default(),
        ExtractComponentPlugin::<SpaceCamera>::default(),
        ExtractComponentPlugin::<MirrorCamera>::default(),
        lost::plugin,
    ));
    let mut assets = app.world_mut().resource_mut::<Assets<Shader>>();
    let shaders = pipelines::add_shaders(&mut assets);
    let mirror_shader = mirror::MirrorShader(assets.add(Shader::from_wgsl(mirror::SHADER, "mirror.wgsl")));
    let Some(render_app) = app.get_sub_app_mut(RenderApp) else {
        return;
    };
    render_app
        .insert_resource(shaders)
        .insert_resource(mirror_shader)
        .init_resource::<dots::GpuDots>()
        .init_resource::<kept_world::KeptWorld>()
        .init_resource::<marks::GpuMarks>()
        .init_resource::<trails::GpuTrails>()
        .init_resource::<space::GpuSpace>()
        .init_resource::<uploads::Uploads>()
        .add_systems(
            RenderStartup,
            (
                pipelines::forget,
                mirror::forget,
                uniforms::create,
                dots::forget,
                marks::forget,
                trails::forget,
                space::forget,
                kept_world::forget,
                second::forget,
                world_mesh::upload,
            ),
        )
        .add_systems(
            bevy::render::ExtractSchedule,
            (
                dots::extract,
                uniforms::extract,
                second::extract,
                marks::extract,
                trails::extract,
                space::extract,
            )
                .chain(),
        )
        .add_systems(
            Render,
            (pipelines::queue, mirror::queue, kept_world::prepare, second::prepare)
                .chain()
                .in_set(RenderSystems::PrepareResources),
        )
        .add_systems(
            Core2d,
            (pass::draw_map, pass::draw_space, mirror::draw)
                .chain()
                .after(main_transparent_pass_2d)
                .in_set(Core2dSystems::MainPass),
        );
}
