//! The wall's scene from view to view: each is asked for as a person would ask, in the dark between two of them. The window
//! of a wall has no pointer, and goes back to its monitor when that comes back.

mod firsts;
mod mirrors;
mod monitor;
mod top;
mod view;

use std::time::Duration;

use bevy::{prelude::*, time::Real};

use super::{
    MapSystems,
    clock::wall_unix_millis,
    keyboard::press,
    pacing::pace,
    second_window,
    window::{ask_system, follow_size},
};
use crate::{
    components::{
        action::UiAction,
        animation::Animation,
        connection::{Position, Trail},
        firsts::Firsts,
        hilbert_view::HilbertView,
        map_view::MapView,
        notices::{Notice, Notices, Severity},
        theme::Theme,
        time_travel::{PastLink, TimeTravel},
        top_lists::TopLists,
        wall::{Glide, SceneFeed, TimeOfDay, Wall},
    },
    wall::{Show, Zoom},
};

/// The map follows the connections no sooner: a wall is no film.
const LOOKED_EVERY: Duration = Duration::from_secs(30);
/// Time to see that there is something, and to read it.
const NOTICES_FOR: Duration = Duration::from_secs(120);
/// What the notices of this file are about.
const TOPIC: &str = "The scene";

pub use monitor::OnMonitor;

pub(super) fn plugin(app: &mut App) {
    app.init_resource::<TimeOfDay>().init_resource::<Firsts>().init_resource::<TopLists>().add_systems(
        Update,
        (
            (tell_time, take_scene, direct, follow_activity)
                .chain()
                .after(press)
                .after(follow_size)
                .in_set(MapSystems::Sense),
            (firsts::learn, firsts::see).chain().in_set(MapSystems::Trail),
            (top::count.before(pace), forget_notices).chain().in_set(MapSystems::Account),
        )
            .run_if(resource_exists::<Wall>),
    );
}

/// The window of a wall, besides what it shows; and no window goes with its monitor.
pub(super) fn window_plugin(app: &mut App) {
    monitor::outlive_monitors(app);
    app.add_systems(
        Update,
        (monitor::learn, monitor::keep, mirrors::keep, mirrors::close_all, monitor::hide_pointer)
            .chain()
            .after(ask_system)
            .after(second_window::keep)
            .in_set(MapSystems::Trail)
            .run_if(resource_exists::<Wall>),
    );
}

/// By the wall's clock, whatever time the map shows.
fn tell_time(mut day: ResMut<TimeOfDay>) {
    if let Ok(at) = jiff::Timestamp::from_millisecond(wall_unix_millis()) {
        let local = at.to_zoned(jiff::tz::TimeZone::system());
        let minute = local.hour().unsigned_abs() as u16 * 60 + local.minute().unsigned_abs() as u16;
        if day.minute != minute || day.date.is_empty() {
            *day = TimeOfDay { minute, date: local.strftime("%A %-d %B").to_string() };
        }
    }
}

/// A file that was changed counts from the next dark on, which comes at once; one with a mistake in it leaves the scene as it was.
fn take_scene(
    feed: Option<Res<SceneFeed>>,
    (time, mut wall): (Option<Res<Time<Real>>>, ResMut<Wall>),
    mut notices: ResMut<Notices>,
) {
    for told in feed.iter().flat_map(|feed| feed.0.try_iter()) {
        match told {
            Ok(scene) => {
                notices.dismiss(TOPIC);
                wall.put(scene, elapsed(time.as_deref()));
            }
            Err(problem) => notices.say(Severity::Warning, TOPIC, vec![problem]),
        }
    }
}

/// Nobody dismisses anything on a wall: what is no error goes after a while without anything new.
pub(super) fn forget_notices(
    time: Option<Res<Time<Real>>>,
    mut notices: ResMut<Notices>,
    mut since: Local<Duration>,
) {
    let now = elapsed(time.as_deref());
    if notices.is_changed() {
        *since = now;
    } else if now.saturating_sub(*since) >= NOTICES_FOR {
        let is_error = |notice: &Notice| notice.severity == Severity::Error;
        if !notices.0.iter().all(is_error) {
            notices.0.retain(is_error);
        }
    }
}

/// Since the program began.
pub(in crate::systems) fn elapsed(time: Option<&Time<Real>>) -> Duration {
    time.map_or(Duration::ZERO, Time::elapsed)
}

/// Goes on with the scene. What the next view needs is asked for while all of it is dark.
pub(super) fn direct(
    (time, day): (Option<Res<Time<Real>>>, Res<TimeOfDay>),
    (travel, past): (Res<TimeTravel>, Option<Res<PastLink>>),
    (mut wall, mut theme): (ResMut<Wall>, ResMut<Theme>),
    mut actions: MessageWriter<UiAction>,
) {
    let wall = wall.bypass_change_detection();
    if !wall.go_on(elapsed(time.as_deref()), day.minute) {
        return;
    }
    let Some(view) = wall.view() else {
        return;
    };
    if let Some(name) = wall.scene().theme {
        theme.set_if_neq(Theme::named(name));
    }
    let is_live = travel.is_now() && !travel.is_playing;
    actions.write_batch(view::actions(view, is_live, past.is_some()));
}

/// Brings the map to where the connections are, and looks now and then whether they are elsewhere.
fn follow_activity(
    (time, animation): (Option<Res<Time<Real>>>, Res<Animation>),
    (space, travel): (Res<HilbertView>, Res<TimeTravel>),
    dots: Query<&Position, Without<Trail>>,
    mut wall: ResMut<Wall>,
    mut map: ResMut<MapView>,
    mut looked: Local<Option<Duration>>,
) {
    let now = elapsed(time.as_deref());
    let wall = wall.bypass_change_detection();
    if let Some(glide) = wall.glide {
        let (at, has_arrived) = glide.at(now);
        map.set_if_neq(MapView { size_px: map.size_px, px_per_point: map.px_per_point, ..at });
        wall.glide = wall.glide.filter(|_| !has_arrived);
        return;
    }
    let wants = wall.view().is_some_and(|view| view.zoom == Zoom::Activity && view.show != Show::Hilbert);
    // What the map shows until it is back, or has gone there, is of another time.
    let is_there = wall.view().is_some_and(|view| (view.show == Show::Replay) != travel.is_now());
    if !wants || !is_there || space.is_visible() {
        *looked = None;
        return;
    }
    if looked.is_some_and(|at| now.saturating_sub(at) < LOOKED_EVERY) || dots.is_empty() {
        return;
    }
    *looked = Some(now);
    let mut places: Vec<[f32; 2]> = dots.iter().map(|position| position.map).collect();
    let around = view::around(&mut places, &map);
    if map.is_elsewhere(&around) {
        // In the dark nobody sees it come.
        if animation.reduced || wall.is_changing() {
            map.set_if_neq(around);
        } else {
            wall.glide = Some(Glide { from: *map, to: around, since: now });
        }
    }
}
