//! No two of the map's systems touch the same data in an order that chance decides, in any schedule of the program:
//! the window's, the picture's, the panels' and the renderer's. What Bevy's own systems do among themselves is not
//! looked at.

#![cfg(test)]

use std::collections::HashMap;

use bevy::{
    ecs::schedule::{InternedScheduleLabel, LogLevel, ScheduleBuildSettings, Schedules, SystemKey},
    prelude::*,
    render::{MainWorld, RenderApp},
};
use connmapperl::{
    app::{StartError, WindowLook, still_app},
    config::RulesFile,
    rules::Rules,
    systems::{self, services},
};

/// Bevy's systems for which it makes no difference when ours run.
const HARMLESS: [&str; 4] = [
    // Asks for the end of the program, as ours do too; whoever reads that comes later.
    "::exit_on_flag",
    // Conflict with taking connections in, which has the whole world but changes nothing of theirs.
    "::check_msaa",
    "::trigger_screenshots",
    // Has the whole world, for the panels' own buffers.
    "::prepare_egui_pass",
];

/// Pairs of systems, one of them ours, that may run in either order, with what they both touch.
fn ambiguities(world: &mut World) -> (usize, Vec<String>) {
    let labels: Vec<InternedScheduleLabel> =
        world.resource::<Schedules>().iter().map(|(_, schedule)| schedule.label()).collect();
    let mut ours = 0;
    let mut found = Vec::new();
    for label in labels {
        let Some(mut schedule) = world.resource_mut::<Schedules>().remove(label) else {
            continue;
        };
        schedule.set_build_settings(ScheduleBuildSettings {
            ambiguity_detection: LogLevel::Warn,
            use_shortnames: false,
            ..default()
        });
        // What cannot be built here cannot in the program either, and is told by the tests that draw.
        if schedule.initialize(world).is_ok() {
            let names: HashMap<SystemKey, String> = schedule
                .systems()
                .into_iter()
                .flatten()
                .map(|(key, system)| (key, system.name().to_string()))
                .collect();
            ours += names.values().filter(|name| is_ours(name)).count();
            for (a, b, data) in schedule.graph().conflicting_systems().iter() {
                let (a, b) = (&names[a], &names[b]);
                let theirs = [a, b].into_iter().find(|name| !is_ours(name));
                let is_known = theirs.is_some_and(|name| HARMLESS.iter().any(|known| name.ends_with(known)));
                if (is_ours(a) || is_ours(b)) && !is_known {
                    let data: Vec<_> =
                        data.iter().filter_map(|id| world.components().get_name(*id)).collect();
                    found.push(format!("{label:?}: {a} and {b} on {data:?}"));
                }
            }
        }
        world.resource_mut::<Schedules>().insert(schedule);
    }
    (ours, found)
}

fn is_ours(system: &str) -> bool {
    system.contains("connmapperl::")
}

/// Everything that the window runs, without a window.
fn whole_app() -> Option<App> {
    let rules = RulesFile {
        rules: Rules::built_in(),
        errors: Vec::new(),
        source: "a test".to_owned(),
        is_useless: false,
    };
    match still_app(0, [640, 360], rules, &WindowLook::default()) {
        Ok(mut app) => {
            app.add_plugins((systems::window_plugin, services::plugin));
            app.finish();
            app.cleanup();
            // What the renderer's systems are made with, before the first frame has brought it.
            app.sub_app_mut(RenderApp).world_mut().init_resource::<MainWorld>();
            Some(app)
        }
        Err(StartError::NoAdapter) => {
            println!("skipped: no graphics adapter");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn the_order_of_systems_is_never_left_to_chance() {
    // Made before the map, which listens for Bevy's panics while it starts.
    assert_eq!(ambiguities(two_systems(false).world_mut()).1.len(), 1, "the test itself can fail");
    assert_eq!(ambiguities(two_systems(true).world_mut()), (2, Vec::new()));
    let Some(mut app) = whole_app() else {
        return;
    };
    let (systems, mut found) = ambiguities(app.world_mut());
    assert!(systems > 30, "only {systems} systems were looked at");
    let (systems, of_renderer) = ambiguities(app.sub_app_mut(RenderApp).world_mut());
    assert!(systems > 5, "only {systems} systems of the renderer were looked at");
    found.extend(of_renderer);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn two_systems(in_order: bool) -> App {
    mod connmapperl {
        use super::*;
        #[derive(Resource)]
        pub struct Shared;
        pub fn read(_shared: Res<Shared>) {}
        pub fn write(_shared: ResMut<Shared>) {}
    }
    use connmapperl::{read, write};
    let mut app = App::new();
    if in_order {
        app.add_systems(Update, (read, write).chain());
    } else {
        app.add_systems(Update, (read, write));
    }
    app
}
