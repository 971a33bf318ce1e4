//! When the graphics device is lost, or refuses what it is given: nothing more is drawn, and the program ends with an exit code
//! of its own, so that whoever starts services starts it again with another device. It ends like any other end, in a frame
//! of the map, for what is recorded is to be written first.

use bevy::{
    app::AppExit,
    prelude::*,
    render::error_handler::{RenderErrorHandler, RenderErrorPolicy},
    winit::{EventLoopProxyWrapper, WinitUserEvent},
};

use crate::systems::MapSystems;

/// A failure that may be over at the next try (EX_TEMPFAIL of sysexits.h).
pub const EXIT_CODE: u8 = 75;

/// Why nothing can be drawn any more.
#[derive(Resource, Debug)]
struct DeviceLost(String);

pub(super) fn plugin(app: &mut App) {
    app.insert_resource(RenderErrorHandler(|error, world, _| {
        // It is asked in each frame from then on.
        if !world.contains_resource::<DeviceLost>() {
            world.insert_resource(DeviceLost(format!("{:?} {}", error.ty, error.description)));
            if let Some(proxy) = world.get_resource::<EventLoopProxyWrapper>() {
                // A loop that is gone needs no frame.
                let _ = proxy.send_event(WinitUserEvent::WakeUp);
            }
        }
        RenderErrorPolicy::StopRendering
    }))
    .add_systems(Update, end.in_set(MapSystems::Sense).run_if(resource_exists::<DeviceLost>));
}

fn end(lost: Res<DeviceLost>, mut exit: MessageWriter<AppExit>) {
    if lost.is_added() {
        error!("the graphics device is lost ({}); what was recorded is kept. Start it again", lost.0.trim());
    }
    exit.write(AppExit::from_code(EXIT_CODE));
}
