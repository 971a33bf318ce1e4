//! A graphics device that goes while it is drawn with: the program ends as it ends otherwise, with an exit code of its own.

#![cfg(test)]

use bevy::{
    app::AppExit,
    prelude::*,
    render::{render_resource::PollType, renderer::RenderDevice},
};
use connmapperl::{
    app::{StartError, WindowLook, still_app},
    config::RulesFile,
    rules::Rules,
    systems::{ingest::Feed, render::lost::EXIT_CODE},
};
use crossbeam_channel::bounded;

/// The loss is told by the driver, in its own time; a frame or two are usual.
const MOST_FRAMES: usize = 50;

/// What is written at the end of the program is written in the last frame, by those who read of the end there.
#[derive(Resource, Default)]
struct ReadAtTheEnd(Vec<AppExit>);

#[test]
fn the_end_after_a_lost_device_is_one_like_any_other_with_a_code_of_its_own() {
    let rules = RulesFile {
        rules: Rules::built_in(),
        errors: Vec::new(),
        source: "built in".to_owned(),
        is_useless: false,
    };
    let mut app = match still_app(0, [640, 360], rules, &WindowLook::default()) {
        Ok(app) => app,
        Err(StartError::NoAdapter) => {
            println!("skipped: no graphics adapter");
            return;
        }
        Err(error) => panic!("{error}"),
    };
    let (_feed, receiver) = bounded(1);
    app.insert_resource(Feed(receiver)).init_resource::<ReadAtTheEnd>().add_systems(
        Last,
        |mut exits: MessageReader<AppExit>, mut read: ResMut<ReadAtTheEnd>| {
            read.0.extend(exits.read().cloned());
        },
    );
    app.finish();
    app.cleanup();
    for _ in 0..3 {
        app.update();
    }
    assert_eq!(app.should_exit(), None);
    let device = app.world().resource::<RenderDevice>().clone();
    device.wgpu_device().destroy();
    // Without a picture nobody else asks the driver; a device that is gone has nothing more to say than that.
    let _ = device.poll(PollType::Poll);
    let ended = (0..MOST_FRAMES).find_map(|_| {
        app.update();
        app.should_exit()
    });
    let expected = AppExit::from_code(EXIT_CODE);
    assert_eq!(ended.as_ref(), Some(&expected));
    assert!(app.world().resource::<ReadAtTheEnd>().0.contains(&expected));
}
