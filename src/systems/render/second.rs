//! The picture of the second window on the graphics card: uniforms, kept picture and what it has in sight. Dots, ground and
//! heat are those of the main one. Nothing of it is there while the window is closed.

use bevy::{
    prelude::*,
    render::{MainWorld, renderer::RenderDevice, view::ViewTarget},
};

use super::{kept_world::KeptWorld, space::Sight, uniforms::Uniforms, uploads::Upload};
use crate::components::second_window::{SecondWindow, SpaceCamera};

#[derive(Resource)]
pub(super) struct SecondPicture {
    pub(super) uniforms: Uniforms,
    pub(super) kept: KeptWorld,
    pub(super) sight: Sight,
}

/// The graphics device is new: what lay on the old one is made anew with the next frame.
pub(super) fn forget(mut commands: Commands) {
    commands.remove_resource::<SecondPicture>();
}

pub(super) fn extract(
    main: Res<MainWorld>,
    known: Option<ResMut<SecondPicture>>,
    main_picture: Option<Res<Uniforms>>,
    (device, mut upload): (Res<RenderDevice>, Upload),
    mut commands: Commands,
) {
    let second = main.get_resource::<SecondWindow>().and_then(|second| second.0.as_ref());
    match (second, known) {
        (Some(second), Some(mut picture)) => {
            let SecondPicture { uniforms, kept, sight } = &mut *picture;
            uniforms.take(&second.picture(), &main, &mut upload);
            kept.is_stale |= sight.take_curve(&second.view);
            kept.is_stale |= sight.take_cells(&second.cells, &device, &mut upload);
        }
        (Some(second), None) => {
            let Some(main_picture) = main_picture else {
                return;
            };
            let mut uniforms = main_picture.of_another(&device);
            uniforms.take(&second.picture(), &main, &mut upload);
            commands.insert_resource(SecondPicture {
                uniforms,
                kept: KeptWorld::default(),
                sight: Sight::default(),
            });
        }
        (None, Some(_)) => commands.remove_resource::<SecondPicture>(),
        (None, None) => {}
    }
}

pub(super) fn prepare(
    picture: Option<ResMut<SecondPicture>>,
    device: Res<RenderDevice>,
    cameras: Query<&ViewTarget, With<SpaceCamera>>,
) {
    if let (Some(mut picture), Some(target)) = (picture, cameras.iter().next()) {
        let SecondPicture { uniforms, kept, .. } = &mut *picture;
        kept.follow(uniforms, target, &device);
    }
}
